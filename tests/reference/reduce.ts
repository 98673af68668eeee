/** Reductions of a dense value over any axes, one output at a time. */
const f = Math.fround

export interface Reduced {
  /** Positions in x of the elements of each output, in row-major order. */
  readonly places: number[][]
  /** How many of them lie side by side (1 where the last axis is kept). */
  readonly run: number
}

/** Which elements of `dims` make up each output when `axes` are reduced. */
export function group(dims: readonly number[], axes: readonly number[]): Reduced {
  const kept = dims.map((_, i) => i).filter((i) => !axes.includes(i))
  const total = dims.reduce((a, b) => a * b, 1)
  const places: number[][] = Array.from({ length: kept.reduce((n, i) => n * dims[i]!, 1) }, () => [])
  for (let e = 0; e < total; e++) {
    const at = dims.map((d, i) => Math.floor(e / dims.slice(i + 1).reduce((a, b) => a * b, 1)) % d)
    places[kept.reduce((o, i) => o * dims[i]! + at[i]!, 0)]!.push(e)
  }
  let run = 1
  for (let i = dims.length - 1; i >= 0 && (axes.includes(i) || dims[i] === 1); i--) run *= dims[i]!
  return { places, run }
}

/**
 * The float32 sum of `values` in the order kernels promise: sixteen partial sums, element j of a run of `run` neighbours to
 * partial j mod 16, then four, then one. A run of 1 is one running sum.
 */
export function sum(values: readonly number[], run: number): number {
  const p = Array<number>(16).fill(0)
  values.forEach((v, i) => { const k = (i % run) % 16; p[k] = f(p[k]! + v) })
  const lane = [0, 1, 2, 3].map((l) => f(f(p[l]! + p[l + 4]!) + f(p[l + 8]! + p[l + 12]!)))
  return f(f(lane[0]! + lane[1]!) + f(lane[2]! + lane[3]!))
}

/** Float32 reductions by the names of ReduceOp; LogSum without its logarithm is SUM. */
export function reduceFloats(op: 'sum' | 'mean' | 'l1' | 'l2' | 'sumSquare' | 'max' | 'min', x: Float32Array, { places, run }: Reduced): Float32Array {
  return Float32Array.from(places, (at) => {
    const v = at.map((i) => x[i]!)
    switch (op) {
      case 'sum': return sum(v, run)
      case 'mean': return sum(v, run) / v.length
      case 'l1': return sum(v.map(Math.abs), run)
      case 'l2': return Math.sqrt(sum(v.map((e) => f(e * e)), run))
      case 'sumSquare': return sum(v.map((e) => f(e * e)), run)
      case 'max': return Math.max(...v)
      case 'min': return Math.min(...v)
    }
  })
}

/** Place of the first (or last) extreme along the reduced axis, as ArgMax and ArgMin; `sign` −1 for the least. */
export const argExtreme = (x: ArrayLike<number | bigint>, { places }: Reduced, sign: 1 | -1, last: boolean): bigint[] =>
  places.map((at) => {
    let best = -1
    at.forEach((i, j) => {
      const v = x[i]!
      if (v !== v) return
      const b = best < 0 ? undefined : x[at[best]!]!
      if (b === undefined || (sign > 0 ? v > b : v < b) || (last && v === b)) best = j
    })
    return BigInt(Math.max(0, best))
  })
