import { DTYPES } from '../../dtype.js'
import { partsOf, permutationOf } from '../../graph/infer/movement.js'
import { sliceOf } from '../../graph/infer/slice.js'
import { emitCopy, emitRegion, regionOf, stridesOf } from './copy.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

/** Bytes of one element of input `i`. */
export const bytesOf = (l: Lowering, i = 0): number => DTYPES[l.input(i).dtype].bytes

const alias: LowerRule = (l) => l.alias(0, 0)

/** Output 0 = input 0 seen as `dims`, with its axes in the order `perm`. */
export function emitPermuted(l: Lowering, dims: readonly number[], perm: readonly number[]): void {
  const bytes = bytesOf(l)
  const order = perm.filter((a) => dims[a] !== 1)
  if (order.every((a, i) => i === 0 || a > order[i - 1]!)) return l.alias(0, 0)
  const x = stridesOf(dims, bytes)
  const y = stridesOf(perm.map((a) => dims[a]!), bytes)
  emitCopy(l, l.in(0), l.out(), bytes, perm.map((a, i) => ({ count: dims[a]!, x: x[a]!, y: y[i]! })))
}

const transpose: LowerRule = (l) => emitPermuted(l, l.dims(0), permutationOf(l))

function concat(l: Lowering): void {
  const { dims } = l.output()
  const axis = l.axis(l.int('axis'), dims.length)
  const bytes = bytesOf(l)
  let at = 0
  for (let i = 0; i < l.inputCount; i++) {
    const part = l.dims(i)
    if (!part.includes(0)) emitRegion(l, regionOf(l.in(i), part, bytes), regionOf(l.out(), dims, bytes, dims.map((_, a) => (a === axis ? at : 0))), part, bytes)
    at += part[axis]!
  }
}

function split(l: Lowering): void {
  const dims = l.dims(0)
  const axis = l.axis(l.int('axis', 0), dims.length)
  const bytes = bytesOf(l)
  let at = 0
  for (const [o, length] of partsOf(l, dims[axis]!).entries()) {
    const part = dims.map((d, a) => (a === axis ? length : d))
    if (l.wants(o) && !part.includes(0)) emitRegion(l, regionOf(l.in(0), dims, bytes, dims.map((_, a) => (a === axis ? at : 0))), regionOf(l.out(o), part, bytes), part, bytes)
    at += length
  }
}

function slice(l: Lowering): void {
  const dims = l.dims(0)
  const spans = sliceOf(l)
  if (spans.every((s, a) => s.count === dims[a] && (s.step > 0 || s.count === 1))) return l.alias(0, 0)
  const bytes = bytesOf(l)
  const counts = spans.map((s) => s.count)
  emitRegion(l, regionOf(l.in(0), dims, bytes, spans.map((s) => s.start), spans.map((s) => s.step)), regionOf(l.out(), counts, bytes), counts, bytes)
}

export const movement: LowerTable = {
  Transpose: transpose,
  Reshape: alias, Flatten: alias, Squeeze: alias, Unsqueeze: alias,
  Concat: concat, Split: split, Slice: slice,
}
