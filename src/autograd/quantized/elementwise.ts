import { elementCount } from '../../dtype.js'
import { OctavoError } from '../../errors.js'
import { engineTables as inferTables } from '../../graph/infer/engine-tables.js'
import { engineTables } from '../../plan/lower/engine-tables.js'
import { bounds, canAddFixed, codeTable, fixedAddition, functionTable, realTable, type CodeParams, type Rounding } from '../../quantization/code-tables.js'
import { roundEven } from '../../quantization/qparams.js'
import { call, Op, type QuantizedKernel } from '../dispatch.js'
import { commonFormat, operandAs } from '../ops/elementwise.js'
import { ruleSet } from '../ops/rule-set.js'
import type { PerTensorQuantizer } from '../quantizer.js'
import type { Recipe, Result } from '../recipe.js'
import { SCALAR_TYPES, type ScalarType } from '../scalar-type.js'
import { axisOf } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { quantizedBackend } from './engine.js'
import { checkParams, expectPerTensor, perTensor } from './operands.js'

export const TABLES = ruleSet(inferTables, engineTables)
/** Elements that PyTorch's loops over two quantized tensors take at a time; what remains is rounded another way. */
const BLOCK = 64
/** Channels that its concatenation of channels-last images takes at a time. */
const CAT_BLOCK = 8

export const codesOfOperand = (r: Recipe, i: number): CodeParams => ({ ...(r.operand(i).quantizer as PerTensorQuantizer), signed: r.dtype(i) === 'qint8' })

/** A table of codes as an operand. */
export const tableOperand = (r: Recipe, dtype: ScalarType, table: readonly number[]): string =>
  r.constant(SCALAR_TYPES[dtype].host, dtype === 'qint8' ? Int8Array.from(table) : Uint8Array.from(table))

type Fused = readonly [relu: boolean, scale: number, zeroPoint: number, fixed: boolean]

const sameShape = (r: Recipe): boolean => `${r.shape(0)}` === `${r.shape(1)}`

/** One node per stretch of elements that is rounded alike. */
function binaryOp(name: 'add' | 'mul', node: (r: Recipe, a: string, b: string, attributes: Fused, rounding: Rounding) => string): Op<Fused> {
  return new Op(`quantized::${name}`, (r, attributes): Result[] => {
    const format = sameShape(r) ? commonFormat(r, [0, 1]) : 'contiguous'
    const [dtype, quantizer] = [r.dtype(0), perTensor(attributes[1], attributes[2])]
    const [a, b] = [operandAs(r, 0, format, dtype), operandAs(r, 1, format, r.dtype(1))]
    const count = elementCount(r.shape(0))
    const whole = name === 'add' && !attributes[3] && sameShape(r) ? count - (count % BLOCK) : 0
    if (whole === 0 || whole === count) return [{ value: node(r, a, b, attributes, whole ? 'vector' : 'rest'), dtype, format, quantizer }]
    const part = (v: string, from: number, to: number): string => r.node('Slice', [r.reshape(v, [count]), r.ints([from]), r.ints([to])])
    const parts = ([[0, whole, 'vector'], [whole, count, 'rest']] as const).map(([from, to, rounding]) => node(r, part(a, from, to), part(b, from, to), attributes, rounding))
    const physical = format === 'contiguous' ? r.shape(0) : r.operand(0).kind.physical
    return [{ value: r.reshape(r.node('Concat', parts, { axis: 0 }), physical), dtype, format, quantizer }]
  }, TABLES, true)
}

/** Bounds of a result's codes. */
function range(r: Recipe, relu: boolean, zeroPoint: number): [lo: number, hi: number] {
  const [lo, hi] = bounds(r.dtype(0) === 'qint8')
  return [relu ? Math.max(lo, zeroPoint) : lo, hi]
}

const table32 = (r: Recipe, table: Float32Array | Int32Array): string => r.constant(table instanceof Int32Array ? 'int32' : 'float32', table)

const ADD = binaryOp('add', (r, a, b, [relu, scale, zeroPoint, fixed], rounding) => {
  const [lo, hi] = range(r, relu, zeroPoint)
  const [from, other] = [codesOfOperand(r, 0), codesOfOperand(r, 1)]
  if (fixed) {
    const add = fixedAddition(from, other, scale)
    return r.node('octavo:TableBinary', [a, b, table32(r, add.a), table32(r, add.b)], { op: 'fixed', shift: add.shift, late: zeroPoint, lo: lo - zeroPoint, hi: hi - zeroPoint })
  }
  const late = rounding === 'vector' ? zeroPoint : 0
  return r.node('octavo:TableBinary', [a, b, table32(r, realTable(from, rounding)), table32(r, realTable(other, rounding))],
    { op: 'add', scale: Math.fround(1 / Math.fround(scale)), early: zeroPoint - late, late, lo: lo - late, hi: hi - late })
})

