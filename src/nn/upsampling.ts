import { interpolate, type InterpolateMode } from '../autograd/ops/resize.js'
import type { Tensor } from '../autograd/tensor.js'
import { Module } from './module.js'
import { float, sizes, tuple } from './python.js'
import { settings, type Settings } from './settings.js'

type Size = number | readonly number[]

export interface UpsampleOptions {
  readonly size?: Size | null
  readonly scaleFactor?: Size | null
  readonly mode?: InterpolateMode
  readonly alignCorners?: boolean | null
  readonly recomputeScaleFactor?: boolean | null
}

/** Images of another size. */
export class Upsample extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Upsample'
  readonly size: Size | null
  readonly scaleFactor: Size | null
  readonly mode: InterpolateMode
  readonly alignCorners: boolean | null
  readonly recomputeScaleFactor: boolean | null

  constructor(...rest: Settings<[size: Size | null, scaleFactor: Size | null, mode: InterpolateMode, alignCorners: boolean | null, recomputeScaleFactor: boolean | null], UpsampleOptions>) {
    super()
    const { size = null, scaleFactor = null, mode = 'nearest', alignCorners = null, recomputeScaleFactor = null } =
      settings<UpsampleOptions>('Upsample', ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'], rest)
    this.size = size
    this.scaleFactor = scaleFactor
    this.mode = mode
    this.alignCorners = alignCorners
    this.recomputeScaleFactor = recomputeScaleFactor
  }

  forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this
    return interpolate(input, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor })
  }

  override extraRepr(): string {
    const { size, scaleFactor, mode } = this
    const extent = scaleFactor === null ? `size=${size === null ? 'None' : sizes(size)}` : `scale_factor=${typeof scaleFactor === 'number' ? float(scaleFactor) : tuple(scaleFactor, float)}`
    return `${extent}, mode='${mode}'`
  }
}

/** Upsample by repetition. */
export class UpsamplingNearest2d extends Upsample {
  static override readonly typeName: string = 'UpsamplingNearest2d'
  constructor(...rest: Settings<[size: Size | null, scaleFactor: Size | null], Pick<UpsampleOptions, 'size' | 'scaleFactor'>>) {
    super({ ...settings<Pick<UpsampleOptions, 'size' | 'scaleFactor'>>('UpsamplingNearest2d', ['size', 'scaleFactor'], rest), mode: 'nearest' })
  }
}

/** Upsample bilinearly, corners aligned. */
export class UpsamplingBilinear2d extends Upsample {
  static override readonly typeName: string = 'UpsamplingBilinear2d'
  constructor(...rest: Settings<[size: Size | null, scaleFactor: Size | null], Pick<UpsampleOptions, 'size' | 'scaleFactor'>>) {
    super({ ...settings<Pick<UpsampleOptions, 'size' | 'scaleFactor'>>('UpsamplingBilinear2d', ['size', 'scaleFactor'], rest), mode: 'bilinear', alignCorners: true })
  }
}
