import { full } from '../autograd/create.js'
import * as ops from '../autograd/ops/activation.js'
import { relu, sigmoid, tanh } from '../autograd/ops/elementwise.js'
import type { Tensor } from '../autograd/tensor.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { float } from './python.js'
import { settings, type Settings } from './settings.js'

export interface InplaceOptions {
  /** Writes the result into the input. */
  readonly inplace?: boolean
}
export type InplaceSettings = Settings<[inplace: boolean], InplaceOptions>

/** A function without parameters that may write into its input. */
abstract class Activation extends Module<[input: Tensor], Tensor> {
  readonly inplace: boolean

  constructor(where: string, rest: InplaceSettings) {
    super()
    this.inplace = settings<InplaceOptions>(where, ['inplace'], rest).inplace ?? false
  }

  protected abstract compute(input: Tensor): Tensor

  forward(input: Tensor): Tensor {
    const y = this.compute(input)
    return this.inplace ? input.copy_(y) : y
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : ''
  }
}

export class ReLU extends Activation {
  static override readonly typeName: string = 'ReLU'
  constructor(...rest: InplaceSettings) { super('ReLU', rest) }
  protected compute(input: Tensor): Tensor { return relu(input) }
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Activation {
  static override readonly typeName: string = 'ReLU6'
  readonly minVal = 0
  readonly maxVal = 6
  constructor(...rest: InplaceSettings) { super('ReLU6', rest) }
  protected compute(input: Tensor): Tensor { return ops.relu6(input) }
}

export class Hardswish extends Activation {
  static override readonly typeName: string = 'Hardswish'
  constructor(...rest: InplaceSettings) { super('Hardswish', rest) }
  protected compute(input: Tensor): Tensor { return ops.hardswish(input) }
  override extraRepr(): string { return '' }
}

export class Hardsigmoid extends Activation {
  static override readonly typeName: string = 'Hardsigmoid'
  constructor(...rest: InplaceSettings) { super('Hardsigmoid', rest) }
  protected compute(input: Tensor): Tensor { return ops.hardsigmoid(input) }
  override extraRepr(): string { return '' }
}

/** x · sigmoid(x). */
export class SiLU extends Activation {
  static override readonly typeName: string = 'SiLU'
  constructor(...rest: InplaceSettings) { super('SiLU', rest) }
  protected compute(input: Tensor): Tensor { return ops.silu(input) }
}

export class Mish extends Activation {
  static override readonly typeName: string = 'Mish'
  constructor(...rest: InplaceSettings) { super('Mish', rest) }
  protected compute(input: Tensor): Tensor { return ops.mish(input) }
}

export class SELU extends Activation {
  static override readonly typeName: string = 'SELU'
  constructor(...rest: InplaceSettings) { super('SELU', rest) }
  protected compute(input: Tensor): Tensor { return ops.selu(input) }
}

const withInplace = (text: string, inplace: boolean): string => (inplace ? `${text}, inplace=True` : text)

export interface LeakyReLUOptions extends InplaceOptions { readonly negativeSlope?: number }

export class LeakyReLU extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'LeakyReLU'
  readonly negativeSlope: number
  readonly inplace: boolean

  constructor(...rest: Settings<[negativeSlope: number, inplace: boolean], LeakyReLUOptions>) {
    super()
    const { negativeSlope = 0.01, inplace = false } = settings<LeakyReLUOptions>('LeakyReLU', ['negativeSlope', 'inplace'], rest)
    this.negativeSlope = negativeSlope
    this.inplace = inplace
  }

  forward(input: Tensor): Tensor {
    const y = ops.leakyRelu(input, this.negativeSlope)
    return this.inplace ? input.copy_(y) : y
  }

  override extraRepr(): string { return withInplace(`negative_slope=${float(this.negativeSlope)}`, this.inplace) }
}

export interface ELUOptions extends InplaceOptions { readonly alpha?: number }

export class ELU extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'ELU'
  readonly alpha: number
  readonly inplace: boolean

  constructor(...rest: Settings<[alpha: number, inplace: boolean], ELUOptions>) {
    super()
    const { alpha = 1, inplace = false } = settings<ELUOptions>('ELU', ['alpha', 'inplace'], rest)
    this.alpha = alpha
    this.inplace = inplace
  }

  forward(input: Tensor): Tensor {
    const y = ops.elu(input, this.alpha)
    return this.inplace ? input.copy_(y) : y
  }

  override extraRepr(): string { return withInplace(`alpha=${float(this.alpha)}`, this.inplace) }
}

