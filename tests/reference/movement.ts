/** What the movement operators mean, element by element, straight from their ONNX descriptions. */
import type { Tensor } from '../../src/value.js'
import { build, pick } from './build.js'

export const transpose = (x: Tensor, perm: readonly number[]): Tensor =>
  build(x.dtype, perm.map((a) => x.dims[a]!), (i) => pick(x, x.dims.map((_, a) => i[perm.indexOf(a)]!)))

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const dims = parts[0]!.dims.map((d, a) => (a === axis ? parts.reduce((n, p) => n + p.dims[axis]!, 0) : d))
  return build(parts[0]!.dtype, dims, (i) => {
    let at = i[axis]!
    for (const part of parts) {
      if (at < part.dims[axis]!) return pick(part, i.map((v, a) => (a === axis ? at : v)))
      at -= part.dims[axis]!
    }
    throw new Error('past the last part')
  })
}

/** x[start:end:step] on one axis, walking one element at a time. As NumPy, but for a start before the axis and a negative step: ONNX begins at 0 there, NumPy takes nothing. */
export function sliceAxis(x: Tensor, axis: number, start: bigint, end: bigint, step: bigint): Tensor {
  const n = BigInt(x.dims[axis]!)
  const within = (v: bigint): boolean => v >= 0n && v < n
  let at = start < 0n ? start + n : start
  const stop = end < 0n ? end + n : end
  if (at < 0n) at = 0n
  if (step < 0n && at >= n) at = n - 1n
  const taken: number[] = []
  for (; within(at) && (step > 0n ? at < stop : at > stop); at += step) taken.push(Number(at))
  return build(x.dtype, x.dims.map((d, a) => (a === axis ? taken.length : d)), (i) => pick(x, i.map((v, a) => (a === axis ? taken[v]! : v))))
}

export function expand(x: Tensor, dims: readonly number[]): Tensor {
  const missing = dims.length - x.dims.length
  return build(x.dtype, dims, (i) => pick(x, x.dims.map((d, a) => (d === 1 ? 0 : i[a + missing]!))))
}

export const tile = (x: Tensor, repeats: readonly number[]): Tensor =>
  build(x.dtype, x.dims.map((d, a) => d * repeats[a]!), (i) => pick(x, i.map((v, a) => v % x.dims[a]!)))

/** Negative pads crop, then positive ones fill: walks from the kept part outwards one step at a time. */
export function pad(x: Tensor, begin: readonly number[], end: readonly number[], mode: string, value: number | bigint): Tensor {
  const crop = begin.map((b) => Math.max(0, -b))
  const kept = x.dims.map((d, a) => d + Math.min(0, begin[a]!) + Math.min(0, end[a]!))
  const source = (v: number, n: number): number => {
    if (mode === 'edge') return Math.min(Math.max(v, 0), n - 1)
    if (mode === 'wrap') return ((v % n) + n) % n
    if (n === 1) return 0
    while (v < 0 || v >= n) v = v < 0 ? -v : 2 * (n - 1) - v
    return v
  }
  return build(x.dtype, x.dims.map((d, a) => d + begin[a]! + end[a]!), (i) => {
    const at = i.map((v, a) => v - Math.max(0, begin[a]!))
    if (mode === 'constant') return at.every((v, a) => v >= 0 && v < kept[a]!) ? pick(x, at.map((v, a) => v + crop[a]!)) : value
    return pick(x, at.map((v, a) => source(v, kept[a]!) + crop[a]!))
  })
}

export function depthToSpace(x: Tensor, b: number, mode: string): Tensor {
  const [n, c, h, w] = x.dims as [number, number, number, number]
  const out = c / (b * b)
  return build(x.dtype, [n, out, h * b, w * b], ([i, k, y, z]) => {
    const block = (y! % b) * b + (z! % b)
    return pick(x, [i!, mode === 'DCR' ? block * out + k! : k! * b * b + block, Math.floor(y! / b), Math.floor(z! / b)])
  })
}

export function spaceToDepth(x: Tensor, b: number): Tensor {
  const [n, c, h, w] = x.dims as [number, number, number, number]
  return build(x.dtype, [n, c * b * b, h / b, w / b], ([i, k, y, z]) => {
    const block = Math.floor(k! / c)
    return pick(x, [i!, k! % c, y! * b + Math.floor(block / b), z! * b + (block % b)])
  })
}
