/**
 * Magnitudes |X[k]|, k = 0 … n/2, of the discrete Fourier transform of n real values; n a power of two. X[k] = Σ x[t]·e^(−2πikt/n),
 * not scaled. Computed in double precision by the iterative radix-2 algorithm (Cooley and Tukey 1965), returned in float32.
 */
export function realFftMagnitude(x: ArrayLike<number>): Float32Array {
  const n = x.length
  const re = new Float64Array(n)
  const im = new Float64Array(n)
  const bits = Math.log2(n)
  for (let i = 0; i < n; i++) re[reverseBits(i, bits)] = x[i]!
  for (let half = 1; half < n; half *= 2) butterflies(re, im, half)
  return Float32Array.from({ length: n / 2 + 1 }, (_, k) => Math.hypot(re[k]!, im[k]!))
}

function butterflies(re: Float64Array, im: Float64Array, half: number): void {
  for (let k = 0; k < half; k++) {
    const angle = (-Math.PI * k) / half
    const c = Math.cos(angle)
    const s = Math.sin(angle)
    for (let i = k; i < re.length; i += 2 * half) {
      const j = i + half
      const tr = re[j]! * c - im[j]! * s
      const ti = re[j]! * s + im[j]! * c
      re[j] = re[i]! - tr
      im[j] = im[i]! - ti
      re[i] = re[i]! + tr
      im[i] = im[i]! + ti
    }
  }
}

function reverseBits(value: number, bits: number): number {
  let reversed = 0
  for (let b = 0; b < bits; b++) reversed = (reversed << 1) | ((value >> b) & 1)
  return reversed
}
