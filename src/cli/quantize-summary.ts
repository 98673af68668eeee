import { change, count, decibels, duration, plural, score, size } from '../workflow/graph/report-page/figures.js'
import type { LayerReport, QuantizeReport } from '../workflow/graph/report.js'
import { table } from './table.js'

/** Layers shown in the terminal; the page has all. */
const SHOWN = 5

/** What a command wrote, beside the report of how. */
export interface Written {
  readonly output: string
  readonly page: string | undefined
}

/** A report as a few lines. */
export function describeReport(report: QuantizeReport, { output, page }: Written): string[] {
  const parts = [head(report, output), scores(report), worstLayers(report), keptLayers(report), report.warnings.map((w) => `  warning: ${w}`), page === undefined ? [] : [`  report: ${page}`]]
  return parts.filter((lines) => lines.length).flatMap((lines, i) => (i ? ['', ...lines] : lines))
}

function head({ model, bytes: { before, after }, layers, values, kind, samples, calibrateMethod, engine, seconds, outputs }: QuantizeReport, output: string): string[] {
  const int8 = layers.filter((l) => l.quantized).length
  const taken = duration(Object.values(seconds).reduce((a, b) => a + b, 0))
  const source = kind === 'dynamic' ? 'ranges at run time' : `${plural(values.length, 'range')} from ${plural(samples, 'sample')} (${calibrateMethod})`
  return [
    `${model} -> ${output}`,
    `  ${size(before)} -> ${size(after)}${after < before ? `, ${(before / after).toFixed(1)}x smaller` : ''}`,
    `  ${int8} of ${layers.length} layers in int8, ${count(layers.reduce((n, l) => n + (l.quantized ? (l.weights?.channels ?? 0) : 0), 0))} scales of weights, ${source}, ${engine}, ${taken}`,
    ...(outputs.length ? [`  SQNR of ${outputs.length > 1 ? 'outputs' : 'the output'}: ${outputs.map((o) => `${o.name} ${decibels(o.sqnr)}`).join(', ')}`] : []),
  ].map(printable)
}

function scores({ accuracy }: QuantizeReport): string[] {
  const rows = (accuracy ?? []).flatMap(({ set, samples, float, int8 }) =>
    [...new Set([...Object.keys(float), ...Object.keys(int8)])].map((key, i) => [i ? '' : `${samples} ${set}`, key, score(key, float[key]), score(key, int8[key]), change(key, float[key], int8[key])]))
  return rows.length ? table(['scored on', '', 'float', 'int8', 'change'], rows).map(printable) : []
}

function worstLayers({ layers }: QuantizeReport): string[] {
  const measured = layers.filter((l): l is LayerReport & { sqnr: number } => l.quantized && l.sqnr !== undefined).sort((a, b) => a.sqnr - b.sqnr).slice(0, SHOWN)
  return measured.length ? table(['worst layers', '', 'SQNR'], measured.map((l) => [l.name || l.output, l.op, decibels(l.sqnr)])).map(printable) : []
}

function keptLayers({ layers }: QuantizeReport): string[] {
  const kept = layers.filter((l) => !l.quantized)
  if (!kept.length) return []
  const more = kept.length > SHOWN ? [`  and ${kept.length - SHOWN} more`] : []
  return [...table(['kept in float', '', 'because'], kept.slice(0, SHOWN).map((l) => [l.name || l.output, l.op, l.reason ?? ''])), ...more].map(printable)
}

/** Names come from a model: they may not move the cursor or colour the screen. */
const printable = (line: string): string => line.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
