import { kernels, type ErrorSums } from '../../quantization/kernels.js'
import type { Tensor } from '../../value.js'

/** Σ x² and Σ (x − y)² of what was compared so far, x float and y int8, in float64. */
export class ErrorTotal implements ErrorSums {
  signal = 0
  noise = 0

  /** Adds what two sums hold. */
  add({ signal, noise }: ErrorSums): void {
    this.signal += signal
    this.noise += noise
  }

  /** Signal-to-quantization-noise ratio in dB: +Infinity where nothing differs, −Infinity where there is error and nothing else, or an error that is no number. */
  get sqnr(): number {
    if (this.noise === 0) return Infinity
    return Number.isFinite(this.noise) && this.signal > 0 ? 10 * Math.log10(this.signal / this.noise) : -Infinity
  }
}

/** How far y is from x, both float32. Where dims differ (a number of boxes, say) everything counts as error. */
export function compare(x: Tensor, y: Tensor): ErrorSums {
  const [a, b] = [x.data, y.data] as [Float32Array, Float32Array]
  const same = x.dims.length === y.dims.length && x.dims.every((d, i) => d === y.dims[i])
  return kernels().errorSums(a, same ? b : new Float32Array(a.length))
}

/** The share of a result's length that is error: 10^(−SQNR/20), so 0.1 for 20 dB. */
export const relativeError = (sqnr: number): number => 10 ** (-sqnr / 20)
