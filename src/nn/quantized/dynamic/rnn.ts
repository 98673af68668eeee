import { recurrentLayer, type CellMode, type DirectionWeights, type LayerResult } from '../../../autograd/ops/recurrent.js'
import type { PackedParams } from '../../../autograd/quantized/products.js'
import { dynamicRecurrentLayer, type DynamicDirection } from '../../../autograd/quantized/recurrent.js'
import { mismatch } from '../../../autograd/shape.js'
import type { Tensor } from '../../../autograd/tensor.js'
import { OctavoError } from '../../../errors.js'
import { nameOf } from '../../module.js'
import { GRU as FloatGRU, LSTM as FloatLSTM, RNN_SETTINGS, StackedRNN, type LSTMState, type RNNBase as FloatRNN, type RNNOptions } from '../../rnn.js'
import { settings, type Settings } from '../../settings.js'
import type { LoadReport, StateDict } from '../../state-dict.js'
import { cellFrom, cellScript, dynamicDTypeOf, dtypeOf, dynamicWeightOf, emptyWeight, isCoded, type DynamicCell, type DynamicDType, type DynamicWeight } from './weights.js'

export interface DynamicRNNOptions extends RNNOptions { readonly dtype?: DynamicDType }
type Rest = Settings<[numLayers: number, bias: boolean, batchFirst: boolean, dropout: number, bidirectional: boolean, dtype: DynamicDType], DynamicRNNOptions>

/** Weights by PyTorch's names: weight_ih_l0, weight_hh_l1_reverse. */
export type Weights = Readonly<Record<string, Tensor>>

/** One layer on these weights, int8 or float16; arguments and results are recurrentLayer's. */
export function dynamicLayer(x: Tensor, h: Tensor, c: Tensor | undefined, cells: readonly DynamicCell[], call: { readonly mode: CellMode; readonly hidden: number; readonly batchFirstIn?: boolean; readonly batchFirstOut?: boolean }): LayerResult {
  if (!isCoded(cells[0]!.inputs)) return recurrentLayer(x, h, c, { ...call, directions: cells.map(({ inputs, hidden }): DirectionWeights => [inputs.weight, hidden.weight, inputs.bias, hidden.bias]) })
  const directions = cells.map((cell) => [cell.inputs as PackedParams, cell.hidden as PackedParams] satisfies DynamicDirection)
  return dynamicRecurrentLayer(x, h, c, { ...call, directions, reduceRange: cells[0]!.reduceRange })
}

/** What the dynamic recurrent networks share: float32 in and out, weights in codes or float16. */
export abstract class RNNBase<State> extends StackedRNN<State> {
  protected cells: DynamicCell[]

  /** @throws OPTION_INVALID, SHAPE_MISMATCH; OP_UNSUPPORTED for float16 with an engine that lacks it */
  constructor(mode: 'LSTM' | 'GRU', inputSize: number, hiddenSize: number, { dtype = 'qint8', ...options }: DynamicRNNOptions) {
    super(mode, inputSize, hiddenSize, options)
    this.training = false
    this.cells = this.places().map(({ inputs, hidden }) => ({ inputs: emptyWeight(inputs, dtype, true), hidden: emptyWeight(hidden, dtype, true), reduceRange: true }))
  }

  /** Every direction of every layer: how its weights' names end and their shapes. */
  private places() {
    return Array.from({ length: this.numLayers }, (_, layer) => this.suffixes(layer).map((suffix) => ({ suffix, ...this.weightShapes(layer) }))).flat()
  }

  /** Takes over a float network's weights. @throws MODULE_INVALID for a network without biases, which PyTorch refuses as well */
  protected take(module: FloatRNN<State>): this {
    if (!module.bias) throw new OctavoError('MODULE_INVALID', `${nameOf(module)}: dynamic quantization takes recurrent layers with biases only. Leave it in float, or make it with bias: true.`, {})
    this.cells = Array.from({ length: this.numLayers }, (_, layer) => module.layerWeights(layer).map(([wi, wh, bi, bh]): DynamicCell =>
      ({ inputs: dynamicWeightOf(module, wi, bi), hidden: dynamicWeightOf(module, wh, bh), reduceRange: true }))).flat()
    return this
  }

  protected layer(index: number, x: Tensor, h: Tensor, c: Tensor | undefined, axes: { readonly batchFirstIn: boolean; readonly batchFirstOut: boolean }): LayerResult {
    return dynamicLayer(x, h, c, this.cells.slice(index * this.directions, (index + 1) * this.directions), { mode: this.mode, hidden: this.hiddenSize, ...axes })
  }

  /** As PyTorch's: three axes, at least one step. @throws SHAPE_MISMATCH */
  protected override batched(input: Tensor): { x: Tensor; single: boolean; batch: number } {
    if (input.ndim !== 3) mismatch(nameOf(this), 'an input of 3 axes', input.shape)
    if (input.shape[this.batchFirst ? 1 : 0] === 0) mismatch(nameOf(this), 'at least one step', input.shape)
    return super.batched(input)
  }

