import { zeros } from '../autograd/create.js'
import { dropout } from '../autograd/ops/dropout.js'
import { cat } from '../autograd/ops/movement.js'
import { gatesOf, recurrentLayer, type CellMode, type DirectionWeights, type LayerResult } from '../autograd/ops/recurrent.js'
import { mismatch } from '../autograd/shape.js'
import type { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'
import { uniform_ } from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { bool, float } from './python.js'
import { settings, type Settings } from './settings.js'

export interface RNNOptions {
  readonly numLayers?: number
  readonly bias?: boolean
  /** [batch, steps, features] rather than [steps, batch, features]. */
  readonly batchFirst?: boolean
  /** Between layers, in training. */
  readonly dropout?: number
  readonly bidirectional?: boolean
}
export const RNN_SETTINGS = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional'] as const
export type RNNSettings = Settings<[numLayers: number, bias: boolean, batchFirst: boolean, dropout: number, bidirectional: boolean], RNNOptions>

/** Layers of one or two directions over each other, whatever their weights are. */
export abstract class StackedRNN<State> extends Module<[input: Tensor, state?: State | null], [output: Tensor, state: State]> {
  readonly numLayers: number
  readonly bias: boolean
  readonly batchFirst: boolean
  readonly dropout: number
  readonly bidirectional: boolean

  /** @throws OPTION_INVALID, SHAPE_MISMATCH */
  constructor(readonly mode: CellMode, readonly inputSize: number, readonly hiddenSize: number, options: RNNOptions) {
    super()
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } = options
    if (!(dropout >= 0 && dropout <= 1)) throw new OctavoError('OPTION_INVALID', `dropout: expected a probability in [0, 1], got ${dropout}.`, { dropout })
    if (!(hiddenSize > 0) || !(numLayers > 0)) mismatch(mode, 'hidden size and number of layers above 0', [hiddenSize, numLayers])
    this.numLayers = numLayers
    this.bias = bias
    this.batchFirst = batchFirst
    this.dropout = dropout
    this.bidirectional = bidirectional
  }

  protected get directions(): number {
    return this.bidirectional ? 2 : 1
  }

  /** Ends of the names of a layer's weights, for each direction. */
  protected suffixes(layer: number): string[] {
    return this.bidirectional ? [`_l${layer}`, `_l${layer}_reverse`] : [`_l${layer}`]
  }

  /** Shapes of weight_ih and weight_hh in a layer. */
  protected weightShapes(layer: number): { readonly inputs: readonly [rows: number, columns: number]; readonly hidden: readonly [rows: number, columns: number] } {
    const rows = gatesOf(this.mode) * this.hiddenSize
    return { inputs: [rows, layer ? this.hiddenSize * this.directions : this.inputSize], hidden: [rows, this.hiddenSize] }
  }

  /** One layer; states [directions, batch, hidden]. */
  protected abstract layer(index: number, x: Tensor, h: Tensor, c: Tensor | undefined, axes: { readonly batchFirstIn: boolean; readonly batchFirstOut: boolean }): LayerResult

  /** All layers over [steps, batch, inputs] (or batch first), each state [layers · directions, batch, hidden]. */
  protected run(input: Tensor, h: Tensor, c?: Tensor): [y: Tensor, h: Tensor, c?: Tensor] {
    const { numLayers, batchFirst, directions } = this
    const states: { h: Tensor; c?: Tensor }[] = []
    let y = input
    for (let layer = 0; layer < numLayers; layer++) {
      const part = (state: Tensor): Tensor => state.narrow(0, layer * directions, directions)
      const [out, lastH, lastC] = this.layer(layer, y, part(h), c && part(c), { batchFirstIn: batchFirst && layer === 0, batchFirstOut: batchFirst && layer === numLayers - 1 })
      states.push({ h: lastH, c: lastC })
      y = layer < numLayers - 1 ? dropout(out, this.dropout, this.training) : out
    }
    return [y, cat(states.map((s) => s.h)), c && cat(states.map((s) => s.c!))]
  }

  /** Checks an input and gives it a batch where it has none. @throws SHAPE_MISMATCH */
  protected batched(input: Tensor): { x: Tensor; single: boolean; batch: number } {
    if (input.ndim !== 2 && input.ndim !== 3) mismatch(this.mode, 'an input of 2 or 3 axes', input.shape)
    if (input.shape.at(-1) !== this.inputSize) mismatch(this.mode, `inputs of ${this.inputSize} features`, input.shape)
    const single = input.ndim === 2
    const x = single ? input.unsqueeze(this.batchFirst ? 0 : 1) : input
    return { x, single, batch: x.shape[this.batchFirst ? 0 : 1]! }
  }

  /** A state as all layers' [layers · directions, batch, hidden]; zeros where none is given. @throws SHAPE_MISMATCH */
  protected stateFor(given: Tensor | null | undefined, batch: number, single: boolean): Tensor {
    const expected = [this.numLayers * this.directions, batch, this.hiddenSize]
    const state = given ? (single ? given.unsqueeze(1) : given) : zeros(expected)
    if (`${state.shape}` !== `${expected}`) mismatch(this.mode, `a state [${expected}]`, given!.shape)
    return state
  }

  protected unbatched(output: Tensor, single: boolean): Tensor {
    return single ? output.squeeze(this.batchFirst ? 0 : 1) : output
  }

  override extraRepr(): string {
    return [
      `${this.inputSize}, ${this.hiddenSize}`, ...(this.numLayers === 1 ? [] : [`num_layers=${this.numLayers}`]), ...(this.bias ? [] : [`bias=${bool(false)}`]),
      ...(this.batchFirst ? ['batch_first=True'] : []), ...(this.dropout ? [`dropout=${float(this.dropout)}`] : []), ...(this.bidirectional ? ['bidirectional=True'] : []),
    ].join(', ')
  }
}

