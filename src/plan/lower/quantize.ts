import { DTYPES, elementCount, type DType } from '../../dtype.js'
import { codeRange, spreadOf, type Spread } from '../../graph/infer/quantize.js'
import type { KernelName } from '../../runtime/abi.js'
import { NULL, type Operand } from '../../runtime/operand.js'
import { walkOf } from './broadcast.js'
import { broadcastFields, scalar } from './elementwise.js'
import type { LowerRule, LowerTable, Lowering } from './rule.js'

export const QUANTIZE = { uint8: 'f32_quantize_u8', uint4: 'f32_quantize_u8', int8: 'f32_quantize_s8', int4: 'f32_quantize_s8', uint16: 'f32_quantize_u16', int16: 'f32_quantize_s16' } as const
export const DEQUANTIZE = {
  uint8: 'u8_dequantize', uint4: 'u8_dequantize', int8: 's8_dequantize', int4: 's8_dequantize', uint16: 'u16_dequantize', int16: 's16_dequantize', int32: 's32_dequantize',
} as const
const CAST_BLOCK_BYTES = 2048

/** Types whose bytes say the same in both, as far as wrapping goes. */
const SAME_BYTES: readonly (readonly DType[])[] = [['int8', 'uint8'], ['int16', 'uint16'], ['int32', 'uint32'], ['int64', 'uint64']]
/** Types of which every value is one of the second, held in the same bytes. */
const WITHIN: readonly (readonly [DType, DType])[] = [['bool', 'uint8'], ['bool', 'int8'], ['uint4', 'uint8'], ['uint4', 'int8'], ['int4', 'int8'], ['int4', 'uint8']]

const reinterprets = (from: DType, to: DType): boolean =>
  from === to || SAME_BYTES.some((pair) => pair.includes(from) && pair.includes(to)) || WITHIN.some(([a, b]) => a === from && b === to)

export const oneScale = (count: number): Spread => ({ outer: 1, axis: 1, block: 1, inner: count, scaleRow: 0, scaleStep: 0, varied: 0 })

/** y = x in another type: no step where the bytes already say it, a loop of its own for common pairs, otherwise through blocks. */
const cast: LowerRule = (l) => {
  const [from, to] = [l.input(0).dtype, l.output().dtype]
  const count = elementCount(l.output().dims)
  if (reinterprets(from, to)) return l.alias(0, 0)
  const params = { count, from: DTYPES[from].code, to: DTYPES[to].code, fromBytes: DTYPES[from].bytes, toBytes: DTYPES[to].bytes }
  if (to === 'float32' && from === 'float16') return l.emit('f16_to_f32', { x: l.in(0), y: l.out(), scratch: NULL, ...params })
  if (to === 'float16' && from === 'float32') return l.emit('f32_to_f16', { x: l.in(0), y: l.out(), scratch: NULL, ...params })
  const codes = from === 'bool' ? 'uint8' : from
  l.mayOverwrite(0, 0)
  if (to === 'float32' && codes in DEQUANTIZE)
    return emitDequantize(l, codes as keyof typeof DEQUANTIZE, l.in(0), l.out(), scalar(l, 'float32', 1), NULL, oneScale(count))
  l.emit('x_cast', { x: l.in(0), y: l.out(), scratch: l.scratch(CAST_BLOCK_BYTES), ...params })
}

export function emitDequantize(l: Lowering, dtype: keyof typeof DEQUANTIZE, x: Operand, y: Operand, scale: Operand, zero: Operand, spread: Spread): void {
  l.emit(DEQUANTIZE[dtype], { x, y, scale, zero, ...spread, lo: 0, hi: 0 })
}

export function emitQuantize(l: Lowering, dtype: keyof typeof QUANTIZE, x: Operand, y: Operand, scale: Operand, zero: Operand, spread: Spread): void {
  l.emit(QUANTIZE[dtype], { x, y, scale, zero, ...spread, ...codeRange(dtype) })
}

export const optional = (l: Lowering, i: number): Operand => (l.has(i) ? l.in(i) : NULL)

export function pick<T extends Partial<Record<DType, KernelName>>>(l: Lowering, kernels: T, dtype: DType): keyof T & DType {
  return dtype in kernels ? dtype as keyof T & DType : l.fail('KERNEL_MISSING', `no kernel for ${dtype}; there are kernels for ${Object.keys(kernels).join(', ')}`, { dtype })
}

const quantizeLinear: LowerRule = (l) => {
  for (const i of [0, 1]) if (l.input(i).dtype !== 'float32') l.fail('KERNEL_MISSING', `no kernel reads input ${i} as ${l.input(i).dtype}. Cast it to float32`)
  emitQuantize(l, pick(l, QUANTIZE, l.output().dtype), l.in(0), l.out(), l.in(1), optional(l, 2), spreadOf(l))
}

const dequantizeLinear: LowerRule = (l) => {
  if (l.input(1).dtype !== 'float32' || l.output().dtype !== 'float32') l.fail('KERNEL_MISSING', `no kernel writes ${l.output().dtype}. Give float32 scales and cast the result`)
  emitDequantize(l, pick(l, DEQUANTIZE, l.input(0).dtype), l.in(0), l.out(), l.in(1), optional(l, 2), spreadOf(l))
}

const CODES = { add: 0, mul: 1 } as const

/**
 * `arithmetic` = "onnx" (what DequantizeLinear, the operator and QuantizeLinear mean together) or "mlas" (ONNX Runtime's own
 * QLinearAdd and QLinearMul as WebAssembly runs them; the default of its operators). See assembly/quantize/binary.ts.
 */
const qlinearBinary = (op: keyof typeof CODES): LowerRule => (l) => {
  const { dtype, dims } = l.output()
  const arithmetic = l.string('arithmetic', 'mlas')
  if (arithmetic !== 'onnx' && arithmetic !== 'mlas') l.fail('ATTRIBUTE_UNSUPPORTED', `attribute "arithmetic" must be onnx or mlas, got "${arithmetic}"`)
  const straight = walkOf(dims, [{ dims: l.dims(0), bytes: 1 }, { dims: l.dims(3), bytes: 1 }])
  const swap = straight.innerSteps[0] === 0 && straight.inner > 1
  const [a, b] = swap ? [3, 0] : [0, 3]
  const walk = walkOf(dims, [{ dims: l.dims(a), bytes: 1 }, { dims: l.dims(b), bytes: 1 }, { dims: [], bytes: 0 }])
  for (const i of [a, b]) if (elementCount(l.dims(i)) === elementCount(dims)) l.mayOverwrite(0, i)
  l.emit('q8_binary', {
    a: l.in(a), b: l.in(b), c: NULL, y: l.out(), op: CODES[op], ...broadcastFields(l, walk, walk.inner),
    aScale: l.in(a + 1), bScale: l.in(b + 1), yScale: l.in(6), aZero: optional(l, a + 2), bZero: optional(l, b + 2), yZero: optional(l, 7),
    signed: dtype === 'int8' ? 1 : 0, late: arithmetic === 'mlas' ? 1 : 0, ...codeRange(dtype),
  })
}

export const quantize: LowerTable = {
  Cast: cast, CastLike: cast,
  QuantizeLinear: quantizeLinear, DequantizeLinear: dequantizeLinear,
  'com.microsoft:QuantizeLinear': quantizeLinear, 'com.microsoft:DequantizeLinear': dequantizeLinear,
  'com.microsoft:QLinearAdd': qlinearBinary('add'), 'com.microsoft:QLinearMul': qlinearBinary('mul'),
}