  get dtype(): DynamicDType {
    return dtypeOf(this.cells[0]!.inputs)
  }

  private named(kind: 'weight' | 'bias', of: (weight: DynamicWeight) => Tensor | undefined): Weights {
    const entries = this.places().flatMap(({ suffix }, i): [string, Tensor | undefined][] => [[`${kind}_ih${suffix}`, of(this.cells[i]!.inputs)], [`${kind}_hh${suffix}`, of(this.cells[i]!.hidden)]])
    return Object.fromEntries(entries.flatMap(([name, tensor]) => (tensor ? [[name, tensor]] : [])))
  }

  /** Codes, or values of float16 in float32. */
  getWeight(): Weights {
    return this.named('weight', ({ weight }) => weight)
  }

  getBias(): Weights {
    return this.named('bias', ({ bias }) => bias)
  }

  override get stateVersion(): number {
    return 2
  }

  private key(i: number): string {
    return `_all_weight_values.${i}.param`
  }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    this.cells.forEach((cell, i) => destination.set(prefix + this.key(i), cellScript(cell)))
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    const cells = this.places().map((shapes, i): DynamicCell | undefined => {
      const key = prefix + this.key(i), value = source.get(key)
      const cell = value === undefined ? undefined : cellFrom(value, shapes)
      if (cell === undefined) report.missing.push(key)
      else if (typeof cell === 'string') report.mismatched.push(`${key}: ${cell}`)
      else return cell
      return undefined
    })
    if (!cells.every((cell): cell is DynamicCell => cell !== undefined)) return
    const [{ inputs, reduceRange }] = cells as [DynamicCell]
    if (cells.some((cell) => isCoded(cell.inputs) !== isCoded(inputs) || cell.reduceRange !== reduceRange)) return void report.mismatched.push(`${prefix}_all_weight_values: layers of different dtypes or ranges`)
    this.cells = cells
  }

  override extraStateKeys(): readonly string[] {
    return this.cells.map((_, i) => this.key(i))
  }
}

const optionsOf = <State>(module: FloatRNN<State>): DynamicRNNOptions => {
  const { numLayers, bias, batchFirst, dropout, bidirectional } = module
  return { numLayers, bias, batchFirst, dropout, bidirectional, dtype: dynamicDTypeOf(module) }
}
const read = (name: string, rest: Rest): DynamicRNNOptions => settings<DynamicRNNOptions>(name, [...RNN_SETTINGS, 'dtype'], rest)
const expectClass = (module: { readonly constructor: unknown }, expected: { readonly name: string }): void => {
  if (module.constructor !== expected) throw new OctavoError('MODULE_INVALID', `dynamic.${expected.name}.fromFloat: expected nn.${expected.name}, got ${(module.constructor as { name: string }).name}.`, {})
}

/** torch.ao.nn.quantized.dynamic.LSTM. */
export class LSTM extends RNNBase<LSTMState> {
  static override readonly typeName: string = 'DynamicQuantizedLSTM'
  constructor(inputSize: number, hiddenSize: number, ...rest: Rest) {
    super('LSTM', inputSize, hiddenSize, read('dynamic.LSTM', rest))
  }

  /** Of an nn.LSTM with a qconfig. @throws MODULE_INVALID, OPTION_INVALID, QPARAMS_INVALID, OP_UNSUPPORTED */
  static fromFloat(module: FloatLSTM): LSTM {
    expectClass(module, FloatLSTM)
    return new LSTM(module.inputSize, module.hiddenSize, optionsOf(module)).take(module)
  }

  /** input [steps, batch, inputs] or batch first, states [layers · directions, batch, hidden]. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
  forward(input: Tensor, state?: LSTMState | null): [output: Tensor, state: LSTMState] {
    const { x, batch } = this.batched(input)
    const [y, h, c] = this.run(x, this.stateFor(state?.[0], batch, false), this.stateFor(state?.[1], batch, false))
    return [y, [h, c!]]
  }
}

/** torch.ao.nn.quantized.dynamic.GRU. */
export class GRU extends RNNBase<Tensor> {
  static override readonly typeName: string = 'DynamicQuantizedGRU'
  constructor(inputSize: number, hiddenSize: number, ...rest: Rest) {
    super('GRU', inputSize, hiddenSize, read('dynamic.GRU', rest))
  }

  /** Of an nn.GRU with a qconfig. @throws MODULE_INVALID, OPTION_INVALID, QPARAMS_INVALID, OP_UNSUPPORTED */
  static fromFloat(module: FloatGRU): GRU {
    expectClass(module, FloatGRU)
    return new GRU(module.inputSize, module.hiddenSize, optionsOf(module)).take(module)
  }

  /** input [steps, batch, inputs] or batch first, state [layers · directions, batch, hidden]. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
  forward(input: Tensor, state?: Tensor | null): [output: Tensor, state: Tensor] {
    const { x, batch } = this.batched(input)
    const [y, h] = this.run(x, this.stateFor(state, batch, false))
    return [y, h]
  }
}
