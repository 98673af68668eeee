import { OctavoError } from '../errors.js'
import { Tensor } from '../value.js'
import { binsOf, extended, grown, merged, type Bins } from './calibration-bins.js'
import { entropyRange } from './entropy.js'
import { NOTHING, kernels, type Range } from './kernels.js'
import { UniformObserver, buffer, expectNames, floatBuffer, floatsOf, type StateDict, type UniformOptions } from './observer-base.js'
import { percentileRange } from './percentile.js'
import { calculateQParams, type QParams } from './qparams.js'
import { isPerTensor } from './qscheme.js'

/** Observers that keep numpy histograms and choose a range from them as ONNX Runtime's calibration does; qparams of that range are PyTorch's. */
export abstract class CalibrationObserver extends UniformObserver {
  protected range: Range = NOTHING
  protected histogram: Bins | undefined

  constructor(options: UniformOptions, private readonly firstBins: number, protected readonly absolute: boolean) {
    super(options, 'per_tensor_affine', isPerTensor)
    this.refuseDynamic()
    this.refuseReducedSymmetric()
    if (!(Number.isInteger(firstBins) && firstBins > 0 && firstBins <= 2 ** 20))
      throw new OctavoError('OPTION_INVALID', `${this.constructor.name}: expected 1 to 2²⁰ bins, got ${firstBins}.`, { bins: firstBins })
  }

  get minVal(): number { return this.range[0] }
  get maxVal(): number { return this.range[1] }
  /** Counts and the edges between them, undefined while nothing was seen. */
  get bins(): Bins | undefined { return this.histogram }

  /** @throws CALIBRATION_INVALID NaN or an infinity in x: numpy has no bins for them; a range that grew beyond all bins */
  forward(x: Tensor): Tensor {
    const data = floatsOf(this, x)
    if (!data.length) return x
    const [min, max] = kernels().minMax(data)
    if (!Number.isFinite(min - max))
      throw new OctavoError('CALIBRATION_INVALID', `${this.constructor.name}: the tensor holds NaN or an infinity, which has no bin. Look for the layer that makes it, or leave the sample out.`, {})
    this.add(data, min, max)
    this.range = [Math.min(this.minVal, min), Math.max(this.maxVal, max)]
    return x
  }

  private add(data: Float32Array, min: number, max: number): void {
    const reach = Math.max(Math.abs(min), Math.abs(max))
    if (!this.histogram) {
      const range: Range = this.absolute ? kernels().minMax(data, { absolute: true }) : [-reach, reach]
      this.histogram = binsOf(range, new Float64Array(this.firstBins), reach)
    } else this.histogram = this.absolute ? extended(this.histogram, reach) : grown(this.histogram, reach)
    const { edges, limits, counts, threshold } = this.histogram
    const batch = kernels().countByEdges(data, limits, this.absolute)
    this.histogram = { edges, limits: edges, counts: counts.map((count, i) => count + batch[i]!), threshold }
  }

  /** The range to quantize, before it is cut to what was seen. */
  protected abstract choose(histogram: Bins): Range

  /** The range chosen. @throws QPARAMS_INVALID nothing observed */
  searchRange(): Range {
    if (!this.histogram) throw new OctavoError('QPARAMS_INVALID', `${this.constructor.name}: nothing was observed. Run it on data first.`, {})
    const [low, high] = this.choose(this.histogram)
    return [low < this.minVal ? this.minVal : low, high > this.maxVal ? this.maxVal : high]
  }

  override calculateQParams(): QParams {
    const [min, max] = this.histogram ? this.searchRange() : NOTHING
    return calculateQParams(Float32Array.of(min), Float32Array.of(max), this)
  }

  /**
   * Puts both histograms on one's bins, this one's: bins of the same width are added where the other reaches further, and its counts move by less than
   * the width of one of its own bins. Equal bins add exactly.
   */
  override merge(other: this): void {
    if (this.absolute) throw new OctavoError('CALIBRATION_INVALID', `${this.constructor.name} with a symmetric range cannot be merged: what lies below its first batch is not counted. Calibrate in one process, or leave the option out.`, {})
    if (!other.histogram) return
    this.histogram = this.histogram ? merged(this.histogram, other.histogram) : other.histogram
    this.range = [Math.min(this.minVal, other.minVal), Math.max(this.maxVal, other.maxVal)]
  }

