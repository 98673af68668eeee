import { OctavoError } from '../errors.js'
import { elementCount } from '../dtype.js'
import type { Tensor } from '../value.js'
import { kernels } from './kernels.js'
import { UniformObserver, buffer, expectNames, floatBuffer, floatsOf, type StateDict, type UniformOptions } from './observer-base.js'
import { movingAverage, ordered } from './min-max-observer.js'
import { calculateQParams, type QParams } from './qparams.js'
import { isPerChannel } from './qscheme.js'

export interface PerChannelOptions extends UniformOptions {
  /** the axis of channels; PyTorch's ch_axis, negative counts from the end [0] */
  axis?: number
}

type Fold = (old: number, batch: number) => number
const EMPTY = new Float32Array(0)

/** The range of every channel of everything seen. Merging is exact. */
export class PerChannelMinMaxObserver extends UniformObserver {
  static override readonly name: string = 'PerChannelMinMaxObserver'

  readonly axis: number
  private min: Float32Array = EMPTY
  private max: Float32Array = EMPTY

  /** @throws OPTION_INVALID */
  constructor(options: PerChannelOptions = {}) {
    super(options, 'per_channel_affine', isPerChannel)
    this.axis = options.axis ?? 0
    this.refuseDynamic()
    this.refuseReducedSymmetric()
  }

  /** Running minima, one per channel; empty while nothing was seen. */
  get minVal(): Float32Array { return this.min }
  /** Running maxima. */
  get maxVal(): Float32Array { return this.max }

  /** @throws CALIBRATION_INVALID the axis is not there, or has another length than before */
  forward(x: Tensor): Tensor {
    const data = floatsOf(this, x)
    if (!data.length) return x
    const axis = this.axis < 0 ? this.axis + x.dims.length : this.axis
    const channels = x.dims[axis]
    if (channels === undefined || (this.min.length && this.min.length !== channels))
      throw new OctavoError('CALIBRATION_INVALID', `${this.constructor.name}: expected ${this.min.length || 'any number of'} channels on axis ${this.axis}, got a tensor of [${x.dims}].`, { axis: this.axis, dims: x.dims })
    const { low, high } = kernels().minMaxChannels(data, elementCount(x.dims.slice(0, axis)), channels, elementCount(x.dims.slice(axis + 1)))
    this.fold(low, high, this.foldMin, this.foldMax)
    return x
  }

  protected foldMin(old: number, batch: number): number { return Math.min(batch, old) }
  protected foldMax(old: number, batch: number): number { return Math.max(batch, old) }

  private fold(low: Float32Array, high: Float32Array, foldMin: Fold, foldMax: Fold): void {
    const first = !this.min.length
    this.min = first ? low : this.min.map((old, c) => foldMin.call(this, old, low[c]!))
    this.max = first ? high : this.max.map((old, c) => foldMax.call(this, old, high[c]!))
  }

  override calculateQParams(): QParams {
    return calculateQParams(this.min, this.max, this, false)
  }

  resetMinMaxVals(): void {
    this.min = this.max = EMPTY
  }

  override stateDict(): StateDict {
    return { eps: floatBuffer([this.eps], [1]), min_val: floatBuffer(this.min, [this.min.length]), max_val: floatBuffer(this.max, [this.max.length]) }
  }

  override loadStateDict(state: StateDict): void {
    expectNames(this, state, ['eps', 'min_val', 'max_val'])
    const min = buffer(this, state, 'min_val')
    const max = buffer(this, state, 'max_val', min.length)
    this.eps = buffer(this, state, 'eps', 1)[0]!
    this.min = min
    this.max = max
  }

  override merge(other: this): void {
    if (!other.min.length) return
    if (this.min.length && this.min.length !== other.min.length)
      throw new OctavoError('CALIBRATION_INVALID', `${this.constructor.name}: cannot merge ${other.min.length} channels into ${this.min.length}.`, {})
    this.fold(other.min.slice(), other.max.slice(), Math.min, Math.max)
  }
}

export interface MovingAveragePerChannelOptions extends PerChannelOptions {
  /** weight of the newest batch [0.01] */
  averagingConstant?: number
}

/** The exponential mean of the ranges of batches, per channel. */
export class MovingAveragePerChannelMinMaxObserver extends PerChannelMinMaxObserver {
  static override readonly name: string = 'MovingAveragePerChannelMinMaxObserver'

  readonly averagingConstant: number

  /** @throws OPTION_INVALID */
  constructor(options: MovingAveragePerChannelOptions = {}) {
    super(options)
    this.averagingConstant = options.averagingConstant ?? 0.01
  }

  protected override foldMin(old: number, batch: number): number { return movingAverage(old, batch, this.averagingConstant) }
  protected override foldMax(old: number, batch: number): number { return movingAverage(old, batch, this.averagingConstant) }

  override merge(_other: this): void {
    throw ordered(this.constructor.name)
  }
}
