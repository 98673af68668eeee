import type { Anchor } from './anchor.js'
import { ENTRIES, type Entry, type Verdict } from './entries.js'
import type { Bits, Equality } from './equality.js'

/** One quantized model: how it scores, whether that is enough, and how it runs elsewhere. */
export interface Row {
  readonly variant: string
  readonly bytes: number
  readonly seconds: number
  /** layers that stay float, of those that the report lists */
  readonly floatLayers: number
  readonly layers: number
  /** nothing but an engine and an observer was asked for */
  readonly plain: boolean
  /** another row asks for more, because this one misses its bar */
  readonly remedied?: boolean
  readonly unseen: Verdict
  readonly full: Verdict
  /** The anchor does better by more than one sample: on which set. */
  readonly below: readonly string[]
  /** Undefined where onnxruntime-node is not installed. */
  readonly equality?: Equality
  readonly equalityMissed?: string
}

export interface Section {
  readonly entry: Pick<Entry, 'name' | 'title' | 'kind' | 'data' | 'bar'>
  readonly bytes: number
  /** The float model's own score, where it has one. */
  readonly float?: { readonly unseen: string; readonly full: string }
  readonly rows: readonly Row[]
  readonly anchor: readonly { readonly method: string; readonly bytes?: number; readonly seconds?: number; readonly unseen?: Verdict; readonly full?: Verdict; readonly error?: string }[]
  readonly notes: readonly string[]
  /** What ONNX's checker says of the files. */
  readonly checker: string
  /** When it was measured. */
  readonly date: string
}

/** What a row's scores miss, in words. */
export const scoreMissesOf = (row: Row): string[] => [
  ...(row.unseen.passed ? [] : ['bar on the unseen half']), ...(row.full.passed ? [] : ['bar on the full set']),
  ...row.below.map((set) => `more than one sample below ONNX Runtime's quantizer on the ${set}`),
]

/** Everything that a row misses. */
export const missesOf = (row: Row): string[] => [...scoreMissesOf(row), ...(row.equalityMissed ? [row.equalityMissed] : [])]

/** Rows without those that repeat one above them: a tolerance that int8 alone meets makes the same file. */
const distinct = (rows: readonly Row[]): readonly Row[] =>
  rows.filter((row, i) => !rows.slice(0, i).some((r) => sameFile(r, row)))

const sameFile = (a: Row, b: Row): boolean =>
  b.variant.startsWith(a.variant) && a.bytes === b.bytes && a.floatLayers === b.floatLayers && a.unseen.text === b.unseen.text && a.full.text === b.full.text

const all = (sections: readonly Section[]): Row[] => sections.flatMap((s) => s.rows)
const reached = (rows: readonly Row[]): string => `${rows.filter((r) => !missesOf(r).length).length} of ${rows.length}`

const kb = (bytes: number): string => `${Math.round(bytes / 1024)} KB`
const cell = ({ text, passed }: Verdict): string => (passed ? text : `**${text}** ✗`)

function sectionTable({ entry, bytes, float, rows, anchor, notes, checker, date }: Section): string {
  return [
    `### ${entry.title}`, '', `${entry.data}; ${entry.bar}.`, '',
    '| quantized by | unseen half | full set | float layers | size |', '|---|---|---|---|---|',
    `| float | ${float?.unseen ?? '–'} | ${float?.full ?? '–'} | | ${kb(bytes)} |`,
    ...distinct(rows).map((r) => `| Octavo, ${r.variant} | ${cell(r.unseen)} | ${cell(r.full)} | ${r.floatLayers} | ${kb(r.bytes)} |`),
    ...anchor.map((a) => (a.unseen ? `| ONNX Runtime, ${a.method} | ${a.unseen.text} | ${a.full!.text} | | ${kb(a.bytes!)} |` : `| ONNX Runtime, ${a.method} | ${a.error} | | | |`)),
    '', `Measured ${date}. ${checker}`,
    ...(notes.length ? ['', `ONNX Runtime's quantizer: ${notes.join('; ')}.`] : []),
  ].join('\n')
}

const bitsText = ({ elements, different }: Bits): string => (different ? `${different} of ${elements} differ` : `all ${elements} equal`)

function equalityTable(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ entry, rows }) => distinct(rows).filter((r) => r.equality).map(({ variant, equality, equalityMissed }) =>
    `| ${entry.title}, ${variant} | ${bitsText(equality!.outputs)} | ${equality!.before ? bitsText(equality!.before) : '–'}${equality!.web ? ` (onnxruntime-web: ${bitsText(equality!.web)})` : ''} | ${(100 * equality!.decisions).toFixed(2)} % | ${equalityMissed ? `✗ ${equalityMissed}` : '✓'} |`))
  return rows.length ? ['| file | elements of its outputs | up to the first Softmax, Exp, Sigmoid or Tanh | same decisions | |', '|---|---|---|---|---|', ...rows].join('\n') : 'onnxruntime-node was not installed when this page was made.'
}

/** The page's part between its markers. */
export function renderPage(sections: readonly Section[], anchor: Anchor | undefined): string {
  const rows = all(sections)
  const plain = rows.filter((r) => r.plain), last = rows.filter((r) => !r.remedied)
  const missed = sections.flatMap(({ entry, rows }) => rows.filter((r) => !r.remedied).flatMap((r) => missesOf(r).map((m) => `- ${entry.title}, ${r.variant}: ${m}`)))
  const absent = ENTRIES.filter(({ name }) => !sections.some((s) => s.entry.name === name)).map(({ title }) => title)
  return [
    `With the defaults ${reached(plain)} files reach everything asked of them; with the options of the rows below, where the defaults miss, ${reached(last)}.${missed.length ? '\n\n' + missed.join('\n') : ''}`,
    ...(absent.length ? [`Not measured yet: ${absent.join(', ')}.`] : []),
    ...sections.map(sectionTable),
    '### The same file in ONNX Runtime',
    equalityTable(sections),
    anchor ? `ONNX Runtime's columns: made ${anchor.date} with ${Object.entries(anchor.versions).map(([k, v]) => `${k} ${v}`).join(', ')}, recorded in \`bench/accuracy/anchor.json\`.` : 'No anchor is recorded: run with --anchor.',
  ].join('\n\n')
}
