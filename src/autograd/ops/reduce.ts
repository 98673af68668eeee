import { argReduce as inferArg } from '../../graph/infer/arg-reduce.js'
import { argReduce as lowerArg } from '../../plan/lower/arg-reduce.js'
import { call, callAll, Op } from '../dispatch.js'
import type { Recipe } from '../recipe.js'
import { scalarRow, type ScalarType } from '../scalar-type.js'
import { axesOf, axisOf, mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { operandAs } from './elementwise.js'
import { ruleSet } from './rule-set.js'

const ARG = ruleSet(inferArg, lowerArg)

export type Axes = number | readonly number[]
type Reduction = Op<[axes: readonly number[], keep: boolean]>

/** Sums and products of integers are int64. */
const summed = (dtype: ScalarType): ScalarType => (scalarRow(dtype).floating ? dtype : 'int64')
const same = (dtype: ScalarType): ScalarType => dtype

const node = (r: Recipe, op: string, x: string, axes: readonly number[], keep: boolean): string =>
  axes.length ? r.node(op, [x, r.ints(axes)], { keepdims: keep ? 1 : 0 }) : r.node('Identity', [x])

const reduction = (name: string, op: string, computedIn: (dtype: ScalarType) => ScalarType): Reduction =>
  new Op(name, (r, [axes, keep]) => [node(r, op, operandAs(r, 0, 'contiguous', computedIn(r.dtype(0))), axes, keep)])

const reduce = (op: Reduction) => (x: Tensor, dim?: Axes, keepdim = false): Tensor => call(op, [x], [axesOf(dim, x.shape.length, op.name), keepdim])

/** Over the axes given, or all of them. Integers give int64. */
export const sum = reduce(reduction('sum', 'ReduceSum', summed))
/** Of floats; over no element NaN. */
export const mean = reduce(reduction('mean', 'ReduceMean', same))
export const prod = reduce(reduction('prod', 'ReduceProd', summed))
/** The largest (smallest) element over the axes; NaN where there is one. */
export const amax = reduce(reduction('amax', 'ReduceMax', same))
export const amin = reduce(reduction('amin', 'ReduceMin', same))
export const logsumexp = reduce(reduction('logsumexp', 'ReduceLogSumExp', same))

const VARIANCE = new Op<[axes: readonly number[], keep: boolean, correction: number, root: boolean]>('var', (r, [axes, keep, correction, root]) => {
  const x = r.x(0)
  const centred = r.node('Sub', [x, node(r, 'ReduceMean', x, axes, true)])
  const total = node(r, 'ReduceSum', r.node('Mul', [centred, centred]), axes, keep)
  const count = axes.reduce((n, a) => n * r.shape(0)[a]!, 1)
  const variance = r.node('Div', [total, r.scalar('float32', Math.max(0, count - correction))])
  return [root ? r.node('Sqrt', [variance]) : variance]
})

/** Σ (x − mean)² / (n − correction). */
export const variance = (x: Tensor, dim?: Axes, keepdim = false, correction = 1): Tensor => call(VARIANCE, [x], [axesOf(dim, x.shape.length, 'var'), keepdim, correction, false])
/** The root of `variance`. */
export const std = (x: Tensor, dim?: Axes, keepdim = false, correction = 1): Tensor => call(VARIANCE, [x], [axesOf(dim, x.shape.length, 'std'), keepdim, correction, true])

const ARG_OPS = { max: 'ArgMax', min: 'ArgMin' } as const
const EXTREME_OPS = { max: 'ReduceMax', min: 'ReduceMin' } as const
type Side = keyof typeof ARG_OPS

const ARGUMENT = new Op<[side: Side, axis: number, keep: boolean]>('argmax', (r, [side, axis, keep]) => [r.node(ARG_OPS[side], [r.x(0)], { axis, keepdims: keep ? 1 : 0 })], ARG)
const EXTREME = new Op<[side: Side, axis: number, keep: boolean]>('max', (r, [side, axis, keep]) => {
  const x = r.x(0)
  return [node(r, EXTREME_OPS[side], x, [axis], keep), r.node(ARG_OPS[side], [x], { axis, keepdims: keep ? 1 : 0 })]
}, ARG)

const argument = (side: Side) => (x: Tensor, dim?: number, keepdim = false): Tensor => {
  if (!x.numel()) mismatch(`arg${side}`, 'at least one element', x.shape)
  return dim === undefined ? call(ARGUMENT, [x.reshape(-1)], [side, 0, false]) : call(ARGUMENT, [x], [side, axisOf(dim, x.shape.length, `arg${side}`), keepdim])
}
/** Index of the first largest element along `dim`, or of all in order. */
export const argmax = argument('max')
export const argmin = argument('min')

/** The extreme elements along `dim` and their (first) indices. */
export function extremes(x: Tensor, side: Side, dim: number, keepdim = false): { values: Tensor; indices: Tensor } {
  const [values, indices] = callAll(EXTREME, [x], [side, axisOf(dim, x.shape.length, side), keepdim])
  return { values: values!, indices: indices! }
}
