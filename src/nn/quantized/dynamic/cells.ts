import { gatesOf, type CellMode, type LayerResult } from '../../../autograd/ops/recurrent.js'
import { mismatch } from '../../../autograd/shape.js'
import type { Tensor } from '../../../autograd/tensor.js'
import { OctavoError } from '../../../errors.js'
import { nameOf } from '../../module.js'
import { modeOf, StepCell, type CellOptions, type GRUCell as FloatGRUCell, type LSTMCell as FloatLSTMCell, type LSTMState, type RNNCell as FloatRNNCell, type RNNCellBase as FloatCell } from '../../rnn.js'
import { settings, type Settings } from '../../settings.js'
import type { LoadReport, StateDict } from '../../state-dict.js'
import { dynamicLayer, type Weights } from './rnn.js'
import { dynamicDTypeOf, dtypeOf, dynamicWeightOf, emptyWeight, linearFrom, linearScript, packDynamic, type DynamicCell, type DynamicDType } from './weights.js'

export interface DynamicCellOptions extends CellOptions { readonly dtype?: DynamicDType }
const KEYS = { inputs: '_packed_weight_ih', hidden: '_packed_weight_hh' } as const

/** What the dynamic cells share: one step, float32 in and out, weights in codes or float16. */
export abstract class RNNCellBase<State> extends StepCell<State> {
  protected cell: DynamicCell

  /** @throws OPTION_INVALID; OP_UNSUPPORTED for float16 with an engine that lacks it */
  constructor(mode: CellMode, inputSize: number, hiddenSize: number, { dtype = 'qint8', ...options }: DynamicCellOptions) {
    super(mode, inputSize, hiddenSize, options)
    const { inputs, hidden } = this.shapes
    this.cell = { inputs: emptyWeight(inputs, dtype, this.bias), hidden: emptyWeight(hidden, dtype, this.bias), reduceRange: true }
  }

  private get shapes(): { readonly inputs: readonly [number, number]; readonly hidden: readonly [number, number] } {
    const rows = gatesOf(this.mode) * this.hiddenSize
    return { inputs: [rows, this.inputSize], hidden: [rows, this.hiddenSize] }
  }

  /** Takes over a float cell's weights. @throws MODULE_INVALID for a cell without biases, which PyTorch refuses as well */
  protected take(module: FloatCell<State>): this {
    if (!module.bias) throw new OctavoError('MODULE_INVALID', `${nameOf(module)}: dynamic quantization takes recurrent cells with biases only. Leave it in float, or make it with bias: true.`, {})
    this.cell = { inputs: dynamicWeightOf(module, module.weightIh, module.biasIh), hidden: dynamicWeightOf(module, module.weightHh, module.biasHh), reduceRange: true }
    return this
  }

  protected layer(x: Tensor, h: Tensor, c: Tensor | undefined): LayerResult {
    return dynamicLayer(x, h, c, [this.cell], { mode: this.mode, hidden: this.hiddenSize })
  }

  /** As PyTorch's: [batch, inputs]. @throws SHAPE_MISMATCH */
  protected override step(input: Tensor, given: readonly (Tensor | null | undefined)[]): Tensor[] {
    if (input.ndim !== 2) mismatch(nameOf(this), `inputs [batch, ${this.inputSize}]`, input.shape)
    return super.step(input, given)
  }

  get dtype(): DynamicDType {
    return dtypeOf(this.cell.inputs)
  }

  /** weight_ih and weight_hh: codes, or values of float16 in float32. */
  getWeight(): Weights {
    return { weight_ih: this.cell.inputs.weight, weight_hh: this.cell.hidden.weight }
  }

  /** bias_ih and bias_hh, where there are any. */
  getBias(): Weights {
    const { inputs, hidden } = this.cell
    return inputs.bias && hidden.bias ? { bias_ih: inputs.bias, bias_hh: hidden.bias } : {}
  }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    for (const part of ['inputs', 'hidden'] as const) destination.set(prefix + KEYS[part], linearScript(this.cell[part]))
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    const [inputs, hidden] = (['inputs', 'hidden'] as const).map((part) => {
      const key = prefix + KEYS[part], value = source.get(key)
      if (value === undefined) return void report.missing.push(key)
      const found = linearFrom(value, this.shapes[part])
      if (typeof found === 'string') return void report.mismatched.push(`${key}: ${found}`)
      return found
    })
    if (!inputs || !hidden) return
    if (inputs.weight.dtype !== hidden.weight.dtype) return void report.mismatched.push(`${prefix}${KEYS.inputs} is ${inputs.weight.dtype} and ${KEYS.hidden} ${hidden.weight.dtype}`)
    this.cell = { inputs: packDynamic(inputs.weight, inputs.bias), hidden: packDynamic(hidden.weight, hidden.bias), reduceRange: true }
  }

  override extraStateKeys(): readonly string[] {
    return Object.values(KEYS)
  }
}

