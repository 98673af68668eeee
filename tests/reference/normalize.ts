import { sum, type Reduced } from './reduce.js'

/** Normalisations of float32, one group at a time; every operation is rounded to float32. */
const f = Math.fround

export interface Statistics { readonly mean: number; readonly inv: number }
export type Deviation = 'rootMeanSquare' | 'l2' | 'l1'

/** Mean (0 unless `center`) and 1 / deviation of the elements of one group. */
export function statistics(values: readonly number[], run: number, deviation: Deviation, center: boolean, epsilon: number, outerEpsilon: number): Statistics {
  const mean = center ? f(sum(values, run) / values.length) : 0
  const d = values.map((v) => f(v - mean))
  let s = sum(deviation === 'l1' ? d.map(Math.abs) : d.map((e) => f(e * e)), run)
  if (deviation === 'rootMeanSquare') s = f(f(s / values.length) + f(epsilon))
  if (deviation !== 'l1') s = f(Math.sqrt(s))
  s = f(s + f(outerEpsilon))
  return { mean, inv: s === 0 ? 0 : f(1 / s) }
}

/** `weight(e)` is the place of element e's scale and bias. */
export function normalize(
  x: Float32Array, { places, run }: Reduced, deviation: Deviation, center: boolean, epsilon: number, outerEpsilon: number,
  scale: Float32Array, bias: Float32Array, weight: (e: number) => number,
): { y: Float32Array; groups: Statistics[] } {
  const y = new Float32Array(x.length)
  const groups = places.map((at) => statistics(at.map((i) => x[i]!), run, deviation, center, epsilon, outerEpsilon))
  places.forEach((at, o) => {
    for (const e of at) y[e] = f(f(f(f(x[e]! - groups[o]!.mean) * groups[o]!.inv) * scale[weight(e)]!) + bias[weight(e)]!)
  })
  return { y, groups }
}

/** BatchNormalization over [outer, channels, inner]. */
export function batchNorm(x: Float32Array, channels: number, inner: number, scale: Float32Array, bias: Float32Array, mean: Float32Array, variance: Float32Array, epsilon: number): Float32Array {
  return x.map((v, e) => {
    const c = Math.floor(e / inner) % channels
    const factor = f(scale[c]! / f(Math.sqrt(f(variance[c]! + f(epsilon)))))
    return f(f(f(v - mean[c]!) * factor) + bias[c]!)
  })
}

/** LRN over [outer, channels, inner]: what the power is applied to, element by element. */
export function lrnBase(x: Float32Array, channels: number, inner: number, before: number, after: number, alpha: number, bias: number): Float32Array {
  return x.map((_, e) => {
    const c = Math.floor(e / inner) % channels
    let s = 0
    for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c + after); k++) {
      const v = x[e + (k - c) * inner]!
      s = f(s + f(v * v))
    }
    return f(f(bias) + f(f(alpha) * s))
  })
}

/** QLinearSoftmax along `at`, the places of one row. */
export function qlinearSoftmax(x: ArrayLike<number>, at: readonly number[], table: Float32Array, yScale: number, yZeroPoint: number, low: number): number[] {
  const top = Math.max(...at.map((i) => x[i]!))
  const t = at.map((i) => table[255 - (top - x[i]!)]!)
  const total = t.reduce((s, v) => f(s + v), 0)
  return t.map((v) => {
    const q = f(f(v * yScale) / total)
    const r = Math.round(q)
    return Math.min(low + 255, Math.max(low, (r - q === 0.5 && r % 2 !== 0 ? r - 1 : r) + yZeroPoint))
  })
}
