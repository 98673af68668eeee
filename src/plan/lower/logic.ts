import { DTYPES, elementCount } from '../../dtype.js'
import { walkOf } from './broadcast.js'
import { binary, broadcastFields, emitBinary, input, kernelFor, sameType, scalar } from './elementwise.js'
import type { BinaryName } from '../../runtime/op-codes.js'
import type { LowerRule, LowerTable, Lowering } from './rule.js'

/** Greater(a, b) is Less(b, a). */
const swapped = (name: BinaryName): LowerRule => (l) =>
  emitBinary(l, name, l.input(0).dtype, input(l, 1), input(l, 0), l.out(), l.output().dims)

const bitShift: LowerRule = (l) => binary(l.string('direction') === 'LEFT' ? 'ShiftLeft' : 'ShiftRight')(l)

/** Exclusive or with a constant: Not with 1, BitwiseNot with −1. */
const flip = (mask: number): LowerRule => (l) => {
  const { dtype, dims } = l.output()
  l.mayOverwrite(0, 0)
  emitBinary(l, 'Xor', dtype, input(l, 0), { at: scalar(l, dtype, mask), dims: [] }, l.out(), dims)
}

const where: LowerRule = (l) => {
  const { dtype, dims } = l.output()
  const { bytes } = DTYPES[dtype]
  const walk = walkOf(dims, [{ dims: l.dims(0), bytes: 1 }, { dims: l.dims(1), bytes }, { dims: l.dims(2), bytes }])
  for (const i of [1, 2]) if (sameType(l.input(i), l.output())) l.mayOverwrite(0, i)
  l.emit('x_where', { a: l.in(0), b: l.in(1), c: l.in(2), y: l.out(), op: bytes, ...broadcastFields(l, walk, walk.inner * bytes) })
}

const isInf: LowerRule = (l) => {
  const [negative, positive] = [l.int('detect_negative', 1) === 1, l.int('detect_positive', 1) === 1]
  classify(l, (negative ? 1 : 0) + (positive ? 2 : 0))
}
const isNaN: LowerRule = (l) => classify(l, 4)

function classify(l: Lowering, op: number): void {
  const kernel = kernelFor(l, { float32: 'f32_classify', float64: 'f64_classify' } as const, l.input(0).dtype)
  l.emit(kernel, { x: l.in(0), y: l.out(), count: elementCount(l.output().dims), op, alpha: 0, beta: 0 })
}

export const logic: LowerTable = {
  ...Object.fromEntries((['And', 'Or', 'Xor', 'Equal', 'Less', 'LessOrEqual'] as const).map((name) => [name, binary(name)])),
  BitwiseAnd: binary('And'), BitwiseOr: binary('Or'), BitwiseXor: binary('Xor'), Not: flip(1), BitwiseNot: flip(-1), BitShift: bitShift,
  Greater: swapped('Less'), GreaterOrEqual: swapped('LessOrEqual'), Where: where, IsInf: isInf, IsNaN: isNaN,
}
