import { elementCount } from '../../dtype.js'
import { recurrentShape, type RecurrentShape } from '../../graph/infer/rnn.js'
import { at, NULL, type Operand } from '../../runtime/operand.js'
import { toInts } from '../../value.js'
import { columnsBytes, extrasOf, isSigned, outlierShare, packedBytes, PACKING_I16, relaxedPacking, rowBlock, sumsBytes, type Packing } from './qpacking.js'
import { biasSum, cellFields } from './rnn.js'
import type { Lowering, LowerTable } from './rule.js'

/** Bytes of `blocks` in assembly/rnn/dynamic-lstm.ts. */
const BLOCKS_BYTES = 512

/** W or R of one direction: which inputs hold it, and how many rows it has. */
interface Weights { readonly codes: number; readonly scale: number; readonly zero: number; readonly k: number }

/** The relaxed dot product takes weights that are known and have their zero points in the middle. */
function packingFor(l: Lowering, { codes, zero, k }: Weights, n: number): Packing {
  const weights = l.constant(codes), zeros = l.constant(zero)
  const centre = isSigned(l.input(codes)) ? 0 : 128
  if (!l.capabilities || !weights || !zeros || !toInts(zeros).every((z) => z === centre)) return PACKING_I16
  return (k > 1 && relaxedPacking(l.capabilities, false, outlierShare(weights, n))) || PACKING_I16
}

/** Address of direction d's part of a scale or zero point, and whether it has one for each column. */
function parameters(l: Lowering, i: number, d: number, n: number, bytes: number): { operand: Operand; step: number } {
  const perColumn = l.dims(i).length === 2
  return { operand: at(l.in(i), d * (perColumn ? n : 1) * bytes), step: +perColumn }
}

/** Panels of one matrix and their sums, packed when the plan is loaded if the weights are constants: the fields of a CodedMatrix. */
function matrix(l: Lowering, w: Weights, d: number, n: number, rows: number) {
  const packing = packingFor(l, w, n), { format } = packing
  const bytes = packedBytes(1, n, w.k, packing), extras = extrasOf(w.k, packing)
  const panels = l.pack(`dynamic lstm ${JSON.stringify([w, d, format, extras])}`, bytes + sumsBytes(1, n), [w.codes, w.zero], (target) => {
    const zero = parameters(l, w.zero, d, n, 1)
    l.emit('q_pack', {
      w: at(l.in(w.codes), d * w.k * n), wZeroPoint: zero.operand, packed: target, sums: at(target, bytes), groups: 1, n, taps: 1, channels: w.k, strideN: 1, strideTap: 0, strideC: n,
      zeroPointStride: zero.step, wSigned: isSigned(l.input(w.codes)), format, extras, tapSpan: w.k,
    })
  })
  const scale = parameters(l, w.scale, d, n, 4), block = rowBlock(rows, w.k, format)
  return {
    panels, sums: at(panels, bytes), scale: scale.operand, scaleStep: scale.step, k: w.k, format, extras, flip: packing.flip, shift: packing.shift,
    lda: block.lda, blockRows: block.blockRows, rowBytes: block.bytes,
  }
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
