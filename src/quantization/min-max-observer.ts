import type { Tensor } from '../value.js'
import { NOTHING, kernels, type Range } from './kernels.js'
import { UniformObserver, buffer, expectNames, floatBuffer, floatsOf, type StateDict, type UniformOptions } from './observer-base.js'
import { OctavoError } from '../errors.js'
import { calculateQParams, type QParams } from './qparams.js'
import { isPerTensor } from './qscheme.js'

const f32 = Math.fround

/** The range of everything seen, per tensor. Merging is exact: a set split in any way gives the same bits. */
export class MinMaxObserver extends UniformObserver {
  static override readonly name: string = 'MinMaxObserver'

  protected range: Range = NOTHING

  /** @throws OPTION_INVALID */
  constructor(options: UniformOptions = {}) {
    super(options, 'per_tensor_affine', isPerTensor)
    this.refuseReducedSymmetric()
  }

  /** Running minimum, a float32 value; +∞ while nothing was seen. */
  get minVal(): number { return this.range[0] }
  /** Running maximum; −∞ while nothing was seen. */
  get maxVal(): number { return this.range[1] }

  forward(x: Tensor): Tensor {
    const data = floatsOf(this, x)
    if (data.length) this.range = this.next(kernels().minMax(data))
    return x
  }

  /** The range after a batch of this range. */
  protected next([min, max]: Range): Range {
    return [Math.min(min, this.minVal), Math.max(max, this.maxVal)]
  }

  override calculateQParams(): QParams {
    return calculateQParams(Float32Array.of(this.minVal), Float32Array.of(this.maxVal), this)
  }

  resetMinMaxVals(): void {
    this.range = NOTHING
  }

  override stateDict(): StateDict {
    return { eps: floatBuffer([this.eps], [1]), min_val: floatBuffer([this.minVal], []), max_val: floatBuffer([this.maxVal], []) }
  }

  override loadStateDict(state: StateDict): void {
    expectNames(this, state, ['eps', 'min_val', 'max_val'])
    const [eps, min, max] = ['eps', 'min_val', 'max_val'].map((name) => buffer(this, state, name, 1)[0]!)
    this.eps = eps!
    this.range = [min!, max!]
  }

  override merge(other: this): void {
    this.range = [Math.min(this.minVal, other.minVal), Math.max(this.maxVal, other.maxVal)]
  }
}

export interface MovingAverageOptions extends UniformOptions {
  /** weight of the newest batch [0.01] */
  averagingConstant?: number
}

/** m + c·(x − m), every operation rounded to float32; the difference, then the product, then the sum. */
export const movingAverage = (mean: number, x: number, constant: number): number => f32(mean + f32(f32(constant) * f32(x - mean)))

/** The exponential mean of the ranges of batches, per tensor. It depends on their order, so that it cannot be merged. */
export class MovingAverageMinMaxObserver extends MinMaxObserver {
  static override readonly name: string = 'MovingAverageMinMaxObserver'

  readonly averagingConstant: number

  /** @throws OPTION_INVALID */
  constructor(options: MovingAverageOptions = {}) {
    super(options)
    this.averagingConstant = options.averagingConstant ?? 0.01
    if (this.averagingConstant !== 1) this.refuseDynamic()
  }

  protected override next([min, max]: Range): Range {
    if (this.minVal === Infinity && this.maxVal === -Infinity) return [min, max]
    return [movingAverage(this.minVal, min, this.averagingConstant), movingAverage(this.maxVal, max, this.averagingConstant)]
  }

  override merge(_other: this): void {
    throw ordered(this.constructor.name)
  }
}

/** A moving average depends on the order of batches. */
export const ordered = (observer: string): OctavoError =>
  new OctavoError('CALIBRATION_INVALID', `${observer} cannot be merged: its state depends on the order of batches. Calibrate in one process, or use its observer without the average.`, { observer })
