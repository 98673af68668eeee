import { elementCount } from '../../dtype.js'
import { blockOf } from '../../graph/infer/rearrange.js'
import { emitCopy, emitRegion, regionOf, stridesOf } from './copy.js'
import { bytesOf, emitPermuted } from './movement.js'
import { pad } from './pad.js'
import type { Lowering, LowerTable } from './rule.js'

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

export const rearrange: LowerTable = { Expand: expand, Tile: tile, Pad: pad, DepthToSpace: depthToSpace, SpaceToDepth: spaceToDepth }
