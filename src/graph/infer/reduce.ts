import type { DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import type { InferRule, InferTable } from './rule.js'

const NUMBERS: DType[] = ['float32', 'float64', 'int32', 'int64', 'uint32', 'uint64']
const ORDERED: DType[] = [...NUMBERS, 'uint8', 'int8', 'bool']

/** The axes a Reduce operator reduces, counted from the front; all of them when none are named, unless `noop_with_empty_axes`. */
export function reducedAxes(view: NodeView): readonly number[] {
  const rank = view.dims(0).length
  const named = view.ints(1, 'axes', [])
  if (!named.length) return view.int('noop_with_empty_axes', 0) ? [] : view.dims(0).map((_, i) => i)
  return [...new Set(named.map((a) => view.axis(a, rank)))]
}

/** `dims` without the axes, or with 1 in their place. */
export const withoutAxes = (dims: readonly number[], axes: readonly number[], keep: boolean): number[] =>
  keep ? dims.map((d, i) => (axes.includes(i) ? 1 : d)) : dims.filter((_, i) => !axes.includes(i))

const reduction = (...dtypes: DType[]): InferRule => ({
  shapeInputs: [1],
  infer(view) {
    const dtype = view.expectDType(0, ...dtypes)
    return [view.make(dtype, withoutAxes(view.dims(0), reducedAxes(view), view.int('keepdims', 1) === 1))]
  },
})

export const reduce: InferTable = {
  ReduceSum: reduction(...NUMBERS),
  ReduceMean: reduction(...NUMBERS),
  ReduceProd: reduction(...NUMBERS),
  ReduceL1: reduction(...NUMBERS),
  ReduceL2: reduction(...NUMBERS),
  ReduceSumSquare: reduction(...NUMBERS),
  ReduceLogSum: reduction(...NUMBERS),
  ReduceLogSumExp: reduction(...NUMBERS),
  ReduceMax: reduction(...ORDERED),
  ReduceMin: reduction(...ORDERED),
}
