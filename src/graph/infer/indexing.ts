import { elementCount, type DType } from '../../dtype.js'
import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import { checkIndices } from './gather.js'
import type { InferTable } from './rule.js'

/** Types that scatter's reductions, CumSum, OneHot and Range calculate with; float16 is widened before a plan is made. */
export const ARITHMETIC: readonly DType[] = ['float16', 'float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64']

/** Checks that indices cover no more of every other axis than `data` has. @throws SHAPE_MISMATCH */
function checkElements(view: NodeView): number {
  const dims = view.dims(0)
  const axis = view.axis(view.int('axis', 0), dims.length)
  const indices = view.expectRank(1, dims.length)
  const wide = indices.findIndex((d, a) => a !== axis && d > dims[a]!)
  if (wide >= 0) view.fail('SHAPE_MISMATCH', `input 1 (indices) [${indices}] is longer than the data [${dims}] along axis ${wide}`)
  checkIndices(view, 1, [dims[axis]!])
  return axis
}

function gatheredElements(view: NodeView): TensorType[] {
  checkElements(view)
  return [view.make(view.input(0).dtype, view.dims(1))]
}

/** How many axes of `data` one index tuple names, after `batch` shared ones. @throws SHAPE_MISMATCH */
function tupleDepth(view: NodeView, batch: number): number {
  const dims = view.dims(0)
  const indices = view.dims(1)
  const depth = indices.at(-1) ?? view.fail('SHAPE_MISMATCH', 'input 1 (indices) is a scalar: expected tuples along its last axis')
  if (depth < 1 || batch + depth > dims.length) view.fail('SHAPE_MISMATCH', `input 1 (indices) [${indices}] holds tuples of ${depth}: expected 1 to ${dims.length - batch} for data [${dims}]`)
  checkIndices(view, 1, dims.slice(batch, batch + depth))
  return depth
}

function gatheredNd(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const indices = view.dims(1)
  const batch = view.int('batch_dims', 0)
  if (batch < 0 || batch >= Math.min(dims.length, indices.length) || dims.slice(0, batch).some((d, a) => d !== indices[a]))
    view.fail('SHAPE_MISMATCH', `batch_dims ${batch} must name leading axes that data [${dims}] and indices [${indices}] share`)
  const depth = tupleDepth(view, batch)
  return [view.make(dtype, [...indices.slice(0, -1), ...dims.slice(batch + depth)])]
}

export const REDUCTIONS = ['none', 'add', 'mul', 'max', 'min']

