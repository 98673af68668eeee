import { recurrentShape, type Activation, type RecurrentShape } from '../../graph/infer/rnn.js'
import type { ParamsOf } from '../../runtime/abi.js'
import { UNARY } from '../../runtime/op-codes.js'
import { at, NULL, type Operand } from '../../runtime/operand.js'
import { axis, emitPack, emitProduct, packed, packedBytes } from './f32-product.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

/** Cell of assembly/rnn/recurrent.ts. */
export const CELL = { RNN: 0, GRU: 1, LSTM: 2 } as const
/** Row addresses and a block, before the gates in a recurrent kernel's scratch. */
const SCRATCH_HEAD_BYTES = 1088

/** Whether GRU's recurrent bias of h is multiplied by the reset gate and so cannot join the input's. */
const late = (l: Lowering, s: RecurrentShape): boolean => s.cell === 'GRU' && l.int('linear_before_reset', 0) !== 0

/** R of direction `d` as panels: all gates at once, but GRU's h by itself where it waits for the reset gate. */
function recurrentPanels(l: Lowering, s: RecurrentShape, d: number): Operand {
  const { hidden, gates } = s
  const split = s.cell === 'GRU' && !late(l, s)
  const parts = (split ? [2, 1] : [gates]).map((count) => ({ k: axis(hidden, 1), n: axis(count * hidden, hidden) }))
  const bytes = parts.reduce((sum, m) => sum + packedBytes(m), 0)
  return l.pack(`rnn r ${d} ${split}`, bytes, [2], (target) => {
    const from = at(l.in(2), 4 * d * gates * hidden * hidden)
    emitPack(l, from, target, parts[0]!)
    if (split) emitPack(l, at(from, 8 * hidden * hidden), at(target, packedBytes(parts[0]!)), parts[1]!)
  })
}

/** Wb + Rb of direction `d`; where Rb of h comes later, Wb alone there. A product with k = 1 adds, one with k = 0 copies. */
export function biasSum(l: Lowering, s: RecurrentShape, d: number): Operand | undefined {
  if (!l.has(3)) return undefined
  const rows = s.gates * s.hidden
  const summed = late(l, s) ? 2 * s.hidden : rows
  return l.pack(`rnn b ${d} ${summed}`, 4 * rows, [3], (target) => {
    const from = at(l.in(3), 4 * d * 2 * rows)
    const matrix = { k: axis(1, 0), n: axis(summed, 1) }
    const panels = l.scratch(packedBytes(matrix))
    emitPack(l, at(from, 4 * rows), panels, matrix)
    emitProduct(l, { a: l.table(Float32Array.of(1)), lda: 1, b: panels, c: target, m: 1, n: summed, k: 1, start: from })
    if (summed < rows) emitProduct(l, { a: from, lda: 0, b: from, c: at(target, 4 * summed), m: 1, n: rows - summed, k: 0, start: at(from, 4 * summed) })
  })
}

/** x·W + biases for all steps and rows, in x's own order of rows. */
function projection(l: Lowering, s: RecurrentShape, d: number): Operand {
  const { inputs, hidden, gates, directions } = s
  const n = gates * hidden
  const y = l.scratch(4 * s.steps * s.batch * n)
  if (s.steps === 0) return y
  const matrix = { batches: directions.length, batchStride: n * inputs, k: axis(inputs, 1), n: axis(n, inputs) }
  const b = inputs ? at(packed(l, 1, matrix), d * packedBytes(matrix)) : y
  emitProduct(l, { a: l.in(0), lda: inputs, b, c: y, m: s.steps * s.batch, n, k: inputs, start: biasSum(l, s, d) })
  return y
}

const activation = (a: Activation | undefined): [op: number, alpha: number, beta: number] => [a ? UNARY[a.name] : 0, a?.alpha ?? 0, a?.beta ?? 0]

/** What every kernel of a direction is told but its products: states, outputs, lengths, activations. */
export function cellFields(l: Lowering, s: RecurrentShape, d: number): Omit<ParamsOf<'f32_recurrent'>, 'x' | 'r' | 'bias'> {
  const { hidden, batch, steps, gates, batchFirst, directions: { length: directions } } = s
  const n = gates * hidden
  const stateAt = (operand: Operand): Operand => at(operand, 4 * hidden * d * (batchFirst ? 1 : batch))
  const input = (i: number): Operand => (l.has(i) ? stateAt(l.in(i)) : NULL)
  const output = (o: number): Operand => (l.wants(o) ? stateAt(l.out(o)) : NULL)
  const stateRow = batchFirst ? directions * hidden : hidden
  const [[f, fAlpha, fBeta], [g, gAlpha, gBeta], [h, hAlpha, hBeta]] = [0, 1, 2].map((i) => activation(s.activations[d]![i])) as [ReturnType<typeof activation>, ReturnType<typeof activation>, ReturnType<typeof activation>]
  return {
    xStep: batchFirst ? n : batch * n, xRow: batchFirst ? steps * n : n,
    peepholes: s.cell === 'LSTM' && l.has(7) ? at(l.in(7), 4 * d * 3 * hidden) : NULL,
    initialH: input(5), initialC: s.cell === 'LSTM' ? input(6) : NULL, initialRow: stateRow, lengths: l.has(4) ? l.in(4) : NULL,
    y: steps ? output(0) : NULL, yStep: (batchFirst ? 1 : batch) * directions * hidden, yRow: batchFirst ? steps * directions * hidden : hidden,
    lastH: output(1), lastC: s.cell === 'LSTM' ? output(2) : NULL, lastRow: stateRow,
    scratch: l.scratch(SCRATCH_HEAD_BYTES + 4 * batch * hidden * (gates + 3)), steps, batch, hidden, cell: CELL[s.cell], reverse: s.directions[d] ? 1 : 0,
    linearBeforeReset: late(l, s) ? 1 : 0, clip: s.clip, f, fAlpha, fBeta, g, gAlpha, gBeta, h, hAlpha, hBeta,
  }
}

function direction(l: Lowering, s: RecurrentShape, d: number): void {
  const { hidden, gates } = s
  const rows = gates * hidden
  const bias = l.has(3) && late(l, s) ? at(l.in(3), 4 * (d * 2 * rows + rows + 2 * hidden)) : NULL
  l.emit('f32_recurrent', { ...cellFields(l, s, d), x: projection(l, s, d), r: recurrentPanels(l, s, d), bias }, s.steps * s.batch * rows * hidden)
}

const recurrent: LowerRule = (l) => {
  if (l.input(0).dtype !== 'float32') l.fail('KERNEL_MISSING', `no kernel for ${l.input(0).dtype}; float32 is supported`)
  const shape = recurrentShape(l)
  shape.directions.forEach((_, d) => direction(l, shape, d))
}

export const rnn: LowerTable = { LSTM: recurrent, GRU: recurrent, RNN: recurrent }
