import { DTYPES, elementCount } from '../../dtype.js'
import { cumSumAxis, nmsPerClass, REDUCTIONS, triluOffset } from '../../graph/infer/indexing.js'
import { NULL, at, type Operand } from '../../runtime/operand.js'
import { axisTable, emitFill, regionOf, stridesOf } from './copy.js'
import { around, code, emitIndexed, type Indexed } from './gather.js'
import { bytesOf } from './movement.js'
import type { Lowering, LowerTable } from './rule.js'

/** One element per index; the index replaces the coordinate along `axis`. */
function elementwise(l: Lowering): Indexed {
  const dims = l.dims(0)
  const indices = l.dims(1)
  const bytes = bytesOf(l)
  const axis = l.axis(l.int('axis', 0), dims.length)
  const [data, index, dense] = [stridesOf(dims, bytes), stridesOf(indices, bytesOf(l, 1)), stridesOf(indices, bytes)]
  return { axes: indices.map((count, a) => ({ count, data: a === axis ? 0 : data[a]!, indices: index[a]!, dense: dense[a]! })), tuple: [[dims[axis]!, data[axis]!]], bytes }
}

/** One row per tuple, after `batch` axes that data and indices share. */
function tuples(l: Lowering, batch: number): Indexed {
  const dims = l.dims(0)
  const indices = l.dims(1)
  const depth = indices.at(-1)!
  const strides = stridesOf(dims, bytesOf(l))
  const batches = elementCount(dims.slice(0, batch))
  const count = elementCount(indices.slice(batch, -1))
  const row = elementCount(dims.slice(batch + depth)) * bytesOf(l)
  const tuple = depth * bytesOf(l, 1)
  return {
    axes: [{ count: batches, data: elementCount(dims.slice(batch)) * bytesOf(l), indices: count * tuple, dense: count * row }, { count, data: 0, indices: tuple, dense: row }],
    tuple: dims.slice(batch, batch + depth).map((d, a) => [d, strides[batch + a]!] as const), bytes: row,
  }
}

/** The data, then the updates over it. */
function scatter(l: Lowering, indexed: Indexed): void {
  l.mayOverwrite(0, 0)
  const size = elementCount(l.dims(0)) * bytesOf(l)
  const x = l.in(0)
  const y = l.out()
  if (x.storage !== y.storage || x.offset !== y.offset) l.emit('copy', { x, y, axes: l.table(axisTable([[1, 0, 0], [1, 0, 0]])), rank: 2, bytes: size })
  emitIndexed(l, 'scatter', indexed, REDUCTIONS.indexOf(l.string('reduction', 'none')))
}

function oneHot(l: Lowering): void {
  const { dims, dtype } = l.output()
  const { bytes } = DTYPES[dtype]
  const { outer, length: depth, inner } = around(dims, l.axis(l.int('axis', -1), dims.length))
  emitFill(l, l.in(2), regionOf(l.out(), dims, bytes), dims, bytes)
  l.emit('one_hot', { indices: l.in(0), on: at(l.in(2), bytes), y: l.out(), outer, inner, depth, bytes, dtype: code(l) })
}

function topK(l: Lowering): void {
  const dims = l.dims(0)
  const axis = l.axis(l.int('axis', -1), dims.length)
  const result = l.output(l.wants(0) ? 0 : 1).dims
  const k = result[axis]!
  const target = (o: number): Operand => (l.wants(o) ? l.out(o) : l.scratch(elementCount(result) * 8))
  l.emit('top_k', { x: l.in(0), values: target(0), indices: target(1), keys: l.scratch(k * 8), order: l.scratch(k * 4), ...around(dims, axis), k, largest: l.int('largest', 1), dtype: code(l) })
}

function cumSum(l: Lowering): void {
  l.emit('cumsum', { x: l.in(0), y: l.out(), ...around(l.dims(0), cumSumAxis(l)), exclusive: l.int('exclusive', 0), reverse: l.int('reverse', 0), dtype: code(l) })
}

function nonZero(l: Lowering): void {
  const dims = l.dims(0)
  const strides = stridesOf(dims, 1)
  l.emit('non_zero', { x: l.in(0), y: l.out(), count: l.count(0), axes: l.table(axisTable(dims.map((d, a) => [strides[a]!, d]))), rank: dims.length, total: elementCount(dims), dtype: code(l) })
}

function nonMaxSuppression(l: Lowering): void {
  const [batches, classes, boxCount] = l.dims(1) as [number, number, number]
  l.emit('non_max_suppression', {
    boxes: l.in(0), scores: l.in(1), y: l.out(), count: l.count(0), keys: l.scratch(boxCount * 8), order: l.scratch(boxCount * 4),
    iouThreshold: l.has(3) ? l.in(3) : NULL, scoreThreshold: l.has(4) ? l.in(4) : NULL,
    batches, classes, boxCount, perClass: nmsPerClass(l), center: l.int('center_point_box', 0),
  })
}

function trilu(l: Lowering): void {
  const dims = l.dims(0)
  const [rows, columns] = dims.slice(-2) as [number, number]
  l.emit('trilu', { x: l.in(0), y: l.out(), batch: elementCount(dims.slice(0, -2)), rows, columns, k: triluOffset(l), upper: l.int('upper', 1), bytes: bytesOf(l) })
}

export const indexing: LowerTable = {
  GatherElements: (l) => emitIndexed(l, 'gather', elementwise(l)),
  GatherND: (l) => emitIndexed(l, 'gather', tuples(l, l.int('batch_dims', 0))),
  ScatterElements: (l) => scatter(l, elementwise(l)),
  ScatterND: (l) => scatter(l, tuples(l, 0)),
  OneHot: oneHot, TopK: topK, CumSum: cumSum, NonZero: nonZero, NonMaxSuppression: nonMaxSuppression, Trilu: trilu,
}