const optionsOf = <State>(module: FloatCell<State>): DynamicCellOptions => ({ bias: module.bias, dtype: dynamicDTypeOf(module) })

/** torch.ao.nn.quantized.dynamic.LSTMCell. */
export class LSTMCell extends RNNCellBase<LSTMState> {
  static override readonly typeName: string = 'DynamicQuantizedLSTMCell'
  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<[bias: boolean, dtype: DynamicDType], DynamicCellOptions>) {
    super('LSTM', inputSize, hiddenSize, settings<DynamicCellOptions>('dynamic.LSTMCell', ['bias', 'dtype'], rest))
  }

  /** Of an nn.LSTMCell with a qconfig. @throws MODULE_INVALID, OPTION_INVALID, QPARAMS_INVALID, OP_UNSUPPORTED */
  static fromFloat(module: FloatLSTMCell): LSTMCell {
    return new LSTMCell(module.inputSize, module.hiddenSize, optionsOf(module)).take(module)
  }

  /** input [batch, inputs], states [batch, hidden]. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
  forward(input: Tensor, state?: LSTMState | null): LSTMState {
    const [h, c] = this.step(input, [state?.[0], state?.[1]])
    return [h!, c!]
  }
}

/** torch.ao.nn.quantized.dynamic.GRUCell. */
export class GRUCell extends RNNCellBase<Tensor> {
  static override readonly typeName: string = 'DynamicQuantizedGRUCell'
  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<[bias: boolean, dtype: DynamicDType], DynamicCellOptions>) {
    super('GRU', inputSize, hiddenSize, settings<DynamicCellOptions>('dynamic.GRUCell', ['bias', 'dtype'], rest))
  }

  /** Of an nn.GRUCell with a qconfig. @throws MODULE_INVALID, OPTION_INVALID, QPARAMS_INVALID, OP_UNSUPPORTED */
  static fromFloat(module: FloatGRUCell): GRUCell {
    return new GRUCell(module.inputSize, module.hiddenSize, optionsOf(module)).take(module)
  }

  /** input [batch, inputs], state [batch, hidden]. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
  forward(input: Tensor, state?: Tensor | null): Tensor {
    return this.step(input, [state])[0]!
  }
}

type Nonlinearity = 'tanh' | 'relu'

/** torch.ao.nn.quantized.dynamic.RNNCell. */
export class RNNCell extends RNNCellBase<Tensor> {
  static override readonly typeName: string = 'DynamicQuantizedRNNCell'
  readonly nonlinearity: Nonlinearity

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<[bias: boolean, nonlinearity: Nonlinearity, dtype: DynamicDType], DynamicCellOptions & { readonly nonlinearity?: Nonlinearity }>) {
    const { nonlinearity = 'tanh', ...options } = settings<DynamicCellOptions & { readonly nonlinearity?: Nonlinearity }>('dynamic.RNNCell', ['bias', 'nonlinearity', 'dtype'], rest)
    super(modeOf(nonlinearity), inputSize, hiddenSize, options)
    this.nonlinearity = nonlinearity
  }

  /** Of an nn.RNNCell with a qconfig. @throws MODULE_INVALID, OPTION_INVALID, QPARAMS_INVALID, OP_UNSUPPORTED */
  static fromFloat(module: FloatRNNCell): RNNCell {
    return new RNNCell(module.inputSize, module.hiddenSize, { ...optionsOf(module), nonlinearity: module.nonlinearity }).take(module)
  }

  /** input [batch, inputs], state [batch, hidden]. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
  forward(input: Tensor, state?: Tensor | null): Tensor {
    return this.step(input, [state])[0]!
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`)
  }
}
