import type { QuantizeReport } from '../report.js'
import { change, decibels, duration, plural, score, size } from './figures.js'
import { html, name, type Html } from './html.js'

const METHODS = { minmax: 'least and greatest values', movingAverage: 'moving averages of least and greatest values', histogram: 'a search over histograms', percentile: 'percentiles', entropy: 'relative entropy' } as const

/** What this page is about: the model's name and one sentence. */
export function masthead(report: QuantizeReport): Html {
  const { model, kind, engine, calibrateMethod, samples, batches } = report
  const how = kind === 'dynamic'
    ? 'Quantized dynamically: weights beforehand, the ranges of activations at run time'
    : `Ranges by ${calibrateMethod ? METHODS[calibrateMethod] : 'calibration'}, from ${plural(samples, 'sample')} in ${plural(batches, 'batch', 'batches')}`
  return html`<header class="masthead">
<p class="eyebrow">Octavo <span aria-hidden="true">❦</span> quantization report</p>
<h1>${name(model)}</h1>
<p class="lead">${how}. Engine <b>${engine}</b>.</p>
</header>`
}

interface Figure {
  readonly label: string
  readonly value: string
  readonly note: Html
  readonly extra?: Html
}

/** The few numbers that decide whether the model is used. */
export function keyFigures(report: QuantizeReport): Html {
  const figures = [sizeFigure(report), scoreFigure(report), signalFigure(report), layersFigure(report), timeFigure(report)].filter((f) => f !== undefined)
  return html`<section class="figures" aria-label="Key figures">${figures.map((f) => html`
<div class="figure"><h2>${f.label}</h2><p class="value">${f.value}</p><p class="note">${f.note}</p>${f.extra}</div>`)}
</section>`
}

function sizeFigure({ bytes: { before, after } }: QuantizeReport): Figure {
  const wide = Math.max(before, after, 1)
  const bar = (kind: string, bytes: number) => html`<span class="${kind}" style="width:${(100 * bytes / wide).toFixed(2)}%"></span>`
  const times = after < before ? `, ${(before / after).toFixed(1)} times smaller` : ''
  return { label: 'File', value: size(after), note: html`from ${size(before)}${times}`, extra: html`<div class="sizes" aria-hidden="true">${bar('before', before)}${bar('after', after)}</div>` }
}

function scoreFigure({ accuracy }: QuantizeReport): Figure | undefined {
  const first = accuracy?.[0]
  const key = first && Object.keys(first.int8)[0]
  if (!first || key === undefined) return undefined
  return { label: key, value: score(key, first.int8[key]), note: html`float ${score(key, first.float[key])} (${change(key, first.float[key], first.int8[key])}), ${name(first.set)} samples` }
}

function signalFigure({ outputs }: QuantizeReport): Figure | undefined {
  if (!outputs.length) return undefined
  const least = outputs.reduce((a, b) => (b.sqnr < a.sqnr ? b : a))
  return { label: outputs.length > 1 ? 'Least SQNR of an output' : 'SQNR of the output', value: decibels(least.sqnr), note: html`int8 against float, ${name(least.name, 'mono')}` }
}

function layersFigure({ layers }: QuantizeReport): Figure {
  const kept = layers.filter((l) => !l.quantized).length
  return { label: 'Layers in int8', value: `${layers.length - kept} of ${layers.length}`, note: kept ? html`${plural(kept, 'layer')} kept in float, reasons below` : html`none was kept in float` }
}

function timeFigure({ seconds }: QuantizeReport): Figure {
  const steps = Object.entries(seconds)
  const longest = steps.reduce<readonly [string, number] | undefined>((a, b) => (a && a[1] >= b[1] ? a : b), undefined)
  return { label: 'Time', value: duration(steps.reduce((sum, [, s]) => sum + s, 0)), note: longest ? html`most of it: ${longest[0]}` : html`` }
}

/** Every score of both models on every set. */
export function accuracyTable({ accuracy }: QuantizeReport): Html | undefined {
  if (!accuracy?.length) return undefined
  const groups = accuracy.map(({ set, samples, float, int8 }) => html`
<tbody><tr><th scope="rowgroup" colspan="4">${name(set)}<small>${plural(samples, 'sample')}</small></th></tr>
${[...new Set([...Object.keys(float), ...Object.keys(int8)])].map((key) => html`
<tr><td>${key}</td><td class="n">${score(key, float[key])}</td><td class="n strong">${score(key, int8[key])}</td><td class="n">${change(key, float[key], int8[key])}</td></tr>`)}</tbody>`)
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Score</th><th scope="col" class="n">float</th><th scope="col" class="n">int8</th><th scope="col" class="n">Change</th></tr></thead>${groups}</table></div>`
}

/** Each output's SQNR, where there are several. */
export function outputsTable({ outputs }: QuantizeReport): Html | undefined {
  if (outputs.length < 2) return undefined
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Output</th><th scope="col" class="n">SQNR</th></tr></thead>
<tbody>${outputs.map((o) => html`<tr><td>${name(o.name, 'mono')}</td><td class="n strong">${decibels(o.sqnr)}</td></tr>`)}</tbody></table></div>`
}