const MUL = binaryOp('mul', (r, a, b, [relu, scale, zeroPoint]) => {
  const [lo, hi] = range(r, relu, zeroPoint)
  const [from, other] = [codesOfOperand(r, 0), codesOfOperand(r, 1)]
  const steps = (p: CodeParams): string => table32(r, Float32Array.from(codeTable(p.signed, (code) => code - p.zeroPoint)))
  const f32 = Math.fround
  const m = f32(f32(f32(from.scale) * f32(other.scale)) * f32(1 / f32(scale)))
  return r.node('octavo:TableBinary', [a, b, steps(from), steps(other)], { op: 'mul', scale: m, late: zeroPoint, lo: lo - zeroPoint, hi: hi - zeroPoint })
})

function checkPair(op: string, a: Tensor, b: Tensor, scale: number, zeroPoint: number): void {
  for (const t of [a, b]) expectPerTensor(op, t, 'quint8', 'qint8')
  if (a.dtype !== b.dtype) throw new OctavoError('DTYPE_MISMATCH', `${op}: expected tensors of one type, got ${a.dtype} and ${b.dtype}.`, { op, a: a.dtype, b: b.dtype })
  checkParams(op, scale, zeroPoint, a.dtype)
}

/**
 * a + b as codes of this scale and zero point, with relu on the sum if asked for. QNNPACK adds quint8 tensors of one shape in fixed point.
 *
 * @throws DTYPE_MISMATCH, QPARAMS_INVALID (also for scales too far apart for QNNPACK), SHAPE_MISMATCH
 */
export function add(a: Tensor, b: Tensor, scale: number, zeroPoint: number, relu = false): Tensor {
  const op = relu ? 'quantized::add_relu' : 'quantized::add'
  checkPair(op, a, b, scale, zeroPoint)
  const fixed = quantizedBackend.engine === 'qnnpack' && a.dtype === 'quint8' && `${a.shape}` === `${b.shape}`
  const [sa, sb] = [(a.quantizer as PerTensorQuantizer).scale, (b.quantizer as PerTensorQuantizer).scale]
  if (fixed && !canAddFixed(sa, sb, scale)) throw new OctavoError('QPARAMS_INVALID', `${op}: QNNPACK adds scales of 2^-14 up to 2^8 of the result's, got ${sa} and ${sb} for ${scale}. Calibrate again.`, { op })
  return call(ADD, [a, b], [relu, scale, zeroPoint, fixed])
}

/** a · b as codes of this scale and zero point. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function mul(a: Tensor, b: Tensor, scale: number, zeroPoint: number, relu = false): Tensor {
  checkPair(relu ? 'quantized::mul_relu' : 'quantized::mul', a, b, scale, zeroPoint)
  return call(MUL, [a, b], [relu, scale, zeroPoint, false])
}

/** A function of codes: its table, undefined for "as they are", and the parameters of its result. */
export interface CodeFunction {
  readonly table: readonly number[] | undefined
  readonly scale: number
  readonly zeroPoint: number
}

type Settings = readonly (number | string | boolean)[]

/** An operation that is a table; the table is made when it is planned. */
export function lookupOp<A extends Settings>(name: string, describe: (from: CodeParams, attributes: A) => CodeFunction): (x: Tensor, attributes: A) => Tensor {
  const op = new Op<A>(`quantized::${name}`, (r, attributes) => {
    const { table, scale, zeroPoint } = describe(codesOfOperand(r, 0), attributes)
    const x = r.stored(0)
    const value = table ? r.node('octavo:Lookup', [x, tableOperand(r, r.dtype(0), table)]) : x
    return [{ value, dtype: r.dtype(0), format: r.operand(0).kind.format, quantizer: perTensor(scale, zeroPoint) }]
  }, undefined, true)
  return (x, attributes) => {
    expectPerTensor(`quantized::${name}`, x, 'quint8', 'qint8')
    return call(op, [x], attributes)
  }
}

