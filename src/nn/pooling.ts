import { adaptiveAvgPool, adaptiveMaxPool, avgPool, maxPool, maxPoolWithIndices, type AvgPoolOptions, type MaxPoolOptions } from '../autograd/ops/pool.js'
import type { Tensor } from '../autograd/tensor.js'
import { Module } from './module.js'
import { bool, sizes, tuple } from './python.js'
import { settings, type Settings } from './settings.js'

type Size = number | readonly number[]

export interface MaxPoolLayerOptions extends MaxPoolOptions {
  /** Gives the places of the results too. */
  readonly returnIndices?: boolean
}
type MaxSettings = Settings<[stride: Size | null, padding: Size, dilation: Size, returnIndices: boolean, ceilMode: boolean], MaxPoolLayerOptions>

/** What the max pools share. With returnIndices the output is [values, indices]. */
export abstract class MaxPoolBase extends Module<[input: Tensor], any> {
  readonly stride: Size
  readonly padding: Size
  readonly dilation: Size
  readonly returnIndices: boolean
  readonly ceilMode: boolean

  constructor(where: string, private readonly axes: number, readonly kernelSize: Size, rest: MaxSettings) {
    super()
    const { stride, padding = 0, dilation = 1, returnIndices = false, ceilMode = false } = settings<MaxPoolLayerOptions>(where, ['stride', 'padding', 'dilation', 'returnIndices', 'ceilMode'], rest)
    this.stride = stride ?? kernelSize
    this.padding = padding
    this.dilation = dilation
    this.returnIndices = returnIndices
    this.ceilMode = ceilMode
  }

  forward(input: Tensor): any {
    const pool = this.returnIndices ? maxPoolWithIndices : maxPool
    return pool(this.axes, input, this.kernelSize, { stride: this.stride, padding: this.padding, dilation: this.dilation, ceilMode: this.ceilMode })
  }

  override extraRepr(): string {
    return `kernel_size=${sizes(this.kernelSize)}, stride=${sizes(this.stride)}, padding=${sizes(this.padding)}, dilation=${sizes(this.dilation)}, ceil_mode=${bool(this.ceilMode)}`
  }
}

export class MaxPool1d extends MaxPoolBase {
  static override readonly typeName: string = 'MaxPool1d'
  constructor(kernelSize: Size, ...rest: MaxSettings) { super('MaxPool1d', 1, kernelSize, rest) }
}

export class MaxPool2d extends MaxPoolBase {
  static override readonly typeName: string = 'MaxPool2d'
  constructor(kernelSize: Size, ...rest: MaxSettings) { super('MaxPool2d', 2, kernelSize, rest) }
}

export class MaxPool3d extends MaxPoolBase {
  static override readonly typeName: string = 'MaxPool3d'
  constructor(kernelSize: Size, ...rest: MaxSettings) { super('MaxPool3d', 3, kernelSize, rest) }
}

type AvgSettings = Settings<[stride: Size | null, padding: Size, ceilMode: boolean, countIncludePad: boolean, divisorOverride: number | null], AvgPoolOptions>
const AVG_NAMES = ['stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'] as const

/** What the average pools share. */
export abstract class AvgPoolBase extends Module<[input: Tensor], Tensor> {
  readonly stride: Size
  readonly padding: Size
  readonly ceilMode: boolean
  readonly countIncludePad: boolean
  readonly divisorOverride: number | null

  constructor(where: string, private readonly axes: number, readonly kernelSize: Size, rest: AvgSettings) {
    super()
    const { stride, padding = 0, ceilMode = false, countIncludePad = true, divisorOverride = null } = settings<AvgPoolOptions>(where, AVG_NAMES, rest)
    this.stride = stride ?? kernelSize
    this.padding = padding
    this.ceilMode = ceilMode
    this.countIncludePad = countIncludePad
    this.divisorOverride = divisorOverride
  }

  forward(input: Tensor): Tensor {
    const { stride, padding, ceilMode, countIncludePad, divisorOverride } = this
    return avgPool(this.axes, input, this.kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride })
  }

  override extraRepr(): string {
    return `kernel_size=${sizes(this.kernelSize)}, stride=${sizes(this.stride)}, padding=${sizes(this.padding)}`
  }
}

const one = (size: Size): readonly number[] => (typeof size === 'number' ? [size] : size)

export class AvgPool1d extends AvgPoolBase {
  static override readonly typeName: string = 'AvgPool1d'
  constructor(kernelSize: Size, ...rest: Settings<[stride: Size | null, padding: Size, ceilMode: boolean, countIncludePad: boolean], Omit<AvgPoolOptions, 'divisorOverride'>>) { super('AvgPool1d', 1, kernelSize, rest) }
  override extraRepr(): string { return `kernel_size=${tuple(one(this.kernelSize))}, stride=${tuple(one(this.stride))}, padding=${tuple(one(this.padding))}` }
}

export class AvgPool2d extends AvgPoolBase {
  static override readonly typeName: string = 'AvgPool2d'
  constructor(kernelSize: Size, ...rest: AvgSettings) { super('AvgPool2d', 2, kernelSize, rest) }
}

export class AvgPool3d extends AvgPoolBase {
  static override readonly typeName: string = 'AvgPool3d'
  constructor(kernelSize: Size, ...rest: AvgSettings) { super('AvgPool3d', 3, kernelSize, rest) }
}

type OutputSize = number | readonly (number | null)[]

/** What the adaptive pools share. */
export abstract class AdaptivePoolBase extends Module<[input: Tensor], Tensor> {
  constructor(readonly outputSize: OutputSize) { super() }

  override extraRepr(): string {
    return `output_size=${typeof this.outputSize === 'number' ? this.outputSize : tuple(this.outputSize, (s: number | null) => (s === null ? 'None' : String(s)))}`
  }
}

export class AdaptiveAvgPool1d extends AdaptivePoolBase {
  static override readonly typeName: string = 'AdaptiveAvgPool1d'
  forward(input: Tensor): Tensor { return adaptiveAvgPool(1, input, this.outputSize) }
}

export class AdaptiveAvgPool2d extends AdaptivePoolBase {
  static override readonly typeName: string = 'AdaptiveAvgPool2d'
  forward(input: Tensor): Tensor { return adaptiveAvgPool(2, input, this.outputSize) }
}

export class AdaptiveAvgPool3d extends AdaptivePoolBase {
  static override readonly typeName: string = 'AdaptiveAvgPool3d'
  forward(input: Tensor): Tensor { return adaptiveAvgPool(3, input, this.outputSize) }
}

export class AdaptiveMaxPool1d extends AdaptivePoolBase {
  static override readonly typeName: string = 'AdaptiveMaxPool1d'
  forward(input: Tensor): Tensor { return adaptiveMaxPool(1, input, this.outputSize) }
}

export class AdaptiveMaxPool2d extends AdaptivePoolBase {
  static override readonly typeName: string = 'AdaptiveMaxPool2d'
  forward(input: Tensor): Tensor { return adaptiveMaxPool(2, input, this.outputSize) }
}

export class AdaptiveMaxPool3d extends AdaptivePoolBase {
  static override readonly typeName: string = 'AdaptiveMaxPool3d'
  forward(input: Tensor): Tensor { return adaptiveMaxPool(3, input, this.outputSize) }
}
