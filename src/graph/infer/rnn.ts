import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import { CODES } from './qmatrix.js'
import type { InferRule, InferTable } from './rule.js'

/** LSTM, GRU and RNN, and LSTM with int8 weights. Sources: onnx LSTM-22, GRU-22, RNN-22; ONNX Runtime's ContribOperators.md, DynamicQuantizeLSTM. */

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
  /** DynamicQuantizeLSTM: W and R are codes, [directions, inputs or hidden, 4·hidden]. */
  readonly quantized: boolean
}

const DIRECTIONS: Readonly<Record<string, readonly boolean[]>> = { forward: [false], reverse: [true], bidirectional: [false, true] }

/** @throws SHAPE_MISMATCH, DTYPE_MISMATCH, ATTRIBUTE_UNSUPPORTED */
export function recurrentShape(view: NodeView): RecurrentShape {
  const quantized = view.op === 'DynamicQuantizeLSTM'
  const cell = quantized ? 'LSTM' : view.op as CellName
  const { gates } = CELLS[cell]
  const batchFirst = !quantized && view.int('layout', 0) === 1
  const x = view.expectRank(0, 3)
  const [steps, batch] = batchFirst ? [x[1]!, x[0]!] : [x[0]!, x[1]!]
  const directions = DIRECTIONS[view.string('direction', 'forward')]
    ?? view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "direction" must be forward, reverse or bidirectional, got "${view.string('direction')}"`)
  const hidden = view.expectRank(2, 3)[quantized ? 1 : 2]!
  if (hidden < 1 || view.int('hidden_size', hidden) !== hidden) view.fail('SHAPE_MISMATCH', `attribute "hidden_size" ${view.int('hidden_size', hidden)} does not fit input 2 (R) [${view.dims(2)}]`)
  if (view.int('input_forget', 0)) view.fail('ATTRIBUTE_UNSUPPORTED', 'attribute "input_forget" must be 0')
  const clip = view.float('clip', Infinity)
  if (!(clip > 0)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "clip" must be above 0, got ${clip}`)
  const shape = { cell, gates, steps, batch, inputs: x[2]!, hidden, directions, activations: activationsOf(view, cell, directions.length), clip, batchFirst, quantized }
  checkOperands(view, shape)
  return shape
}

function checkOperands(view: NodeView, s: RecurrentShape): void {
  const d = s.directions.length
  const rows = s.gates * s.hidden
  const weights = (k: number): number[] => (s.quantized ? [d, k, rows] : [d, rows, k])
  const state = s.batchFirst ? [s.batch, d, s.hidden] : [d, s.batch, s.hidden]
  const expect = (i: number, name: string, dims: readonly number[]): void => {
    if (!view.has(i)) return
    view.expectDType(i, ...(i === 4 ? ['int32'] as const : s.quantized && i < 3 ? CODES : [view.input(0).dtype]))
    if (view.dims(i).join() !== dims.join()) view.fail('SHAPE_MISMATCH', `input ${i} (${name}): expected [${dims}], got [${view.dims(i)}]`)
  }
  view.input(1)
  expect(1, 'W', weights(s.inputs))
  expect(2, 'R', weights(s.hidden))
  expect(3, 'B', [d, 2 * rows])
  expect(4, 'sequence_lens', [s.batch])
  expect(5, 'initial_h', state)
  if (s.cell !== 'LSTM') return
  expect(6, 'initial_c', state)
  expect(7, 'P', [d, 3 * s.hidden])
  if (s.quantized) for (const i of [1, 2]) checkScales(view, s, i)
}

/** Scale and zero point of W (inputs 8 and 9) or R (10 and 11): one for each direction, or one for each of its columns. */
function checkScales(view: NodeView, s: RecurrentShape, matrix: number): void {
  const d = s.directions.length, rows = s.gates * s.hidden, scale = 6 + 2 * matrix
  if (view.dims(matrix)[1] === 0) view.fail('OP_UNSUPPORTED', `input ${matrix} [${view.dims(matrix)}] has no inner elements`)
  for (const i of [scale, scale + 1]) {
    view.expectDType(i, i === scale ? 'float32' : view.input(matrix).dtype)
    if (![`${d}`, `${d},${rows}`].includes(view.dims(i).join())) view.fail('SHAPE_MISMATCH', `input ${i} (${i === scale ? 'scale' : 'zero point'} of input ${matrix}): expected [${d}] or [${d}, ${rows}], got [${view.dims(i)}]`)
  }
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
    const dtype = view.op === 'DynamicQuantizeLSTM' ? view.expectDType(0, 'float32') : view.expectDType(0, 'float32', 'float16')
    const { steps, batch, hidden, directions: { length: d }, batchFirst, cell } = recurrentShape(view)
    const last = (): TensorType => view.make(dtype, batchFirst ? [batch, d, hidden] : [d, batch, hidden])
    return [view.make(dtype, batchFirst ? [batch, steps, d, hidden] : [steps, d, batch, hidden]), last(), ...(cell === 'LSTM' ? [last()] : [])]
  },
}

export const rnn: InferTable = { LSTM: recurrent, GRU: recurrent, RNN: recurrent, 'com.microsoft:DynamicQuantizeLSTM': recurrent }