/** What the recurrent networks share. Weights are fields of PyTorch's names: weight_ih_l0, bias_hh_l1_reverse. */
export abstract class RNNBase<State> extends StackedRNN<State> {
  /** @throws OPTION_INVALID, SHAPE_MISMATCH */
  constructor(mode: CellMode, inputSize: number, hiddenSize: number, options: RNNOptions) {
    super(mode, inputSize, hiddenSize, options)
    for (let layer = 0; layer < this.numLayers; layer++) {
      const { inputs, hidden } = this.weightShapes(layer)
      for (const suffix of this.suffixes(layer)) {
        this.registerParameter(`weight_ih${suffix}`, new Parameter(zeros(inputs)))
        this.registerParameter(`weight_hh${suffix}`, new Parameter(zeros(hidden)))
        if (!this.bias) continue
        this.registerParameter(`bias_ih${suffix}`, new Parameter(zeros([inputs[0]])))
        this.registerParameter(`bias_hh${suffix}`, new Parameter(zeros([inputs[0]])))
      }
    }
    this.resetParameters()
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize)
    for (const weight of this.parameters()) uniform_(weight, -bound, bound)
  }

  /** A weight by PyTorch's name. */
  weight(name: string): Parameter {
    return (this as unknown as Record<string, Parameter>)[name]!
  }

  /** Weights of every direction of a layer. */
  layerWeights(layer: number): DirectionWeights[] {
    const bias = (name: string): Parameter | null => (this.bias ? this.weight(name) : null)
    return this.suffixes(layer).map((s) => [this.weight(`weight_ih${s}`), this.weight(`weight_hh${s}`), bias(`bias_ih${s}`), bias(`bias_hh${s}`)])
  }

  protected layer(index: number, x: Tensor, h: Tensor, c: Tensor | undefined, axes: { readonly batchFirstIn: boolean; readonly batchFirstOut: boolean }): LayerResult {
    return recurrentLayer(x, h, c, { mode: this.mode, hidden: this.hiddenSize, directions: this.layerWeights(index), ...axes })
  }
}

/** What RNN and GRU share: one state. */
abstract class OneStateRNN extends RNNBase<Tensor> {
  forward(input: Tensor, state?: Tensor | null): [output: Tensor, state: Tensor] {
    const { x, single, batch } = this.batched(input)
    const [y, h] = this.run(x, this.stateFor(state, batch, single))
    return [this.unbatched(y, single), single ? h.squeeze(1) : h]
  }
}

export interface ElmanOptions extends RNNOptions { readonly nonlinearity?: 'tanh' | 'relu' }

/** Elman's network: h = tanh(W x + b + R h + c), or relu. */
export class RNN extends OneStateRNN {
  static override readonly typeName: string = 'RNN'
  readonly nonlinearity: 'tanh' | 'relu'

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<[numLayers: number, nonlinearity: 'tanh' | 'relu', bias: boolean, batchFirst: boolean, dropout: number, bidirectional: boolean], ElmanOptions>) {
    const { nonlinearity = 'tanh', ...options } = settings<ElmanOptions>('RNN', ['numLayers', 'nonlinearity', 'bias', 'batchFirst', 'dropout', 'bidirectional'], rest)
    super(modeOf(nonlinearity), inputSize, hiddenSize, options)
    this.nonlinearity = nonlinearity
  }
}

/** Gated recurrent units. */
export class GRU extends OneStateRNN {
  static override readonly typeName: string = 'GRU'
  constructor(inputSize: number, hiddenSize: number, ...rest: RNNSettings) {
    super('GRU', inputSize, hiddenSize, settings<RNNOptions>('GRU', RNN_SETTINGS, rest))
  }
}

/** Hidden and cell state. */
export type LSTMState = readonly [h: Tensor, c: Tensor]

/** Long short-term memory. */
export class LSTM extends RNNBase<LSTMState> {
  static override readonly typeName: string = 'LSTM'
  constructor(inputSize: number, hiddenSize: number, ...rest: RNNSettings) {
    super('LSTM', inputSize, hiddenSize, settings<RNNOptions>('LSTM', RNN_SETTINGS, rest))
  }

  forward(input: Tensor, state?: LSTMState | null): [output: Tensor, state: LSTMState] {
    const { x, single, batch } = this.batched(input)
    const [y, h, c] = this.run(x, this.stateFor(state?.[0], batch, single), this.stateFor(state?.[1], batch, single))
    return [this.unbatched(y, single), single ? [h.squeeze(1), c!.squeeze(1)] : [h, c!]]
  }
}

