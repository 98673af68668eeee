import { arithmetic as inferArithmetic } from '../../graph/infer/arithmetic.js'
import { logic as inferLogic } from '../../graph/infer/logic.js'
import { arithmetic as lowerArithmetic } from '../../plan/lower/arithmetic.js'
import { logic as lowerLogic } from '../../plan/lower/logic.js'
import { DTYPES } from '../../dtype.js'
import { call, Op } from '../dispatch.js'
import type { MemoryFormat } from '../kind.js'
import type { Recipe, Result } from '../recipe.js'
import { promoteTypes, SCALAR_TYPES, scalarRow, type ScalarType } from '../scalar-type.js'
import type { Tensor } from '../tensor-base.js'
import { ruleSet } from './rule-set.js'

const ARITHMETIC = ruleSet(inferArithmetic, lowerArithmetic)
const LOGIC = ruleSet(inferLogic, lowerLogic)

/** The order that elementwise operands share, so that they need not be moved: all images of one shape lie alike, the others hold one element. */
export function commonFormat(r: Recipe, operands: readonly number[]): MemoryFormat {
  const [first, ...rest] = operands.filter((i) => r.operand(i).kind.shape.length > 0)
  if (first === undefined || !r.isLast(first)) return 'contiguous'
  const { shape, format } = r.operand(first).kind
  return rest.every((i) => r.operand(i).kind.format === format && `${r.shape(i)}` === `${shape}`) ? format : 'contiguous'
}

/** Operand `i` in that order and of element type `dtype`. */
export function operandAs(r: Recipe, i: number, format: MemoryFormat, dtype: ScalarType): string {
  const value = format === 'contiguous' ? r.x(i) : r.stored(i)
  return r.dtype(i) === dtype ? value : cast(r, value, dtype)
}

export const cast = (r: Recipe, value: string, dtype: ScalarType): string => r.node('Cast', [value], { to: DTYPES[SCALAR_TYPES[dtype].host].code })

/** The type that an operation with a JavaScript number computes in: whole numbers follow the tensor, others make integers float32. */
export function withNumber(dtype: ScalarType, value: number): ScalarType {
  if (scalarRow(dtype).floating) return dtype
  return Number.isInteger(value) ? (dtype === 'bool' ? 'int64' : dtype) : 'float32'
}

type Node = (r: Recipe, a: string, b: string, dtype: ScalarType) => string
const plainNode = (op: string): Node => (r, a, b) => r.node(op, [a, b])

/** Two tensors, or a tensor and a number on the right or left; both are brought to one element type first. */
const binaryOp = (name: string, node: Node, computedIn: (dtype: ScalarType) => ScalarType = (t) => t, rules = ARITHMETIC): Op<[number?: number, left?: boolean]> =>
  new Op(name, (r, [number, left]) => {
    const both = number === undefined
    const dtype = computedIn(both ? promotedType(r.operand(0).kind, r.operand(1).kind) : withNumber(r.dtype(0), number))
    const format = commonFormat(r, both ? [0, 1] : [0])
    const a = operandAs(r, 0, format, dtype)
    const b = both ? operandAs(r, 1, format, dtype) : r.scalar(SCALAR_TYPES[dtype].host, number)
    return [{ value: left ? node(r, b, a, dtype) : node(r, a, b, dtype), format }]
  }, rules)

interface Typed { readonly dtype: ScalarType; readonly shape: readonly number[] }

/** A tensor without axes gives way to one with axes, unless it is of a higher category. */
function promotedType(a: Typed, b: Typed): ScalarType {
  if (!a.shape.length === !b.shape.length) return promoteTypes(a.dtype, b.dtype)
  const [dimmed, single] = a.shape.length ? [a.dtype, b.dtype] : [b.dtype, a.dtype]
  return category(single) > category(dimmed) ? promoteTypes(single, dimmed) : dimmed
}
const category = (dtype: ScalarType): number => (scalarRow(dtype).floating ? 2 : dtype === 'bool' ? 0 : 1)

const toFloat = (dtype: ScalarType): ScalarType => (scalarRow(dtype).floating ? dtype : 'float32')
const comparison = (op: string): Node => (r, a, b) => r.node(op, [a, b])

const ADD = binaryOp('add', plainNode('Add'))
const SUB = binaryOp('sub', plainNode('Sub'))
const MUL = binaryOp('mul', plainNode('Mul'))
const DIV = binaryOp('div', plainNode('Div'), toFloat)
const POW = binaryOp('pow', plainNode('Pow'))
const MAXIMUM = binaryOp('maximum', plainNode('Max'))
const MINIMUM = binaryOp('minimum', plainNode('Min'))
const EQ = binaryOp('eq', comparison('Equal'), undefined, LOGIC)
const NE = binaryOp('ne', (r, a, b) => r.node('Not', [r.node('Equal', [a, b])]), undefined, LOGIC)
const LT = binaryOp('lt', comparison('Less'), undefined, LOGIC)
const LE = binaryOp('le', comparison('LessOrEqual'), undefined, LOGIC)
const GT = binaryOp('gt', comparison('Greater'), undefined, LOGIC)
const GE = binaryOp('ge', comparison('GreaterOrEqual'), undefined, LOGIC)

