import { rnn as infer } from '../../graph/infer/rnn.js'
import { rnn as lower } from '../../plan/lower/rnn.js'
import { callAll, Op } from '../dispatch.js'
import type { Recipe } from '../recipe.js'
import type { Tensor } from '../tensor-base.js'
import { ruleSet } from './rule-set.js'

/** PyTorch's names; RNN by its function. */
export type CellMode = 'LSTM' | 'GRU' | 'RNN_TANH' | 'RNN_RELU'

/** ONNX's operator, and its gates (i o f c; z r h) by their place in PyTorch's rows (i f g o; r z n). */
const CELLS: Readonly<Record<CellMode, { readonly op: string; readonly gates: readonly number[] }>> = {
  LSTM: { op: 'LSTM', gates: [0, 3, 1, 2] }, GRU: { op: 'GRU', gates: [1, 0, 2] }, RNN_TANH: { op: 'RNN', gates: [0] }, RNN_RELU: { op: 'RNN', gates: [0] },
}

/** Gates in one row of the weights. */
export const gatesOf = (mode: CellMode): number => CELLS[mode].gates.length

/** Rows of a weight or bias in ONNX's order of gates. */
function reordered(r: Recipe, value: string, rows: number, gates: readonly number[]): string {
  if (gates.length === 1) return value
  const parts = r.outputs(gates.length, 'Split', [value, r.ints(gates.map(() => rows / gates.length))], { axis: 0 })
  return r.node('Concat', gates.map((g) => parts[g]!), { axis: 0 })
}

/** Operands: x, h0, c0, then for each direction weight_ih, weight_hh, bias_ih, bias_hh. x and y with the batch first where told, states [directions, batch, hidden]. */
const LAYER = new Op<[mode: CellMode, directions: number, batchFirstIn: boolean, batchFirstOut: boolean, hidden: number]>('recurrentLayer', (r, [mode, directions, batchFirstIn, batchFirstOut, hidden]) => {
  const { op, gates } = CELLS[mode]
  const rows = gates.length * hidden
  const all = Array.from({ length: directions }, (_, d) => 3 + 4 * d)
  const stacked = (values: readonly string[], dims: readonly number[]): string => r.node('Concat', values.map((v) => r.reshape(v, [1, ...dims])), { axis: 0 })
  const weights = (i: number): string => stacked(all.map((at) => reordered(r, r.x(at + i), rows, gates)), [rows, r.shape(3 + i)[1]!])
  const biases = r.has(5) ? stacked(all.map((at) => r.node('Concat', [2, 3].map((i) => reordered(r, r.x(at + i), rows, gates)), { axis: 0 })), [2 * rows]) : ''
  const x = batchFirstIn ? r.node('Transpose', [r.x(0)], { perm: [1, 0, 2] }) : r.x(0)
  const [steps, batch] = batchFirstIn ? [r.shape(0)[1]!, r.shape(0)[0]!] : [r.shape(0)[0]!, r.shape(0)[1]!]
  const activations = mode === 'RNN_RELU' ? all.map(() => 'Relu') : undefined
  const outputs = r.outputs(mode === 'LSTM' ? 3 : 2, op, [x, weights(0), weights(1), biases, '', r.x(1), mode === 'LSTM' ? r.x(2) : ''], {
    hidden_size: hidden, direction: directions === 2 ? 'bidirectional' : 'forward', activations, linear_before_reset: mode === 'GRU' ? 1 : undefined,
  })
  const y = r.node('Transpose', [outputs[0]!], { perm: batchFirstOut ? [2, 0, 1, 3] : [0, 2, 1, 3] })
  return [{ value: y, shape: [...(batchFirstOut ? [batch, steps] : [steps, batch]), directions * hidden] }, ...outputs.slice(1)]
}, ruleSet(infer, lower))

/** One direction's weights: [gates · hidden, inputs], [gates · hidden, hidden] and two vectors, or none. */
export type DirectionWeights = readonly [inputs: Tensor, hidden: Tensor, inputsBias?: Tensor | null, hiddenBias?: Tensor | null]

export interface LayerCall {
  readonly mode: CellMode
  /** One or two. */
  readonly directions: readonly DirectionWeights[]
  readonly hidden: number
  readonly batchFirstIn?: boolean
  readonly batchFirstOut?: boolean
}

export type LayerResult = readonly [y: Tensor, h: Tensor, c?: Tensor]

/**
 * One layer over a whole sequence.
 *
 * @param x [steps, batch, inputs], or batch first
 * @param h [directions, batch, hidden]
 * @param c the same, for an LSTM
 * @returns y [steps, batch, directions · hidden] (or batch first), last h, last c
 */
export function recurrentLayer(x: Tensor, h: Tensor, c: Tensor | undefined, { mode, directions, hidden, batchFirstIn = false, batchFirstOut = false }: LayerCall): LayerResult {
  const weights = directions.flatMap(([wi, wh, bi, bh]) => [wi, wh, bi ?? undefined, bh ?? undefined])
  return callAll(LAYER, [x, h, c, ...weights], [mode, directions.length, batchFirstIn, batchFirstOut, hidden]) as unknown as LayerResult
}
