/** What the indexing operators mean, element by element, straight from their ONNX descriptions. */
import { arrayOf } from '../../src/dtype.js'
import { Tensor } from '../../src/value.js'
import { build, pick } from './build.js'

/** ONNX's index: from the end when negative; run-time ones out of range are clamped, which is Octavo's own rule. */
const within = (v: number | bigint, length: number): number => {
  const i = Number(v)
  return Math.min(Math.max(i < 0 ? i + length : i, 0), length - 1)
}

export function gather(x: Tensor, indices: Tensor, axis: number): Tensor {
  const r = indices.dims.length
  return build(x.dtype, [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)], (i) =>
    pick(x, [...i.slice(0, axis), within(pick(indices, i.slice(axis, axis + r)), x.dims[axis]!), ...i.slice(axis + r)]))
}

export const gatherElements = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  build(x.dtype, indices.dims, (i) => pick(x, i.map((v, a) => (a === axis ? within(pick(indices, i), x.dims[axis]!) : v))))

export function gatherNd(x: Tensor, indices: Tensor, batch: number): Tensor {
  const depth = indices.dims.at(-1)!
  const lead = indices.dims.length - 1
  return build(x.dtype, [...indices.dims.slice(0, -1), ...x.dims.slice(batch + depth)], (i) => {
    const tuple = Array.from({ length: depth }, (_, k) => within(pick(indices, [...i.slice(0, lead), k]), x.dims[batch + k]!))
    return pick(x, [...i.slice(0, batch), ...tuple, ...i.slice(lead)])
  })
}

type Scalar = number | bigint

/** One update in the type's own arithmetic: typed arrays round and wrap on assignment; products of int64 wrap explicitly. */
function combined(a: Scalar, b: Scalar, reduction: string): Scalar {
  if (reduction === 'none') return b
  if (reduction === 'max' || reduction === 'min') {
    if (Number.isNaN(a) || Number.isNaN(b)) return NaN
    return (reduction === 'max') === a > b ? a : b
  }
  if (typeof a === 'bigint') return reduction === 'add' ? a + (b as bigint) : a * (b as bigint)
  return reduction === 'add' ? a + (b as number) : a * (b as number)
}

/** Updates one element at a time in row-major order. */
function scatterInto(x: Tensor, updates: Tensor, reduction: string, place: (index: readonly number[]) => readonly number[]): Tensor {
  const y = new Tensor(x.dtype, x.data.slice(), x.dims)
  build(updates.dtype, updates.dims, (i) => {
    const at = place(i).reduce((sum, v, a) => sum * x.dims[a]! + v, 0)
    // 32-bit products pass 2^53: form them exactly before they wrap
    const exact = x.dtype === 'int32' || x.dtype === 'uint32'
    const [a, b] = [y.data[at]!, pick(updates, i)].map((v) => (exact ? BigInt(v) : v)) as [Scalar, Scalar]
    const v = combined(a, b, reduction)
    const target = arrayOf(x.dtype, 1)
    target[0] = (exact ? Number(BigInt.asIntN(32, v as bigint)) : v) as never
    y.data[at] = target[0]! as never
    return updates.data instanceof BigInt64Array || updates.data instanceof BigUint64Array ? 0n : 0
  })
  return y
}

export const scatterElements = (x: Tensor, indices: Tensor, updates: Tensor, axis: number, reduction: string): Tensor =>
  scatterInto(x, updates, reduction, (i) => i.map((v, a) => (a === axis ? within(pick(indices, i), x.dims[axis]!) : v)))

export function scatterNd(x: Tensor, indices: Tensor, updates: Tensor, reduction: string): Tensor {
  const lead = indices.dims.length - 1
  return scatterInto(x, updates, reduction, (i) => [
    ...Array.from({ length: indices.dims.at(-1)! }, (_, k) => within(pick(indices, [...i.slice(0, lead), k]), x.dims[k]!)), ...i.slice(lead)])
}

export function oneHot(indices: Tensor, depth: number, values: Tensor, axis: number): Tensor {
  return build(values.dtype, [...indices.dims.slice(0, axis), depth, ...indices.dims.slice(axis)], (i) => {
    const v = Math.trunc(Number(pick(indices, i.filter((_, a) => a !== axis))))
    return values.data[(v < 0 ? v + depth : v) === i[axis] ? 1 : 0]!
  })
}