export interface HardtanhOptions extends InplaceOptions {
  readonly minVal?: number
  readonly maxVal?: number
}

export class Hardtanh extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Hardtanh'
  readonly minVal: number
  readonly maxVal: number
  readonly inplace: boolean

  constructor(...rest: Settings<[minVal: number, maxVal: number, inplace: boolean], HardtanhOptions>) {
    super()
    const { minVal = -1, maxVal = 1, inplace = false } = settings<HardtanhOptions>('Hardtanh', ['minVal', 'maxVal', 'inplace'], rest)
    this.minVal = minVal
    this.maxVal = maxVal
    this.inplace = inplace
  }

  forward(input: Tensor): Tensor {
    const y = ops.hardtanh(input, this.minVal, this.maxVal)
    return this.inplace ? input.copy_(y) : y
  }

  override extraRepr(): string { return withInplace(`min_val=${float(this.minVal)}, max_val=${float(this.maxVal)}`, this.inplace) }
}

export class Sigmoid extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Sigmoid'
  forward(input: Tensor): Tensor { return sigmoid(input) }
}

export class Tanh extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Tanh'
  forward(input: Tensor): Tensor { return tanh(input) }
}

export class Softsign extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Softsign'
  forward(input: Tensor): Tensor { return ops.softsign(input) }
}

export interface GELUOptions { readonly approximate?: 'none' | 'tanh' }

export class GELU extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'GELU'
  readonly approximate: 'none' | 'tanh'

  constructor(...rest: Settings<[approximate: 'none' | 'tanh'], GELUOptions>) {
    super()
    this.approximate = settings<GELUOptions>('GELU', ['approximate'], rest).approximate ?? 'none'
  }

  forward(input: Tensor): Tensor { return ops.gelu(input, this.approximate) }
  override extraRepr(): string { return `approximate='${this.approximate}'` }
}

export interface SoftplusOptions {
  readonly beta?: number
  readonly threshold?: number
}

export class Softplus extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Softplus'
  readonly beta: number
  readonly threshold: number

  constructor(...rest: Settings<[beta: number, threshold: number], SoftplusOptions>) {
    super()
    const { beta = 1, threshold = 20 } = settings<SoftplusOptions>('Softplus', ['beta', 'threshold'], rest)
    this.beta = beta
    this.threshold = threshold
  }

  forward(input: Tensor): Tensor { return ops.softplus(input, this.beta, this.threshold) }
  override extraRepr(): string { return `beta=${float(this.beta)}, threshold=${float(this.threshold)}` }
}

/** The axis that is normalised. */
export interface DimOptions { readonly dim?: number | null }
export type DimSettings = Settings<[dim: number | null], DimOptions>

/** The axis that softmax takes when none is named: 0 for 0, 1 or 3 axes, else 1. */
export const softmaxAxis = (rank: number): number => (rank === 0 || rank === 1 || rank === 3 ? 0 : 1)

export class Softmax extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Softmax'
  readonly dim: number | null

  constructor(...rest: DimSettings) {
    super()
    this.dim = settings<DimOptions>('Softmax', ['dim'], rest).dim ?? null
  }

  forward(input: Tensor): Tensor { return ops.softmax(input, this.dim ?? softmaxAxis(input.ndim)) }
  override extraRepr(): string { return `dim=${this.dim ?? 'None'}` }
}

export class LogSoftmax extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'LogSoftmax'
  readonly dim: number | null

  constructor(...rest: DimSettings) {
    super()
    this.dim = settings<DimOptions>('LogSoftmax', ['dim'], rest).dim ?? null
  }

  forward(input: Tensor): Tensor { return ops.logSoftmax(input, this.dim ?? softmaxAxis(input.ndim)) }
  override extraRepr(): string { return `dim=${this.dim ?? 'None'}` }
}

export interface PReLUOptions {
  /** 1, or one slope per channel. */
  readonly numParameters?: number
  readonly init?: number
}

export class PReLU extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'PReLU'
  readonly numParameters: number
  readonly init: number
  weight: Parameter

  constructor(...rest: Settings<[numParameters: number, init: number], PReLUOptions>) {
    super()
    const { numParameters = 1, init = 0.25 } = settings<PReLUOptions>('PReLU', ['numParameters', 'init'], rest)
    this.numParameters = numParameters
    this.init = init
    this.weight = new Parameter(full([numParameters], init))
  }

  forward(input: Tensor): Tensor { return ops.prelu(input, this.weight) }
  override extraRepr(): string { return `num_parameters=${this.numParameters}` }
}
