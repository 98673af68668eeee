import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import type { InferRule, InferTable } from './rule.js'

/** LSTM, GRU and RNN. Sources: onnx LSTM-22, GRU-22, RNN-22. */

export type CellName = 'LSTM' | 'GRU' | 'RNN'
/** Gates in one row of W, and activations of one direction. */
export const CELLS: Readonly<Record<CellName, { readonly gates: number; readonly activations: readonly string[] }>> = {
  LSTM: { gates: 4, activations: ['Sigmoid', 'Tanh', 'Tanh'] },
  GRU: { gates: 3, activations: ['Sigmoid', 'Tanh'] },
  RNN: { gates: 1, activations: ['Tanh'] },
}

export type ActivationName = 'Sigmoid' | 'Tanh' | 'Relu' | 'Softsign' | 'Softplus' | 'LeakyRelu' | 'ThresholdedRelu' | 'Elu' | 'HardSigmoid'
/** An activation that a kernel has, with its parameters. */
export interface Activation { readonly name: ActivationName; readonly alpha: number; readonly beta: number }

/** Default alpha and beta by name; undefined: the activation has no such parameter, and takes none from the lists. Source: ONNX Runtime's activation table. */
const ACTIVATIONS: Readonly<Record<ActivationName, readonly [alpha?: number, beta?: number]>> = {
  Sigmoid: [], Tanh: [], Relu: [], Softsign: [], Softplus: [], LeakyRelu: [0.01], ThresholdedRelu: [1], Elu: [1], HardSigmoid: [0.2, 0.5],
}

export interface RecurrentShape {
  readonly cell: CellName
  readonly gates: number
  readonly steps: number
  readonly batch: number
  readonly inputs: number
  readonly hidden: number
  /** Whether each direction runs backwards. */
  readonly directions: readonly boolean[]
  /** Of every direction in turn. */
  readonly activations: readonly (readonly Activation[])[]
  readonly clip: number
  readonly batchFirst: boolean
}

const DIRECTIONS: Readonly<Record<string, readonly boolean[]>> = { forward: [false], reverse: [true], bidirectional: [false, true] }

/** @throws SHAPE_MISMATCH, DTYPE_MISMATCH, ATTRIBUTE_UNSUPPORTED */
export function recurrentShape(view: NodeView): RecurrentShape {
  const cell = view.op as CellName
  const { gates } = CELLS[cell]
  const batchFirst = view.int('layout', 0) === 1
  const x = view.expectRank(0, 3)
  const [steps, batch] = batchFirst ? [x[1]!, x[0]!] : [x[0]!, x[1]!]
  const directions = DIRECTIONS[view.string('direction', 'forward')]
    ?? view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "direction" must be forward, reverse or bidirectional, got "${view.string('direction')}"`)
  const hidden = view.expectRank(2, 3)[2]!
  if (hidden < 1 || view.int('hidden_size', hidden) !== hidden) view.fail('SHAPE_MISMATCH', `attribute "hidden_size" ${view.int('hidden_size', hidden)} does not fit input 2 (R) [${view.dims(2)}]`)
  if (view.int('input_forget', 0)) view.fail('ATTRIBUTE_UNSUPPORTED', 'attribute "input_forget" must be 0')
  const clip = view.float('clip', Infinity)
  if (!(clip > 0)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "clip" must be above 0, got ${clip}`)
  const shape = { cell, gates, steps, batch, inputs: x[2]!, hidden, directions, activations: activationsOf(view, cell, directions.length), clip, batchFirst }
  checkOperands(view, shape)
  return shape
}

function checkOperands(view: NodeView, s: RecurrentShape): void {
  const d = s.directions.length
  const rows = s.gates * s.hidden
  const state = s.batchFirst ? [s.batch, d, s.hidden] : [d, s.batch, s.hidden]
  const expect = (i: number, name: string, dims: readonly number[]): void => {
    if (!view.has(i)) return
    view.expectDType(i, i === 4 ? 'int32' : view.input(0).dtype)
    if (view.dims(i).join() !== dims.join()) view.fail('SHAPE_MISMATCH', `input ${i} (${name}): expected [${dims}], got [${view.dims(i)}]`)
  }
  view.input(1)
  expect(1, 'W', [d, rows, s.inputs])
  expect(2, 'R', [d, rows, s.hidden])
  expect(3, 'B', [d, 2 * rows])
  expect(4, 'sequence_lens', [s.batch])
  expect(5, 'initial_h', state)
  if (s.cell !== 'LSTM') return
  expect(6, 'initial_c', state)
  expect(7, 'P', [d, 3 * s.hidden])
}

/** The lists alpha and beta serve, in order, the activations that have such a parameter. */
function activationsOf(view: NodeView, cell: CellName, directions: number): Activation[][] {
  const per = CELLS[cell].activations
  const names = view.stringList('activations', Array.from({ length: directions }, () => per).flat())
  if (names.length !== directions * per.length) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "activations" must name ${directions * per.length} functions, got [${names}]`)
  const [alphas, betas] = [[...view.floatList('activation_alpha', [])], [...view.floatList('activation_beta', [])]]
  const all = names.map((given): Activation => {
    const name = (Object.keys(ACTIVATIONS) as ActivationName[]).find((known) => known.toLowerCase() === given.toLowerCase())
    if (!name) return view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "activations" names "${given}"; there are ${Object.keys(ACTIVATIONS).join(', ')}`)
    const [alpha, beta] = ACTIVATIONS[name]!
    return { name, alpha: alpha === undefined ? 0 : alphas.shift() ?? alpha, beta: beta === undefined ? 0 : betas.shift() ?? beta }
  })
  return Array.from({ length: directions }, (_, d) => all.slice(d * per.length, (d + 1) * per.length))
}

const recurrent: InferRule = {
  infer(view) {
    const dtype = view.expectDType(0, 'float32', 'float16')
    const { steps, batch, hidden, directions: { length: d }, batchFirst, cell } = recurrentShape(view)
    const last = (): TensorType => view.make(dtype, batchFirst ? [batch, d, hidden] : [d, batch, hidden])
    return [view.make(dtype, batchFirst ? [batch, steps, d, hidden] : [steps, d, batch, hidden]), last(), ...(cell === 'LSTM' ? [last()] : [])]
  },
}

export const rnn: InferTable = { LSTM: recurrent, GRU: recurrent, RNN: recurrent }
