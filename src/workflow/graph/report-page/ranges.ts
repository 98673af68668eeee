import type { QuantizeReport, ValueReport } from '../report.js'
import { share, short } from './figures.js'
import { html, name, type Html } from './html.js'
import { boxed, controls } from './parts.js'

const WIDTH = 320
const HEIGHT = 84
/** Room beside the outermost lines. */
const AIR = 4
/** A part this large that is cut off deserves a look. */
const MUCH = 0.001
type Span = readonly [min: number, max: number]

/** Every observed value: what was seen, what was chosen. */
export function rangesGrid({ values }: QuantizeReport): Html | undefined {
  if (!values.length) return undefined
  return html`<ul class="legend"><li><i class="inside" aria-hidden="true"></i>inside the chosen range</li><li><i class="outside" aria-hidden="true"></i>outside, cut off to its nearer end</li><li><i class="edge" aria-hidden="true"></i>ends of the range</li></ul>
${controls('ranges', values.length, ['in order', 'most cut off first'])}
${boxed('Ranges', values.length, html`<ul class="ranges" id="ranges">${values.map(card)}</ul>`)}`
}

function card(value: ValueReport, index: number): Html {
  const { dtype, scale, zeroPoint, seen, chosen, histogram } = value
  const domain = widen(histogram?.range ?? seen, chosen)
  const lost = histogram && cutOff(histogram, chosen, scale)
  return html`
<li class="card" data-order="${index}" data-key="${-(lost ?? 0)}">
<h3>${name(value.name, 'mono')}<small>${dtype}</small></h3>
${picture(value, domain)}
<p class="ends" aria-hidden="true"><span>${short(domain[0])}</span><span>${short(domain[1])}</span></p>
<dl><div><dt>range</dt><dd>${interval(chosen)}</dd></div><div><dt>seen</dt><dd>${interval(seen)}</dd></div>
<div><dt>scale</dt><dd>${short(scale)}</dd></div><div><dt>zero point</dt><dd>${short(zeroPoint)}</dd></div>${lost !== undefined && html`<div class="${lost >= MUCH && 'lost'}"><dt>cut off</dt><dd>${lost ? share(lost) : 'none'}</dd></div>`}</dl></li>`
}

const interval = ([min, max]: Span): string => `${short(min)} … ${short(max)}`

/** A span that holds both and zero; never empty. */
function widen(a: Span, b: Span): Span {
  const ends = [...a, ...b].filter(Number.isFinite)
  const [min, max] = [Math.min(0, ...ends), Math.max(0, ...ends)]
  return [min, max > min ? max : min + 1]
}

/** The share of what was counted that lies in bins whose middle is more than half a step outside the range: nearer values are only rounded. */
export function cutOff(histogram: NonNullable<ValueReport['histogram']>, chosen: Span, scale: number): number {
  const isOutside = outsideOf(histogram, chosen, scale)
  let all = 0
  let outside = 0
  for (const [i, n] of histogram.counts.entries()) {
    if (n > 0) all += n
    if (n > 0 && isOutside(i)) outside += n
  }
  return all ? outside / all : 0
}

function outsideOf({ range: [min, max], counts }: NonNullable<ValueReport['histogram']>, chosen: Span, scale: number): (bin: number) => boolean {
  const step = (max - min) / counts.length
  return (bin) => min + (bin + 0.5) * step < chosen[0] - scale / 2 || min + (bin + 0.5) * step > chosen[1] + scale / 2
}

function picture(value: ValueReport, domain: Span): Html {
  const x = (at: number): number => AIR + Math.min(1, Math.max(0, (at - domain[0]) / (domain[1] - domain[0]) || 0)) * (WIDTH - 2 * AIR)
  const [left, right] = [x(value.chosen[0]), x(value.chosen[1])]
  const line = (kind: string, at: number) => html`<path class="${kind}" d="M${at.toFixed(1)} 0V${HEIGHT}"/>`
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"><title>${value.name}: seen ${interval(value.seen)}, chosen ${interval(value.chosen)}</title>
<rect class="band" x="${left.toFixed(1)}" y="0" width="${Math.max(0, right - left).toFixed(1)}" height="${HEIGHT}"/>
${value.histogram ? bars(value.histogram, outsideOf(value.histogram, value.chosen, value.scale), x) : html`<rect class="seen" x="${x(value.seen[0]).toFixed(1)}" y="${HEIGHT - 12}" width="${Math.max(1, x(value.seen[1]) - x(value.seen[0])).toFixed(1)}" height="6"/>`}
${line('zero', x(0))}${line('edge', left)}${line('edge', right)}</svg>`
}

/** Bins as two paths, inside the range and outside; heights are log(1 + count). */
function bars({ range: [min, max], counts }: NonNullable<ValueReport['histogram']>, isOutside: (bin: number) => boolean, x: (at: number) => number): Html {
  const step = (max - min) / counts.length
  const top = Math.log1p(Math.max(1, ...counts.filter(Number.isFinite)))
  const paths = { inside: '', outside: '' }
  for (const [i, n] of counts.entries()) {
    if (!(n > 0 && n < Infinity)) continue
    const [from, to] = [x(min + i * step), x(min + (i + 1) * step)]
    const height = Math.max(1, (Math.log1p(n) / top) * (HEIGHT - 6))
    paths[isOutside(i) ? 'outside' : 'inside'] += `M${from.toFixed(1)} ${HEIGHT}v-${height.toFixed(1)}H${Math.max(to, from + 0.8).toFixed(1)}V${HEIGHT}z`
  }
  return html`<path class="inside" d="${paths.inside}"/><path class="outside" d="${paths.outside}"/>`
}