  override stateDict(): StateDict {
    const { edges, counts, threshold } = this.histogram ?? { edges: [], counts: new Float64Array(0), threshold: 0 }
    return {
      eps: floatBuffer([this.eps], [1]), edges: floatBuffer(edges, [edges.length]), counts: new Tensor('float64', counts.slice(), [counts.length]),
      threshold: floatBuffer([threshold], []), min_val: floatBuffer([this.minVal], []), max_val: floatBuffer([this.maxVal], []),
    }
  }

  override loadStateDict(state: StateDict): void {
    expectNames(this, state, ['eps', 'edges', 'counts', 'threshold', 'min_val', 'max_val'])
    const [eps, threshold, min, max] = ['eps', 'threshold', 'min_val', 'max_val'].map((name) => buffer(this, state, name, 1)[0]!)
    const { dtype, data } = state['counts']!, edges = buffer(this, state, 'edges', data.length && data.length + 1)
    if (dtype !== 'float64') throw new OctavoError('CALIBRATION_INVALID', `state of ${this.constructor.name}, counts: expected float64, got ${dtype}.`, { name: 'counts' })
    this.eps = eps!
    this.range = [min!, max!]
    this.histogram = data.length ? { edges, limits: edges, counts: Float64Array.from(data as Float64Array), threshold: threshold! } : undefined
  }
}

export interface PercentileOptions extends UniformOptions {
  /** bins of the first histogram; more are added when the range grows [2048] */
  bins?: number
  /** how much of what was seen lies in the range, 0 to 100 [99.999] */
  percentile?: number
  /** a range around 0, from a histogram of |x| [false] */
  symmetricRange?: boolean
}

/** The range that holds a percentage of what was seen (ONNX Runtime's percentile calibration). */
export class PercentileObserver extends CalibrationObserver {
  static override readonly name: string = 'PercentileObserver'

  readonly percentile: number

  /** @throws OPTION_INVALID */
  constructor(options: PercentileOptions = {}) {
    super(options, options.bins ?? 2048, options.symmetricRange ?? false)
    this.percentile = options.percentile ?? 99.999
    if (!(this.percentile >= 0 && this.percentile <= 100)) throw new OctavoError('OPTION_INVALID', `PercentileObserver: expected a percentile from 0 to 100, got ${this.percentile}.`, { percentile: this.percentile })
  }

  protected choose(histogram: Bins): Range {
    return percentileRange(histogram, this.percentile, this.absolute)
  }
}

export interface EntropyOptions extends UniformOptions {
  /** bins of the first histogram; more are added when the range grows [128] */
  bins?: number
  /** bins that stand for the codes [128] */
  quantizedBins?: number
}

/** The range around 0 whose quantized distribution is nearest to what was seen, by relative entropy (ONNX Runtime's entropy calibration). */
export class EntropyObserver extends CalibrationObserver {
  static override readonly name: string = 'EntropyObserver'

  readonly quantizedBins: number

  /** @throws OPTION_INVALID */
  constructor(options: EntropyOptions = {}) {
    super(options, options.bins ?? 128, false)
    this.quantizedBins = options.quantizedBins ?? 128
    if (!(Number.isInteger(this.quantizedBins) && this.quantizedBins > 0 && this.quantizedBins <= (options.bins ?? 128)))
      throw new OctavoError('OPTION_INVALID', `EntropyObserver: expected 1 to ${options.bins ?? 128} quantized bins, got ${this.quantizedBins}.`, { quantizedBins: this.quantizedBins })
  }

  /** The nearest of many ranges can be another one when a count moves by a part of a bin: half as wide, in a case that was seen. So there is no merge. */
  override merge(_other: this): void {
    throw new OctavoError('CALIBRATION_INVALID', 'EntropyObserver cannot be merged: which range is nearest can change altogether when counts are put on other bins. Calibrate in one process, or use a histogram, percentile or min-max observer.', {})
  }

  protected choose(histogram: Bins): Range {
    return entropyRange(histogram, this.quantizedBins)
  }
}
