import { elementCount } from '../../dtype.js'
import { recurrentShape, type RecurrentShape } from '../../graph/infer/rnn.js'
import { at, NULL, type Operand } from '../../runtime/operand.js'
import { codedMatrix } from './coded-matrix.js'
import { columnsBytes } from './qpacking.js'
import { biasSum, cellFields } from './rnn.js'
import type { Lowering, LowerTable } from './rule.js'

/** Bytes of `blocks` in assembly/rnn/dynamic-lstm.ts. */
const BLOCKS_BYTES = 512

/** W or R of one direction: which inputs hold it, and how many rows it has. */
interface Weights { readonly codes: number; readonly scale: number; readonly zero: number; readonly k: number }

/** One matrix of direction d: the fields of a CodedMatrix. */
function matrix(l: Lowering, { codes, scale, zero, k }: Weights, d: number, n: number, rows: number) {
  const perColumn = (i: number): number => +(l.dims(i).length === 2)
  const first = (i: number): number => d * (perColumn(i) ? n : 1)
  const w = codedMatrix(l, { codes, offset: d * k * n, strideK: n, strideN: 1, k, n, zero, zeroAt: first(zero), zeroStep: perColumn(zero) }, rows)
  return { ...w, scale: at(l.in(scale), 4 * first(scale)), scaleStep: perColumn(scale) }
}

/** What q_conv reads beside panels when it only multiplies. */
const plainColumns = (l: Lowering, n: number): Operand =>
  l.pack(`columns ${n}`, columnsBytes(1, n), [], (columns) => l.emit('q_fold', {
    sums: NULL, bias: NULL, floatBias: NULL, xZeroPoint: NULL, xScale: NULL, wScale: NULL, yScale: NULL, yZeroPoint: NULL, columns, groups: 1, n, wScaleStride: 0, biasStride: 0,
    halfScales: 0, xSigned: 0, ySigned: 0, shift: 0, yMin: 0, yMax: 255, alpha: 1, rest: NULL, before: 1, early: 0,
  }))

function direction(l: Lowering, s: RecurrentShape, d: number): void {
  const { hidden, inputs, steps, batch } = s
  const n = 4 * hidden, all = steps * batch
  const w = matrix(l, { codes: 1, scale: 8, zero: 9, k: inputs }, d, n, all)
  const r = matrix(l, { codes: 2, scale: 10, zero: 11, k: hidden }, d, n, batch)
  l.emit('q8_lstm', {
    ...cellFields(l, s, d), x: l.scratch(4 * all * n), r: NULL, bias: biasSum(l, s, d) ?? NULL, input: l.in(0),
    codes: l.scratch(Math.max(elementCount(l.dims(0)), batch * hidden)), blocks: l.scratch(BLOCKS_BYTES), rows: l.scratch(Math.max(w.rowBytes, r.rowBytes)), columns: plainColumns(l, n),
    wPanels: w.panels, wSums: w.sums, wScale: w.scale, wScaleStep: w.scaleStep, wK: w.k, wFormat: w.format, wExtras: w.extras, wFlip: w.flip, wShift: w.shift, wLda: w.lda, wBlockRows: w.blockRows,
    rPanels: r.panels, rSums: r.sums, rScale: r.scale, rScaleStep: r.scaleStep, rK: r.k, rFormat: r.format, rExtras: r.extras, rFlip: r.flip, rShift: r.shift, rLda: r.lda, rBlockRows: r.blockRows,
  }, all * n * (inputs + hidden))
}

export const dynamicLstm: LowerTable = {
  'com.microsoft:DynamicQuantizeLSTM': (l) => {
    const shape = recurrentShape(l)
    shape.directions.forEach((_, d) => direction(l, shape, d))
  },
}
