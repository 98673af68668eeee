import { DTYPES, elementCount } from '../../dtype.js'
import { blockOf, partsOf, permutationOf } from '../../graph/infer/movement.js'
import { sliceOf } from '../../graph/infer/slice.js'
import { emitCopy, emitRegion, regionOf, stridesOf } from './copy.js'
import { pad } from './pad.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

/** Bytes of one element of input `i`. */
export const bytesOf = (l: Lowering, i = 0): number => DTYPES[l.input(i).dtype].bytes

const alias: LowerRule = (l) => l.alias(0, 0)

/** Output 0 = input 0 seen as `dims`, with its axes in the order `perm`. */
function emitPermuted(l: Lowering, dims: readonly number[], perm: readonly number[]): void {
  const bytes = bytesOf(l)
  const order = perm.filter((a) => dims[a] !== 1)
  if (order.every((a, i) => i === 0 || a > order[i - 1]!)) return l.alias(0, 0)
  const x = stridesOf(dims, bytes)
  const y = stridesOf(perm.map((a) => dims[a]!), bytes)
  emitCopy(l, l.in(0), l.out(), bytes, perm.map((a, i) => ({ count: dims[a]!, x: x[a]!, y: y[i]! })))
}

const transpose: LowerRule = (l) => emitPermuted(l, l.dims(0), permutationOf(l))

function depthToSpace(l: Lowering): void {
  const [n, , h, w] = l.dims(0) as [number, number, number, number]
  const b = blockOf(l)
  const c = l.output().dims[1]!
  if (l.string('mode', 'DCR') === 'DCR') emitPermuted(l, [n, b, b, c, h, w], [0, 3, 4, 1, 5, 2])
  else emitPermuted(l, [n, c, b, b, h, w], [0, 1, 4, 2, 5, 3])
}

function spaceToDepth(l: Lowering): void {
  const [n, c] = l.dims(0) as [number, number]
  const b = blockOf(l)
  const [, , h, w] = l.output().dims as [number, number, number, number]
  emitPermuted(l, [n, c, h, b, w, b], [0, 3, 5, 1, 2, 4])
}

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

function expand(l: Lowering): void {
  const from = l.dims(0)
  const { dims } = l.output()
  const bytes = bytesOf(l)
  if (elementCount(dims) === elementCount(from)) return l.alias(0, 0)
  const strides = stridesOf(from, bytes)
  const missing = dims.length - from.length
  emitRegion(l, { operand: l.in(0), strides: dims.map((_, i) => (i < missing || from[i - missing] === 1 ? 0 : strides[i - missing]!)) }, regionOf(l.out(), dims, bytes), dims, bytes)
}

function tile(l: Lowering): void {
  const from = l.dims(0)
  const { dims } = l.output()
  const bytes = bytesOf(l)
  if (dims.every((d, i) => d === from[i])) return l.alias(0, 0)
  const x = stridesOf(from, bytes)
  const y = stridesOf(dims, bytes)
  emitCopy(l, l.in(0), l.out(), bytes, from.flatMap((d, i) => [{ count: dims[i]! / d, x: 0, y: y[i]! * d }, { count: d, x: x[i]!, y: y[i]! }]))
}

export const movement: LowerTable = {
  Transpose: transpose,
  Reshape: alias, Flatten: alias, Squeeze: alias, Unsqueeze: alias,
  Concat: concat, Split: split, Slice: slice, Expand: expand, Tile: tile, Pad: pad,
  DepthToSpace: depthToSpace, SpaceToDepth: spaceToDepth,
}
