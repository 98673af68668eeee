import { elementCount } from '../../dtype.js'
import { Tensor, toInts } from '../../value.js'
import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import type { InferRule, InferTable } from './rule.js'

/** An operator whose outputs follow from types and attributes alone. */
export const folded = (fold: (view: NodeView) => readonly Tensor[]): InferRule => ({ fold, infer: (view) => fold(view).map(({ dtype, dims }) => ({ dtype, dims })) })

export const int64 = (values: readonly number[], dims?: readonly number[]): Tensor => new Tensor('int64', values.map(BigInt), dims)

/** Dims [start, end) of the input, both counted from the end when negative and clamped. */
function shape(view: NodeView): readonly Tensor[] {
  const { dims } = view.input(0)
  const at = (v: number): number => Math.max(0, Math.min(dims.length, v < 0 ? v + dims.length : v))
  return [int64(dims.slice(at(view.int('start', 0)), at(view.int('end', dims.length))))]
}

/**
 * Checks indices input `i` for axes of these lengths (a tuple's in turn). Constant ones must lie in range; those that are
 * only known in a run are clamped there.
 *
 * @throws DTYPE_MISMATCH; SHAPE_MISMATCH for a constant index out of range, or an empty axis to index
 */
export function checkIndices(view: NodeView, i: number, lengths: readonly number[]): void {
  view.expectDType(i, 'int32', 'int64')
  if (elementCount(view.dims(i)) === 0) return
  if (lengths.includes(0)) view.fail('SHAPE_MISMATCH', `input ${i} (indices) points into an axis of length 0`)
  const known = view.constant(i)
  if (!known) return
  toInts(known).forEach((index, at) => {
    const length = lengths[at % lengths.length]!
    if (index < -length || index >= length) view.fail('SHAPE_MISMATCH', `input ${i} (indices) holds ${index} at position ${at}: expected a number in [${-length}, ${length - 1}]`)
  })
}

function gathered(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const axis = view.axis(view.int('axis', 0), dims.length)
  const type = view.make(dtype, [...dims.slice(0, axis), ...view.dims(1), ...dims.slice(axis + 1)])
  if (elementCount(type.dims)) checkIndices(view, 1, [dims[axis]!])
  return [type]
}

/** What exporters write where a shape is computed. */
export const gather: InferTable = { Shape: folded(shape), Gather: { infer: gathered } }
