/** Slow, obvious loops: casts, quantization and the 8-bit binary operators, in the float32 operations that define them. */
import { DTYPES, arrayOf, type DType, type TypedArray } from '../../src/dtype.js'

const f = Math.fround

/** To the nearest integer, ties to even. */
export function roundEven(x: number): number {
  const low = Math.floor(x)
  const rest = x - low
  return rest < 0.5 ? low : rest > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1
}

/** The value of a half by its definition. */
export function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14)
}

/** The half nearest to x, ties to even: the exact quotient by the quantum of x's binade, rounded. */
export function halfBits(x: number): number {
  if (Number.isNaN(x)) return 0x7e00
  const sign = Object.is(x, -0) || x < 0 ? 0x8000 : 0
  const size = Math.abs(x)
  if (size >= 65520) return sign | 0x7c00
  let exponent = -14
  while (2 ** (exponent + 1) <= size) exponent++
  const steps = roundEven(size / 2 ** (exponent - 10))
  return sign | (((exponent + 14) << 10) + steps)
}

const clamp = (x: number, lo: number, hi: number): number => (x < lo ? lo : x > hi ? hi : x)
/** Toward zero, NaN to 0, held to [lo, hi]. */
const truncated = (x: number, lo: bigint, hi: bigint): bigint => (Number.isNaN(x) ? 0n : x <= Number(lo) ? lo : x >= Number(hi) ? hi : BigInt(Math.trunc(x)))

/** One element of Cast. Values of float16 are given and returned as bits. */
export function castReference(from: DType, to: DType, x: number | bigint): number | bigint {
  const value = from === 'float16' ? halfValue(Number(x)) : x
  if (to === 'float16') return halfBits(Number(value)) // integers beyond 2^53 overflow a half anyway
  if (to === 'float32') return typeof value === 'bigint' ? nearestFloat(value) : f(value)
  if (to === 'float64') return Number(value)
  if (to === 'bool') return Number(value) !== 0 ? 1 : 0
  const whole = typeof value === 'bigint' ? value : DTYPES[from].integer ? BigInt(value) : toInteger(value, to)
  const bits = to === 'int4' || to === 'uint4' ? 4 : DTYPES[to].bytes * 8
  const wrapped = DTYPES[to].min < 0 ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole)
  return bits === 64 ? wrapped : Number(wrapped)
}

function toInteger(x: number, to: DType): bigint {
  if (to === 'uint64') return x < 0 ? truncated(x, -(2n ** 63n), 0n) : truncated(x, 0n, 2n ** 64n - 1n)
  if (to === 'int64' || to === 'uint32') return truncated(x, -(2n ** 63n), 2n ** 63n - 1n)
  return truncated(x, -(2n ** 31n), 2n ** 31n - 1n)
}

/** The float32 nearest to an integer: one rounding, found by trying the two neighbours of the doubly rounded one. */
function nearestFloat(x: bigint): number {
  const guess = f(Number(x))
  const bits = new Uint32Array(new Float32Array([guess]).buffer)[0]!
  const near = [bits - 1, bits, bits + 1].map((b) => new Float32Array(new Uint32Array([b]).buffer)[0]!).filter((v) => Number.isInteger(v))
  const size = (v: bigint): bigint => (v < 0n ? -v : v)
  const even = (v: number): boolean => (new Uint32Array(new Float32Array([v]).buffer)[0]! & 1) === 0
  return near.reduce((best, v) => {
    const [a, b] = [size(BigInt(v) - x), size(BigInt(best) - x)]
    return a < b || (a === b && even(v)) ? v : best
  })
}

/** clamp(round(x / scale) + zero, lo, hi); NaN gives lo. */
export function quantizeReference(x: number, scale: number, zero: number, dtype: DType): number {
  const { min, max } = DTYPES[dtype]
  const v = f(x / scale)
  if (Number.isNaN(v)) return min
  return roundEven(clamp(v, min - zero, max - zero)) + zero
}

export const dequantizeReference = (x: number, scale: number, zero: number): number => f(f((x - zero) | 0) * scale)

/** DynamicQuantizeLinear's scale and zero point; NaN elements do not count. */
export function rangeReference(x: Float32Array): { scale: number; zero: number } {
  let [low, high] = [0, 0]
  for (const v of x) {
    if (v < low) low = v
    if (v > high) high = v
  }
  const scale = high === low ? 1 : f(f(high - low) / 255)
  const zero = f(0 - f(low / scale))
  return { scale, zero: Number.isNaN(zero) ? 0 : roundEven(clamp(zero, 0, 255)) }
}

export interface QBinary { aScale: number; aZero: number; bScale: number; bZero: number; yScale: number; yZero: number; dtype: DType; late: boolean }

/** One element of QLinearAdd or QLinearMul (see assembly/quantize/binary.ts). */
export function qbinaryReference(op: 'add' | 'mul', a: number, b: number, q: QBinary): number {
  const [ra, rb] = [dequantizeReference(a, q.aScale, q.aZero), dequantizeReference(b, q.bScale, q.bZero)]
  const { min, max } = DTYPES[q.dtype]
  const v = clamp(f(f(op === 'add' ? ra + rb : ra * rb) / q.yScale), min - q.yZero, max - q.yZero)
  return q.late ? roundEven(f(v + q.yZero)) : roundEven(v) + q.yZero
}

/** x with `fn` applied to every element. */
export function mapTo(dtype: DType, x: TypedArray, fn: (v: number | bigint, i: number) => number | bigint): TypedArray {
  const y = arrayOf(dtype, x.length)
  for (let i = 0; i < x.length; i++) y[i] = fn(x[i]!, i) as never
  return y
}
