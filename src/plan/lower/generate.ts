import { DTYPES } from '../../dtype.js'
import { fillOf } from '../../graph/infer/generate.js'
import { Tensor } from '../../value.js'
import { at } from '../../runtime/operand.js'
import { emitCopy, emitFill, regionOf } from './copy.js'
import type { Lowering, LowerTable } from './rule.js'

function constantOfShape(l: Lowering): void {
  const { dims, dtype } = l.output()
  emitFill(l, l.table(fillOf(l).data), regionOf(l.out(), dims, DTYPES[dtype].bytes), dims, DTYPES[dtype].bytes)
}

/** float16 holds bits: 1.0 is 0x3c00. */
const one = (dtype: Tensor['dtype']): Tensor => new Tensor(dtype, [dtype === 'float16' ? 0x3c00 : 1])
const zero = (dtype: Tensor['dtype']): Tensor => new Tensor(dtype, [0])

function eyeLike(l: Lowering): void {
  const { dims, dtype } = l.output()
  const [rows, columns] = dims as [number, number]
  const { bytes } = DTYPES[dtype]
  const k = l.int('k', 0)
  emitFill(l, l.table(zero(dtype).data), regionOf(l.out(), dims, bytes), dims, bytes)
  const row = Math.max(0, -k)
  const column = Math.max(0, k)
  const count = Math.max(0, Math.min(rows - row, columns - column))
  emitCopy(l, l.table(one(dtype).data), at(l.out(), (row * columns + column) * bytes), bytes, [{ count, x: 0, y: (columns + 1) * bytes }])
}

function range(l: Lowering): void {
  const { dims, dtype } = l.output()
  l.emit('range', { start: l.in(0), delta: l.in(2), y: l.out(), count: dims[0]!, dtype: DTYPES[dtype].code })
}

/** Shape, Size and Constant are values before a plan is made (InferRule.fold) and never reach it. */
export const generate: LowerTable = { ConstantOfShape: constantOfShape, EyeLike: eyeLike, Range: range }
