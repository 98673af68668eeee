import { DTYPES, arrayOf, type DType, type TypedArray } from '../../dtype.js'
import { reducedAxes } from '../../graph/infer/reduce.js'
import { NULL } from '../../runtime/operand.js'
import { viewTable } from './reduced-view.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

/** ReduceOp of assembly/reduce/ops.ts. */
export const REDUCE_OP = { sum: 0, mean: 1, l1: 2, l2: 3, sumSquare: 4, logSum: 5, max: 6, min: 7, prod: 8, logSumExp: 9 } as const
type Reduction = keyof typeof REDUCE_OP

/** What `op` makes of float32 while nothing is reduced: its input. */
const IDENTITIES: readonly Reduction[] = ['sum', 'mean', 'max', 'min', 'prod', 'logSumExp']

/** The result of reducing nothing: for max and min the type's own ends. */
function identity(op: Reduction, dtype: DType): TypedArray {
  const value = arrayOf(dtype, 1)
  const { min, max, integer } = DTYPES[dtype]
  const big = dtype === 'int64' || dtype === 'uint64'
  const bound = op === 'max' ? min : op === 'min' ? max : op === 'prod' ? 1 : 0
  if (!big) value[0] = bound as never
  else if (op === 'min' && integer) value[0] = (BigInt(max) - 1n) as never
  else value[0] = BigInt(bound) as never
  return value
}

/** Reduces input 0 over `axes` into output 0. */
export function emitReduce(l: Lowering, op: Reduction, axes: readonly number[]): void {
  const { dtype } = l.input(0)
  if (!axes.length && IDENTITIES.includes(op)) return l.alias(0, 0)
  const fast = dtype === 'float32' && op !== 'prod' && op !== 'logSumExp'
  const unsigned = dtype.startsWith('uint')
  const code = REDUCE_OP[op === 'l1' && unsigned ? 'sum' : op]
  l.emit(fast ? 'f32_reduce' : 'any_reduce', {
    x: l.in(0), y: l.out(), view: viewTable(l, axes), identity: fast ? NULL : l.table(identity(op, dtype)), op: code, dtype: DTYPES[dtype].code, last: 0,
  })
}

const reduction = (op: Reduction): LowerRule => (l) => emitReduce(l, op, reducedAxes(l))

export const reduce: LowerTable = {
  ReduceSum: reduction('sum'),
  ReduceMean: reduction('mean'),
  ReduceProd: reduction('prod'),
  ReduceL1: reduction('l1'),
  ReduceL2: reduction('l2'),
  ReduceSumSquare: reduction('sumSquare'),
  ReduceLogSum: reduction('logSum'),
  ReduceLogSumExp: reduction('logSumExp'),
  ReduceMax: reduction('max'),
  ReduceMin: reduction('min'),
}
