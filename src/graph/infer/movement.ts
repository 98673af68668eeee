import { elementCount } from '../../dtype.js'
import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import { axesOf } from './axes.js'
import type { InferRule, InferTable } from './rule.js'
import { sliceOf } from './slice.js'

/** Transpose's permutation: output axis i is input axis perm[i]. @throws ATTRIBUTE_UNSUPPORTED */
export function permutationOf(view: NodeView): readonly number[] {
  const rank = view.dims(0).length
  const perm = view.intList('perm', Array.from({ length: rank }, (_, i) => rank - 1 - i))
  if (perm.length !== rank || new Set(perm).size !== rank || perm.some((a) => a < 0 || a >= rank))
    view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "perm" must order the ${rank} axes of its input, got [${perm}]`)
  return perm
}

function transposed(view: NodeView): TensorType[] {
  const { dtype, dims, bound } = view.input(0)
  const perm = permutationOf(view)
  const type = view.make(dtype, perm.map((a) => dims[a]!))
  return [bound === undefined ? type : { ...type, bound: perm.indexOf(bound) }]
}

function reshaped(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const shape = view.ints(1, 'shape')
  const keepZero = view.int('allowzero', 0) === 1
  const wrong = (why: string): never => view.fail('SHAPE_MISMATCH', `cannot reshape [${dims}] to [${shape}]: ${why}`)
  const result = shape.map((d, i) => (d === 0 && !keepZero ? dims[i] ?? wrong(`0 at position ${i} copies an axis that the input does not have`) : d))
  const open = result.indexOf(-1)
  if (open >= 0) {
    const known = elementCount(result.filter((_, i) => i !== open))
    if (!(known > 0) || elementCount(dims) % known !== 0) wrong(`-1 would stand for ${elementCount(dims)} / ${known} elements`)
    result[open] = elementCount(dims) / known
  }
  if (elementCount(result) !== elementCount(dims)) wrong(`${elementCount(result)} elements are not ${elementCount(dims)}`)
  return [view.make(dtype, result)]
}

function flattened(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const given = view.int('axis', 1)
  const axis = given === dims.length ? given : view.axis(given, dims.length)
  return [view.make(dtype, [elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis))])]
}

function squeezed(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const ones = dims.flatMap((d, i) => (d === 1 ? [i] : []))
  const axes = axesOf(view, view.ints(1, 'axes', ones), dims.length)
  const wrong = axes.find((a) => dims[a] !== 1)
  if (wrong !== undefined) view.fail('SHAPE_MISMATCH', `cannot squeeze axis ${wrong} of [${dims}]: its length is not 1`)
  return [view.make(dtype, dims.filter((_, i) => !axes.includes(i)))]
}

function unsqueezed(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const given = view.ints(1, 'axes')
  const rank = dims.length + given.length
  const axes = axesOf(view, given, rank)
  const rest = [...dims]
  return [view.make(dtype, Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!)))]
}

function concatenated(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const axis = view.axis(view.int('axis'), dims.length)
  let length = 0
  for (let i = 0; i < view.inputCount; i++) {
    view.expectDType(i, dtype)
    const other = view.expectRank(i, dims.length)
    const differs = dims.findIndex((d, a) => a !== axis && d !== other[a])
    if (differs >= 0) view.fail('SHAPE_MISMATCH', `input ${i}: expected dims [${dims}] apart from axis ${axis}, got [${other}] (axis ${differs} differs)`)
    length += other[axis]!
  }
  return [view.make(dtype, dims.map((d, a) => (a === axis ? length : d)))]
}

/** Lengths of Split's outputs: given, or equal with a shorter last one. @throws SHAPE_MISMATCH, ATTRIBUTE_UNSUPPORTED */
export function partsOf(view: NodeView, length: number): readonly number[] {
  const count = view.int('num_outputs', view.node.outputs.length)
  if (count !== view.node.outputs.length || count < 1) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "num_outputs" is ${count}, but the node has ${view.node.outputs.length} outputs`)
  const share = Math.ceil(length / count)
  const parts = view.ints(1, 'split', Array.from({ length: count }, (_, i) => Math.max(0, Math.min(share, length - i * share))))
  if (parts.length !== count || parts.some((p) => p < 0) || parts.reduce((a, b) => a + b, 0) !== length)
    view.fail('SHAPE_MISMATCH', `cannot split an axis of length ${length} into ${count} outputs of [${parts}]`)
  return parts
}

function splitted(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const axis = view.axis(view.int('axis', 0), dims.length)
  return partsOf(view, dims[axis]!).map((part) => view.make(dtype, dims.map((d, a) => (a === axis ? part : d))))
}

export const rule = (infer: InferRule['infer'], shapeInputs: readonly number[] = []): InferRule => ({ infer, shapeInputs })

export const movement: InferTable = {
  Transpose: { infer: transposed, keepsBound: true },
  Reshape: rule(reshaped, [1]),
  Flatten: rule(flattened),
  Squeeze: rule(squeezed, [1]),
  Unsqueeze: rule(unsqueezed, [1]),
  Concat: rule(concatenated),
  Split: rule(splitted, [1]),
  Slice: rule((view) => [view.make(view.input(0).dtype, sliceOf(view).map((s) => s.count))], [1, 2, 3, 4]),
}
