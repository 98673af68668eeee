import { OctavoError } from '../errors.js'
import type { Tensor } from '../value.js'
import { neighbour } from './float32.js'
import { NOTHING, kernels, type Range } from './kernels.js'
import { UniformObserver, buffer, expectNames, floatBuffer, floatsOf, type StateDict, type UniformOptions } from './observer-base.js'
import { calculateQParams, type QParams } from './qparams.js'
import { BITS, isPerTensor } from './qscheme.js'

const f32 = Math.fround

export interface HistogramOptions extends UniformOptions {
  /** bins of the histogram [2048] */
  bins?: number
}

/**
 * A histogram of everything seen, over the range seen; qparams from the part of that range with the least L2 error (assembly/observe/search.ts).
 * Infinite elements are left out. `merge` puts both histograms over the range of both and adds them: like a batch that widens the range, it keeps
 * counts and moves each by less than a bin, so that another split of a set may give other low bits.
 */
export class HistogramObserver extends UniformObserver {
  static override readonly name: string = 'HistogramObserver'

  readonly bins: number
  /** number of codes, 2^bits */
  private readonly codes: number
  private range: Range = NOTHING
  /** float32 counts per bin */
  histogram: Float32Array

  /** @throws OPTION_INVALID */
  constructor(options: HistogramOptions = {}) {
    super(options, 'per_tensor_affine', isPerTensor)
    this.refuseDynamic()
    const bits = BITS[this.dtype]
    this.bins = options.bins ?? 2048
    if (!bits || !(Number.isInteger(this.bins) && this.bins > 0 && this.bins <= 2 ** 20))
      throw new OctavoError('OPTION_INVALID', `HistogramObserver: expected an integer dtype and 1 to 2²⁰ bins, got ${this.dtype} and ${this.bins}.`, { dtype: this.dtype, bins: this.bins })
    this.codes = 2 ** bits
    this.histogram = new Float32Array(this.bins)
  }

  get minVal(): number { return this.range[0] }
  get maxVal(): number { return this.range[1] }
  private get empty(): boolean { return this.minVal === Infinity || this.maxVal === -Infinity }

  /** @throws CALIBRATION_INVALID NaN in x, or a range too wide for float32; the state is as before then */
  forward(x: Tensor): Tensor {
    const data = floatsOf(this, x)
    const batch = this.rangeOf(data)
    if (!batch) return x
    const union: Range = [Math.min(this.minVal, batch[0]), Math.max(this.maxVal, batch[1])]
    this.histogram = kernels().histc(data, this.over(union), binsOf(union))
    this.range = union
    return x
  }

  /** The histogram so far, over a range that holds its own. */
  private over(range: Range): Float32Array {
    if (this.empty) return new Float32Array(this.bins)
    return range[0] === this.minVal && range[1] === this.maxVal ? this.histogram : kernels().rebin(this.histogram, this.range, range)
  }

  /** The range of what is finite in a batch, undefined where nothing is. */
  private rangeOf(data: Float32Array): Range | undefined {
    if (!data.length) return undefined
    let range = kernels().minMax(data)
    if (range[0] === -Infinity || range[1] === Infinity) range = kernels().minMax(data, { finite: true })
    if (Number.isNaN(range[0]))
      throw new OctavoError('CALIBRATION_INVALID', 'HistogramObserver: the tensor holds NaN, which has no bin. Look for the layer that makes it, or leave the sample out.', {})
    return range[0] > range[1] ? undefined : range
  }

  /** The range with the least error: [min, max], float32. @throws QPARAMS_INVALID nothing observed */
  searchRange(): Range {
    if (this.empty) throw new OctavoError('QPARAMS_INVALID', 'HistogramObserver: nothing was observed. Run it on data first.', {})
    const [first, last] = kernels().search(this.histogram, this.range, this.codes)
    const width = f32(f32(this.maxVal - this.minVal) / f32(this.bins))
    return [f32(this.minVal + f32(width * first)), f32(this.minVal + f32(width * (last + 1)))]
  }

  override calculateQParams(): QParams {
    const [min, max] = this.minVal === Infinity && this.maxVal === -Infinity ? NOTHING : this.searchRange()
    return calculateQParams(Float32Array.of(min), Float32Array.of(max), this)
  }

  override stateDict(): StateDict {
    return {
      eps: floatBuffer([this.eps], [1]), histogram: floatBuffer(this.histogram, [this.bins]), min_val: floatBuffer([this.minVal], []), max_val: floatBuffer([this.maxVal], []),
    }
  }

  override loadStateDict(state: StateDict): void {
    expectNames(this, state, ['eps', 'histogram', 'min_val', 'max_val'])
    const histogram = buffer(this, state, 'histogram', this.bins)
    const [eps, min, max] = ['eps', 'min_val', 'max_val'].map((name) => buffer(this, state, name, 1)[0]!)
    this.eps = eps!
    this.histogram = histogram
    this.range = [min!, max!]
  }

  override merge(other: this): void {
    if (other.bins !== this.bins) throw new OctavoError('CALIBRATION_INVALID', `HistogramObserver: cannot merge ${other.bins} bins into ${this.bins}.`, {})
    if (other.empty) return
    const union: Range = [Math.min(this.minVal, other.minVal), Math.max(this.maxVal, other.maxVal)]
    const theirs = other.over(union)
    this.histogram = this.over(union).map((count, i) => count + theirs[i]!)
    this.range = union
  }
}

/** The range that bins divide: one value gets one on either side of it, or the next float where that is further. */
function binsOf([min, max]: Range): Range {
  if (min !== max) return [min, max]
  return [Math.min(f32(min - 1), neighbour(min, false)), Math.max(f32(max + 1), neighbour(max, true))]
}