function checkScatter(view: NodeView, updates: readonly number[]): TensorType[] {
  const { dtype, dims } = view.input(0)
  view.expectDType(2, dtype)
  if (view.dims(2).join() !== updates.join()) view.fail('SHAPE_MISMATCH', `input 2 (updates): expected dims [${updates}], got [${view.dims(2)}]`)
  const reduction = view.string('reduction', 'none')
  if (!REDUCTIONS.includes(reduction)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "reduction" must be ${REDUCTIONS.join(', ')}, got "${reduction}"`)
  if (reduction !== 'none') view.expectDType(0, ...ARITHMETIC)
  return [view.make(dtype, dims)]
}

function scatteredElements(view: NodeView): TensorType[] {
  checkElements(view)
  return checkScatter(view, view.dims(1))
}

function scatteredNd(view: NodeView): TensorType[] {
  const depth = tupleDepth(view, 0)
  return checkScatter(view, [...view.dims(1).slice(0, -1), ...view.dims(0).slice(depth)])
}

function oneHot(view: NodeView): TensorType[] {
  const dims = view.dims(0)
  view.expectDType(0, ...ARITHMETIC)
  const depth = Math.trunc(Number(view.required(1, 'depth').data[0]))
  if (!(depth >= 1)) view.fail('SHAPE_MISMATCH', `input 1 (depth): expected at least 1, got ${depth}`)
  if (view.dims(2).join() !== '2') view.fail('SHAPE_MISMATCH', `input 2 (values): expected two elements, off and on, got dims [${view.dims(2)}]`)
  const axis = view.axis(view.int('axis', -1), dims.length + 1)
  return [view.make(view.input(2).dtype, [...dims.slice(0, axis), depth, ...dims.slice(axis)])]
}

function topK(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  view.expectDType(0, ...ARITHMETIC)
  const axis = view.axis(view.int('axis', -1), dims.length)
  const k = view.ints(1, 'k')[0] ?? -1
  if (k < 0 || k > dims[axis]!) view.fail('SHAPE_MISMATCH', `input 1 (k): expected 0 to ${dims[axis]}, the length of axis ${axis}, got ${k}`)
  const result = dims.map((d, a) => (a === axis ? k : d))
  return [view.make(dtype, result), view.make('int64', result)]
}

/** CumSum's axis, an input. @throws ATTRIBUTE_UNSUPPORTED */
export const cumSumAxis = (view: NodeView): number => view.axis(view.ints(1, 'axis')[0] ?? NaN, view.dims(0).length)

function cumSum(view: NodeView): TensorType[] {
  view.expectDType(0, ...ARITHMETIC)
  cumSumAxis(view)
  return [view.make(view.input(0).dtype, view.dims(0))]
}

function nonZero(view: NodeView): TensorType[] {
  const { dims } = view.input(0)
  return [{ ...view.make('int64', [dims.length, elementCount(dims)]), bound: 1 }]
}

/** Boxes that NonMaxSuppression may keep per batch and class: the bound of its output. */
export function nmsPerClass(view: NodeView): number {
  const most = view.ints(2, 'max_output_boxes_per_class', [0])[0] ?? 0
  return Math.max(0, Math.min(most, view.dims(0)[1]!))
}

function nonMaxSuppression(view: NodeView): TensorType[] {
  for (const i of [0, 1, 3, 4]) if (i < 2 || view.has(i)) view.expectDType(i, 'float32')
  const boxes = view.expectRank(0, 3)
  const scores = view.expectRank(1, 3)
  if (boxes[2] !== 4 || scores[0] !== boxes[0] || scores[2] !== boxes[1])
    view.fail('SHAPE_MISMATCH', `expected boxes [batches, n, 4] and scores [batches, classes, n], got [${boxes}] and [${scores}]`)
  for (const i of [3, 4]) if (view.has(i) && elementCount(view.dims(i)) !== 1) view.fail('SHAPE_MISMATCH', `input ${i}: expected one threshold, got dims [${view.dims(i)}]`)
  if (![0, 1].includes(view.int('center_point_box', 0))) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "center_point_box" must be 0 or 1`)
  return [{ ...view.make('int64', [scores[0]! * scores[1]! * nmsPerClass(view), 3]), bound: 0 }]
}

/** k of Trilu: 0 by default, clamped to where it makes no more difference. */
export const triluOffset = (view: NodeView): number => Math.max(-(2 ** 30), Math.min(2 ** 30, view.ints(1, 'k', [0])[0] ?? 0))

function trilu(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  if (dims.length < 2) view.fail('SHAPE_MISMATCH', `input 0: expected matrices, got dims [${dims}]`)
  triluOffset(view)
  return [view.make(dtype, dims)]
}

export const indexing: InferTable = {
  GatherElements: { infer: gatheredElements },
  GatherND: { infer: gatheredNd },
  ScatterElements: { infer: scatteredElements },
  ScatterND: { infer: scatteredNd },
  OneHot: { infer: oneHot, shapeInputs: [1] },
  TopK: { infer: topK, shapeInputs: [1] },
  CumSum: { infer: cumSum, shapeInputs: [1] },
  NonZero: { infer: nonZero },
  NonMaxSuppression: { infer: nonMaxSuppression, shapeInputs: [2] },
  Trilu: { infer: trilu, shapeInputs: [1] },
}