/** x + value: the zero point moves; where it would leave the codes, the scale grows and codes are computed anew. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export const addScalar = scalarOp('add_scalar', (from, value, relu) => {
  const [lo, hi] = bounds(from.signed)
  const { scale: s, zeroPoint: z } = from
  const shift = roundEven(value / s)
  const at = z - shift
  if (at >= lo && at <= hi) return { table: relu ? codeTable(from.signed, (q) => Math.max(q, at)) : undefined, scale: s, zeroPoint: at }
  const scale = ((at < lo ? hi - at : at - lo) / (hi - lo)) * s
  const zeroPoint = at < lo ? lo : hi
  const f32 = Math.fround
  const m = f32(s * f32(1 / scale))
  const least = relu ? zeroPoint : lo
  return { table: codeTable(from.signed, (q) => Math.min(Math.max(roundEven(f32((q - z + shift) * m)) + zeroPoint, least), hi)), scale, zeroPoint }
})

/** x · value: the scale takes it up; a negative factor mirrors the codes. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export const mulScalar = scalarOp('mul_scalar', (from, value, relu) => {
  const [lo, hi] = bounds(from.signed)
  const { scale, zeroPoint: z } = from
  if (value === 0) return { table: codeTable(from.signed, () => 0), scale: 1, zeroPoint: 0 }
  const at = value > 0 ? z : hi - (z - lo)
  const codes = (q: number): number => (value > 0 ? q : hi + lo - q)
  return { table: value > 0 && !relu ? undefined : codeTable(from.signed, (q) => (relu ? Math.max(codes(q), at) : codes(q))), scale: Math.abs(value) * scale, zeroPoint: at }
})

function scalarOp(name: string, describe: (from: CodeParams, value: number, relu: boolean) => CodeFunction): (x: Tensor, value: number, relu?: boolean) => Tensor {
  const op = lookupOp<readonly [value: number, relu: boolean]>(name, (from, [value, relu]) => describe(from, value, relu))
  return (x, value, relu = false) => op(x, [value, relu])
}

/** Codes of `from` as codes of `to`. */
const requantizeTable = (from: CodeParams, to: CodeParams, rounding: Rounding, relu: boolean): number[] | undefined =>
  !relu && from.scale === to.scale && from.zeroPoint === to.zeroPoint ? undefined : functionTable(from, to, rounding, (v) => (relu ? Math.max(v, 0) : v))

const CAT = new Op<readonly [axis: number, relu: boolean, scale: number, zeroPoint: number]>('quantized::cat', (r, [axis, relu, scale, zeroPoint]) => {
  const all = r.operands.map((_, i) => i)
  const dtype = r.dtype(0)
  const rank = r.shape(0).length
  const last = all.every((i) => r.isLast(i))
  const native = last && axis === 1
  const at = !last || axis === 0 ? axis : axis === 1 ? rank - 1 : axis - 1
  const to = { scale, zeroPoint, signed: dtype === 'qint8' }
  const through = (v: string, i: number, rounding: Rounding): string => {
    const table = requantizeTable(codesOfOperand(r, i), to, rounding, relu)
    return table ? r.node('octavo:Lookup', [v, tableOperand(r, dtype, table)]) : v
  }
  const values = all.flatMap((i) => {
    const v = last ? r.stored(i) : r.x(i)
    if (!native) return [through(v, i, 'tensor')]
    const channels = r.shape(i)[1]!
    const whole = channels - (channels % CAT_BLOCK)
    if (whole === 0 || whole === channels) return [through(v, i, whole ? 'vector' : 'rest')]
    const part = (from: number, end: number): string => r.node('Slice', [v, r.ints([from]), r.ints([end]), r.ints([at])])
    return [through(part(0, whole), i, 'vector'), through(part(whole, channels), i, 'rest')]
  })
  return [{ value: r.node('Concat', values, { axis: at }), dtype, format: last ? r.operand(0).kind.format : 'contiguous', quantizer: perTensor(scale, zeroPoint) }]
}, undefined, true)

/** Tensors one after another along `dim`, brought to one scale and zero point: the first one's unless given. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH, INPUT_MISSING */
export function cat(tensors: readonly Tensor[], dim = 0, scale?: number, zeroPoint?: number, relu = false): Tensor {
  const op = relu ? 'quantized::cat_relu' : 'quantized::cat'
  if (!tensors.length) throw new OctavoError('INPUT_MISSING', `${op}: expected at least one tensor, got none.`, { op })
  const [first] = tensors.map((t) => expectPerTensor(op, t, 'quint8', 'qint8'))
  const mixed = tensors.find((t) => t.dtype !== tensors[0]!.dtype)
  if (mixed) throw new OctavoError('DTYPE_MISMATCH', `${op}: expected tensors of one type, got ${tensors[0]!.dtype} and ${mixed.dtype}.`, { op })
  const [s, z] = [scale ?? first!.scale, zeroPoint ?? first!.zeroPoint]
  checkParams(op, s, z, tensors[0]!.dtype)
  return call(CAT, tensors, [axisOf(dim, tensors[0]!.ndim, op), relu, s, z])
}

export const elementwiseKernels: Readonly<Record<string, QuantizedKernel>> = {
  cat: (inputs, [axis]) => [cat(inputs as Tensor[], axis as number)],
}
