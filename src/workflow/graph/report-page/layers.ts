import type { LayerReport, QuantizeReport } from '../report.js'
import { count, decibels, plural, short } from './figures.js'
import { html, name, type Html } from './html.js'
import { boxed, controls } from './parts.js'

/** Below these an output's error is over 10 % and over 32 % of its power's root. */
const FAIR_DB = 20
const POOR_DB = 10
/** A bar never stands for less than this much room, so that two reports can be compared by eye. */
const LEAST_SCALE_DB = 40
/** Nor for more: float32 itself ends near 150 dB. */
const MOST_SCALE_DB = 160

/** SQNR of every layer as bars, in the graph's order. */
export function layersChart({ layers }: QuantizeReport): Html | undefined {
  if (!layers.length) return undefined
  const finite = layers.flatMap((l) => [l.sqnr, l.sqnrAlone]).filter((db): db is number => db !== undefined && Number.isFinite(db))
  const top = Math.min(MOST_SCALE_DB, Math.max(LEAST_SCALE_DB, Math.ceil(Math.max(0, ...finite) / 20) * 20))
  const alone = layers.some((l) => l.sqnrAlone !== undefined)
  return html`${legend(layers, alone)}
${controls('layers', layers.length, ['in order', 'worst first'])}
${boxed('Layers', layers.length, html`<div class="axis" aria-hidden="true">${ticks(top).map((db) => html`<span style="left:${percent(db, top)}">${db}${db === 0 && ' dB'}</span>`)}</div>
<ol class="layers" id="layers" style="--step:${percent(20, top)}">${layers.map((layer, i) => row(layer, i, top))}</ol>`)}`
}

const percent = (db: number, top: number): string => `${(100 * Math.min(1, Math.max(0, db / top || 0))).toFixed(2)}%`
const ticks = (top: number): number[] => Array.from({ length: top / 20 + 1 }, (_, i) => i * 20)

function legend(layers: readonly LayerReport[], alone: boolean): Html {
  const has = (level: string) => layers.some((l) => levelOf(l) === level)
  const entry = (kind: string, text: string) => html`<li><i class="${kind}" aria-hidden="true"></i>${text}</li>`
  return html`<ul class="legend">
${entry('good', `${FAIR_DB} dB and better`)}
${has('fair') && entry('fair', `under ${FAIR_DB} dB: error over 10 %`)}
${has('poor') && entry('poor', `under ${POOR_DB} dB: error over 32 %`)}
${layers.some((l) => !l.quantized) && entry('kept', 'kept in float')}
${alone && entry('alone', 'this layer alone in int8')}</ul>`
}

function levelOf({ sqnr, quantized }: LayerReport): string {
  if (!quantized) return 'kept'
  return sqnr === undefined || sqnr >= FAIR_DB ? 'good' : sqnr >= POOR_DB ? 'fair' : 'poor'
}

function row(layer: LayerReport, index: number, top: number): Html {
  const { op, output, quantized, reason, sqnr, sqnrAlone } = layer
  const length = sqnr === undefined ? undefined : sqnr === Infinity ? '100%' : percent(sqnr, top)
  return html`
<li class="layer ${levelOf(layer)}" data-order="${index}" data-key="${sqnr === undefined || Number.isNaN(sqnr) ? 1e9 : Math.max(-1e8, Math.min(1e8, sqnr))}" title="${tooltip(layer)}">
<span class="who">${name(layer.name || output, 'mono')}<small>${op}</small></span>
<span class="track">${length !== undefined && html`<span class="bar" style="width:${length}"></span>`}${sqnrAlone !== undefined && html`<span class="mark" style="left:${percent(sqnrAlone, top)}"></span>`}</span>
<span class="db">${sqnr === undefined ? '–' : decibels(sqnr)}</span>
${!quantized && html`<span class="reason"><b>float</b> ${reason ?? 'not asked for'}</span>`}</li>`
}

function tooltip({ name, op, output, quantized, reason, sqnr, sqnrAlone, weights }: LayerReport): string {
  return [
    `${op} ${name}`, `makes ${output}`, quantized ? 'int8' : `float: ${reason ?? 'not asked for'}`, sqnr !== undefined && `SQNR ${decibels(sqnr)}`,
    sqnrAlone !== undefined && `alone ${decibels(sqnrAlone)}`,
    weights && `${count(weights.elements)} weights, ${weights.channels > 1 ? `${plural(weights.channels, 'scale')} from ${short(weights.scaleMin)} to ${short(weights.scaleMax)}` : `scale ${short(weights.scaleMin)}`}`,
  ].filter(Boolean).join('\n')
}
