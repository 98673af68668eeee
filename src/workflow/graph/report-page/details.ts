import { OctavoError } from '../../../errors.js'
import type { QuantizeReport } from '../report.js'
import { decibels, duration, share } from './figures.js'
import { html, name, type Html } from './html.js'

/** What a batch was, for people. */
export interface InputNote {
  readonly name: string
  /** a data URI of a PNG, JPEG, WebP or GIF */
  readonly picture?: string
}

/** Inputs whose outputs lost most. */
export function worstInputs({ worst }: QuantizeReport, notes: Readonly<Record<number, InputNote>>): Html | undefined {
  if (!worst.length) return undefined
  return html`<ol class="worst">${worst.map(({ index, sqnr }) => {
    const note = notes[index]
    return html`
<li>${note?.picture !== undefined ? html`<img src="${checked(note.picture)}" alt="">` : html`<span class="blank" aria-hidden="true">${index}</span>`}
<span class="db">${decibels(sqnr)}</span>${note ? name(note.name) : html`<span class="name">batch ${index}</span>`}</li>`
  })}</ol>`
}

function checked(picture: string): string {
  if (/^data:image\/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+=*$/.test(picture)) return picture
  throw new OctavoError('OPTION_INVALID', `a report's picture: expected a base64 data URI of a PNG, JPEG, WebP or GIF, got "${picture.slice(0, 40)}". Encode the picture; pages do not load any.`, {})
}

/** Where the time went, as one bar and a list. */
export function timeline({ seconds }: QuantizeReport): Html | undefined {
  const steps = Object.entries(seconds).filter(([, s]) => s > 0)
  const total = steps.reduce((sum, [, s]) => sum + s, 0)
  if (!total) return undefined
  return html`<div class="timeline" aria-hidden="true">${steps.map(([, s], i) => html`<span class="t${i % 5}" style="flex-grow:${(s / total).toFixed(5)}"></span>`)}</div>
<ul class="legend times">${steps.map(([step, s], i) => html`<li><i class="t${i % 5}" aria-hidden="true"></i>${step} <b>${duration(s)}</b> <small>${share(s / total)}</small></li>`)}</ul>`
}

/** What was asked for. */
export function optionsList(options: Readonly<Record<string, unknown>>, command: string | undefined): Html | undefined {
  const rows = Object.entries(options).filter(([, v]) => v !== undefined)
  if (!rows.length && command === undefined) return undefined
  return html`${command !== undefined && html`<pre class="command"><code>${command}</code></pre>`}
${rows.length > 0 && html`<dl class="options">${rows.map(([key, value]) => html`<div><dt>${key}</dt><dd>${shown(value)}</dd></div>`)}</dl>`}`
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length ? value.map(shown).join(', ') : 'none'
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'object' && value !== null && !(value instanceof RegExp) ? JSON.stringify(value) : String(value)
}

/** What went otherwise than one might think. */
export function warningsList({ warnings }: QuantizeReport): Html | undefined {
  return warnings.length ? html`<ul class="warnings">${warnings.map((w) => html`<li>${w}</li>`)}</ul>` : undefined
}