export function modeOf(nonlinearity: 'tanh' | 'relu'): CellMode {
  if (nonlinearity !== 'tanh' && nonlinearity !== 'relu') throw new OctavoError('OPTION_INVALID', `nonlinearity must be tanh or relu, got ${String(nonlinearity)}.`, { nonlinearity })
  return nonlinearity === 'relu' ? 'RNN_RELU' : 'RNN_TANH'
}

export interface CellOptions { readonly bias?: boolean }

/** One step, whatever its weights are. */
export abstract class StepCell<State> extends Module<[input: Tensor, state?: State | null], State> {
  readonly bias: boolean

  constructor(readonly mode: CellMode, readonly inputSize: number, readonly hiddenSize: number, { bias = true }: CellOptions) {
    super()
    this.bias = bias
  }

  /** One layer over one step; states [1, batch, hidden]. */
  protected abstract layer(x: Tensor, h: Tensor, c: Tensor | undefined): LayerResult

  /** One step on [batch, inputs] or [inputs]; states alike. @throws SHAPE_MISMATCH */
  protected step(input: Tensor, given: readonly (Tensor | null | undefined)[]): Tensor[] {
    const { inputSize, hiddenSize, mode } = this
    if ((input.ndim !== 1 && input.ndim !== 2) || input.shape.at(-1) !== inputSize) mismatch(mode, `inputs [batch, ${inputSize}] or [${inputSize}]`, input.shape)
    const shape = [...input.shape.slice(0, -1), hiddenSize]
    const batch = shape.length === 2 ? shape[0]! : 1
    const states = given.map((state) => {
      if (state && `${state.shape}` !== `${shape}`) mismatch(mode, `a state [${shape}]`, state.shape)
      return (state ?? zeros(shape)).reshape(1, batch, hiddenSize)
    })
    const [, ...next] = this.layer(input.reshape(1, batch, inputSize), states[0]!, states[1])
    return next.map((state) => state!.reshape(shape))
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? '' : ', bias=False'}`
  }
}

/** What the cells share. */
export abstract class RNNCellBase<State> extends StepCell<State> {
  weightIh: Parameter
  weightHh: Parameter
  biasIh: Parameter | null
  biasHh: Parameter | null

  constructor(mode: CellMode, inputSize: number, hiddenSize: number, options: CellOptions) {
    super(mode, inputSize, hiddenSize, options)
    const rows = gatesOf(mode) * hiddenSize, { bias } = this
    this.weightIh = new Parameter(zeros([rows, inputSize]))
    this.weightHh = new Parameter(zeros([rows, hiddenSize]))
    this.biasIh = bias ? new Parameter(zeros([rows])) : null
    this.biasHh = bias ? new Parameter(zeros([rows])) : null
    this.resetParameters()
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize)
    for (const weight of this.parameters()) uniform_(weight, -bound, bound)
  }

  protected layer(x: Tensor, h: Tensor, c: Tensor | undefined): LayerResult {
    return recurrentLayer(x, h, c, { mode: this.mode, hidden: this.hiddenSize, directions: [[this.weightIh, this.weightHh, this.biasIh, this.biasHh]] })
  }
}

/** One step of an RNN. */
export class RNNCell extends RNNCellBase<Tensor> {
  static override readonly typeName: string = 'RNNCell'
  readonly nonlinearity: 'tanh' | 'relu'

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<[bias: boolean, nonlinearity: 'tanh' | 'relu'], CellOptions & { readonly nonlinearity?: 'tanh' | 'relu' }>) {
    const { nonlinearity = 'tanh', ...options } = settings<CellOptions & { readonly nonlinearity?: 'tanh' | 'relu' }>('RNNCell', ['bias', 'nonlinearity'], rest)
    super(modeOf(nonlinearity), inputSize, hiddenSize, options)
    this.nonlinearity = nonlinearity
  }

  forward(input: Tensor, state?: Tensor | null): Tensor {
    return this.step(input, [state])[0]!
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`)
  }
}

/** One step of a GRU. */
export class GRUCell extends RNNCellBase<Tensor> {
  static override readonly typeName: string = 'GRUCell'
  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<[bias: boolean], CellOptions>) {
    super('GRU', inputSize, hiddenSize, settings<CellOptions>('GRUCell', ['bias'], rest))
  }

  forward(input: Tensor, state?: Tensor | null): Tensor {
    return this.step(input, [state])[0]!
  }
}

/** One step of an LSTM. */
export class LSTMCell extends RNNCellBase<LSTMState> {
  static override readonly typeName: string = 'LSTMCell'
  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<[bias: boolean], CellOptions>) {
    super('LSTM', inputSize, hiddenSize, settings<CellOptions>('LSTMCell', ['bias'], rest))
  }

  forward(input: Tensor, state?: LSTMState | null): LSTMState {
    const [h, c] = this.step(input, [state?.[0], state?.[1]])
    return [h!, c!]
  }
}