export type Other = Tensor | number

const binary = (op: Op<[number?: number, left?: boolean]>) => (x: Tensor, other: Other): Tensor =>
  typeof other === 'number' ? call(op, [x], [other]) : call(op, [x, other], [])

/** x + alpha · other. @throws SHAPE_MISMATCH when the shapes do not broadcast */
export function add(x: Tensor, other: Other, alpha = 1): Tensor {
  if (alpha === 1) return binary(ADD)(x, other)
  return binary(ADD)(x, typeof other === 'number' ? alpha * other : mul(other, alpha))
}

/** x − alpha · other. */
export function sub(x: Tensor, other: Other, alpha = 1): Tensor {
  if (alpha === 1) return binary(SUB)(x, other)
  return binary(SUB)(x, typeof other === 'number' ? alpha * other : mul(other, alpha))
}

export const mul = binary(MUL)
/** True division: integers give float32. */
export const div = binary(DIV)
export const pow = binary(POW)
export const maximum = binary(MAXIMUM)
export const minimum = binary(MINIMUM)
export const eq = binary(EQ)
export const ne = binary(NE)
export const lt = binary(LT)
export const le = binary(LE)
export const gt = binary(GT)
export const ge = binary(GE)
/** other − x. */
export const rsub = (x: Tensor, other: Other): Tensor => (typeof other === 'number' ? call(SUB, [x], [other, true]) : sub(other, x))

const WHERE = new Op<[]>('where', (r) => {
  const dtype = promotedType(r.operand(1).kind, r.operand(2).kind)
  return [r.node('Where', [r.x(0), operandAs(r, 1, 'contiguous', dtype), operandAs(r, 2, 'contiguous', dtype)])]
}, LOGIC)

/** x where the condition (bool) holds, other elsewhere; all three broadcast. */
export const where = (condition: Tensor, x: Tensor, other: Tensor): Tensor => call(WHERE, [condition, x, other], [])

const LOGICAL_NOT = new Op<[]>('logicalNot', (r) => {
  const format = commonFormat(r, [0])
  return [{ value: r.node('Not', [operandAs(r, 0, format, 'bool')]), format }]
}, LOGIC)
export const logicalNot = (x: Tensor): Tensor => call(LOGICAL_NOT, [x], [])

/** An operation on every element of one tensor. Integers are computed as float32 where the function is real. */
export const unaryOp = <A extends readonly (number | string | undefined)[] = []>(name: string, node: (r: Recipe, x: string, attributes: A, dtype: ScalarType) => string, real = true, rules?: Op['rules']): Op<A> =>
  new Op<A>(name, (r, attributes): Result[] => {
    const format = commonFormat(r, [0])
    const dtype = real ? toFloat(r.dtype(0)) : r.dtype(0)
    return [{ value: node(r, operandAs(r, 0, format, dtype), attributes, dtype), format }]
  }, rules)

const plain = (name: string, op: string, real = true): ((x: Tensor) => Tensor) => {
  const unary = unaryOp(name, (r, x) => r.node(op, [x]), real)
  return (x) => call(unary, [x], [])
}

export const neg = plain('neg', 'Neg', false)
export const abs = plain('abs', 'Abs', false)
export const sign = plain('sign', 'Sign', false)
export const exp = plain('exp', 'Exp')
export const log = plain('log', 'Log')
export const sqrt = plain('sqrt', 'Sqrt')
export const reciprocal = plain('reciprocal', 'Reciprocal')
export const floor = plain('floor', 'Floor')
export const ceil = plain('ceil', 'Ceil')
/** To the nearest whole number, ties to even. */
export const round = plain('round', 'Round')
export const sigmoid = plain('sigmoid', 'Sigmoid')
export const tanh = plain('tanh', 'Tanh')
export const relu = plain('relu', 'Relu', false)

const RSQRT = unaryOp('rsqrt', (r, x) => r.node('Reciprocal', [r.node('Sqrt', [x])]))
export const rsqrt = (x: Tensor): Tensor => call(RSQRT, [x], [])

const CLAMP = unaryOp<[min?: number, max?: number]>('clamp', (r, x, [min, max], dtype) => {
  const bound = (value: number | undefined): string => (value === undefined ? '' : r.scalar(SCALAR_TYPES[dtype].host, value))
  return r.node('Clip', [x, bound(min), bound(max)])
}, false)
/** Every element moved into [min, max]; NaN stays. */
export const clamp = (x: Tensor, min?: number, max?: number): Tensor => call(CLAMP, [x], [min, max])

const TO = new Op<[dtype: ScalarType]>('to', (r, [dtype]) => [{ value: cast(r, r.stored(0), dtype), dtype, format: r.operand(0).kind.format }])
/** The elements as another type: towards zero where it is whole, `x ≠ 0` where it is bool. */
export const toType = (x: Tensor, dtype: ScalarType): Tensor => (scalarRow(dtype) && x.dtype === dtype ? x : call(TO, [x], [dtype]))