/** By sorting every line whole. */
export function topK(x: Tensor, k: number, axis: number, largest: boolean): [Tensor, Tensor] {
  const order = (line: readonly number[]): number[] => {
    const at = line.map((v) => pick(x, lineIndex.map((w, a) => (a === axis ? v : w))))
    const rank = (v: Scalar): Scalar => (Number.isNaN(v) ? Infinity : v)
    const before = (a: Scalar, b: Scalar): number => (rank(a) === rank(b) ? (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0) : rank(a) < rank(b) ? -1 : 1)
    return [...line].sort((p, q) => (largest ? -1 : 1) * before(at[p]!, at[q]!) || p - q)
  }
  let lineIndex: readonly number[] = []
  const chosen = (i: readonly number[]): number => {
    lineIndex = i
    return order(Array.from({ length: x.dims[axis]! }, (_, j) => j))[i[axis]!]!
  }
  const dims = x.dims.map((d, a) => (a === axis ? k : d))
  return [build(x.dtype, dims, (i) => pick(x, i.map((v, a) => (a === axis ? chosen(i) : v)))), build('int64', dims, (i) => BigInt(chosen(i)))]
}

export function cumSum(x: Tensor, axis: number, exclusive: boolean, reverse: boolean): Tensor {
  return build(x.dtype, x.dims, (i) => {
    const sum = arrayOf(x.dtype, 1)
    const length = x.dims[axis]!
    for (let k = 0; k < length; k++) {
      const j = reverse ? length - 1 - k : k
      if (exclusive && j === i[axis]) break
      sum[0] = ((sum[0] as number) + (pick(x, i.map((v, a) => (a === axis ? j : v))) as number)) as never
      if (j === i[axis]) break
    }
    return sum[0]!
  })
}

export function nonZero(x: Tensor): Tensor {
  const found: (readonly number[])[] = []
  build('uint8', x.dims, (i) => (Number(pick(x, i)) !== 0 ? found.push([...i]) : 0))
  return build('int64', [x.dims.length, found.length], ([a, n]) => BigInt(found[n!]![a!]!))
}

export const trilu = (x: Tensor, k: number, upper: boolean): Tensor =>
  build(x.dtype, x.dims, (i) => {
    const distance = i.at(-1)! - i.at(-2)!
    const zero = typeof x.data[0] === 'bigint' ? 0n : 0
    return (upper ? distance >= k : distance <= k) ? pick(x, i) : zero
  })

/** One class of one batch: keep a box unless one kept before overlaps it too much. Single precision throughout. */
export function nonMaxSuppression(boxes: Tensor, scores: Tensor, most: number, iou: number, least: number | undefined, center: boolean): Tensor {
  const f = Math.fround
  const edges = (b: number, i: number): [number, number, number, number] => {
    const [p, q, r, s] = [0, 1, 2, 3].map((k) => pick(boxes, [b, i, k]) as number) as [number, number, number, number]
    if (center) return [f(p - f(r / 2)), f(q - f(s / 2)), f(p + f(r / 2)), f(q + f(s / 2))]
    return [Math.min(p, r), Math.min(q, s), Math.max(p, r), Math.max(q, s)]
  }
  const overlap = (a: number[], b: number[]): number => {
    const [h, w] = [0, 1].map((k) => f(Math.min(a[k + 2]!, b[k + 2]!) - Math.max(a[k]!, b[k]!))) as [number, number]
    if (!(h > 0 && w > 0)) return 0
    const area = (e: number[]): number => f(f(e[2]! - e[0]!) * f(e[3]! - e[1]!))
    const both = f(h * w)
    const all = f(f(area(a) + area(b)) - both)
    return all > 0 ? f(both / all) : 0
  }
  const rows: number[][] = []
  for (let b = 0; b < scores.dims[0]!; b++)
    for (let c = 0; c < scores.dims[1]!; c++) {
      const score = (i: number): number => pick(scores, [b, c, i]) as number
      const candidates = Array.from({ length: scores.dims[2]! }, (_, i) => i).filter((i) => least === undefined || score(i) > least).sort((p, q) => score(q) - score(p) || p - q)
      const kept: number[] = []
      for (const i of candidates) if (kept.length < most && kept.every((k) => !(overlap(edges(b, i), edges(b, k)) > f(iou)))) kept.push(i)
      rows.push(...kept.map((i) => [b, c, i]))
    }
  return build('int64', [rows.length, 3], ([r, k]) => BigInt(rows[r!]![k!]!))
}
