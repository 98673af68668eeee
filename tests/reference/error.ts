/** Errors of one result against another, in float64 and in a fixed order of sums. */

/** Eight partial sums, element i in the one of i mod 8, then added in pairs. */
function fold(values: readonly number[]): number {
  const p = new Float64Array(8)
  values.forEach((v, i) => { p[i % 8]! += v })
  return p[0]! + p[2]! + (p[4]! + p[6]!) + (p[1]! + p[3]! + (p[5]! + p[7]!))
}

/** Σ x² and Σ (x − y)² where x is a number; each stretch of `chunk` elements is folded and added to what came before. */
export function errorSums(x: Float32Array, y: Float32Array, chunk = 65536): { signal: number; noise: number } {
  let [signal, noise] = [0, 0]
  for (let from = 0; from < x.length; from += chunk) {
    const part = [...x.subarray(from, from + chunk)]
    const pick = (of: (v: number, w: number) => number): number => fold(part.map((v, i) => (Number.isFinite(v) ? of(v, y[from + i]!) : 0)))
    signal += pick((v) => v * v)
    noise += pick((v, w) => (v - w) * (v - w))
  }
  return { signal, noise }
}

/** Σ (x − y) over every x[·, c, ·]; each row of `inner` elements is folded and added to what came before. */
export function errorChannels(x: Float32Array, y: Float32Array, outer: number, channels: number, inner: number): Float64Array {
  const sums = new Float64Array(channels)
  for (let row = 0; row < outer * channels; row++)
    sums[row % channels]! += fold(Array.from({ length: inner }, (_, i) => x[row * inner + i]! - y[row * inner + i]!))
  return sums
}

/** x[·, c, ·] · scale[c] in float32. */
export const scaleChannels = (x: Float32Array, scale: Float32Array, channels: number, inner: number): Float32Array =>
  x.map((v, i) => v * scale[Math.floor(i / inner) % channels]!)
