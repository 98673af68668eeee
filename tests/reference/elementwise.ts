/** Slow, obvious loops: what the elementwise kernels must compute. Float functions in double precision. */
import { DTYPES, arrayOf, elementCount, type DType, type TypedArray } from '../../src/dtype.js'
import type { BinaryName, UnaryName } from '../../src/runtime/op-codes.js'

type Real = (x: number, alpha: number, beta: number) => number

const clip = (x: number, low: number, high: number): number => { const y = x < low ? low : x; return y > high ? high : y }
const even = (x: number): number => {
  const low = Math.floor(x)
  const rest = x - low
  return rest < 0.5 ? low : rest > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** erf by its series (|x| < 3) or its continued fraction, to about 1e-15. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN
  const z = Math.abs(x)
  if (z > 6) return Math.sign(x)
  if (z < 3) {
    let term = x, sum = x
    for (let n = 1; n < 200; n++) sum += (term *= (-x * x) / n) / (2 * n + 1)
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let f = 0
  for (let k = 200; k > 0; k--) f = k / 2 / (z + f)
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + f))
}

export const UNARY_REFERENCE: Readonly<Record<UnaryName, Real>> = {
  Abs: Math.abs, Neg: (x) => -x, Sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x), Ceil: Math.ceil, Floor: Math.floor,
  Round: (x) => (Number.isFinite(x) ? even(x) : x), Sqrt: Math.sqrt, Reciprocal: (x) => 1 / x, Cube: (x) => x * x * x,
  Relu: (x) => (x < 0 ? 0 : x), LeakyRelu: (x, a) => (x < 0 ? a * x : x), ThresholdedRelu: (x, a) => (x > a ? x : 0), Clip: clip,
  Shrink: (x, lambd, bias) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0),
  HardSigmoid: (x, a, b) => clip(a * x + b, 0, 1), HardSwish: (x, a, b) => x * clip(a * x + b, 0, 1), Softsign: (x) => x / (1 + Math.abs(x)),
  Exp: Math.exp, Log: Math.log, Erf: erf, Sigmoid: sigmoid, Tanh: Math.tanh,
  Elu: (x, a) => (x < 0 ? a * Math.expm1(x) : x), Celu: (x, a) => (x < 0 ? a * Math.expm1(x / a) : x), Selu: (x, a, b) => (x < 0 ? a * Math.expm1(x) : b * x),
  Gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)), GeluTanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  Mish: (x) => x * Math.tanh(softplus(x)), Softplus: softplus, Swish: (x, a) => x * sigmoid(a * x),
  Sin: Math.sin, Cos: Math.cos, Tan: Math.tan, Asin: Math.asin, Acos: Math.acos, Atan: Math.atan, Sinh: Math.sinh, Cosh: Math.cosh,
  Asinh: Math.asinh, Acosh: Math.acosh, Atanh: Math.atanh,
}

const f = Math.fround

/** One binary operation on numbers (float types) or bigints (integers, before wrapping). */
export function binaryReference(name: BinaryName, dtype: DType, a: number | bigint, b: number | bigint): number | bigint | boolean {
  if (name === 'Equal') return a === b
  if (name === 'Less') return a < b
  if (name === 'LessOrEqual') return a <= b
  if (typeof a === 'bigint' && typeof b === 'bigint') return integer(name, dtype, a, b)
  return real(name, Number(a), Number(b))
}

function real(name: BinaryName, a: number, b: number): number {
  switch (name) {
    case 'Add': return a + b
    case 'Sub': return a - b
    case 'Mul': return a * b
    case 'Div': return a / b
    case 'Max': return Math.max(a, b)
    case 'Min': return Math.min(a, b)
    case 'PRelu': return a < 0 ? a * b : a
    case 'Pow': return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b // C's pow: JavaScript's has NaN for ±1 to the ±∞, and 1 to the NaN
    case 'FMod': return a % b
    default: throw new Error(`${name} is not for floats`)
  }
}

function integer(name: BinaryName, dtype: DType, a: bigint, b: bigint): bigint {
  const bits = BigInt(DTYPES[dtype].bytes * 8)
  switch (name) {
    case 'Add': return a + b
    case 'Sub': return a - b
    case 'Mul': return a * b
    case 'Div': return b === 0n ? 0n : a / b
    case 'Max': return a > b ? a : b
    case 'Min': return a < b ? a : b
    case 'PRelu': return a < 0n ? a * b : a
    case 'Pow': return power(a, b, bits)
    case 'Mod': return b === 0n ? 0n : ((a % b) + b) % b
    case 'FMod': return b === 0n ? 0n : a % b
    case 'And': return a & b
    case 'Or': return a | b
    case 'Xor': return a ^ b
    case 'ShiftLeft': return b < 0n || b >= bits ? 0n : a << b
    case 'ShiftRight': return b < 0n || b >= bits ? 0n : a >> b
    default: throw new Error(`${name} is not for integers`)
  }
}

function power(a: bigint, b: bigint, bits: bigint): bigint {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b & 1n ? -1n : 1n) : 0n
  let result = 1n
  for (; b; b >>= 1n) {
    if (b & 1n) result = BigInt.asIntN(Number(bits), result * a)
    a = BigInt.asIntN(Number(bits), a * a)
  }
  return result
}

/** Index into a source of dims `from` for the output's multi-index. */
export function broadcastIndex(index: readonly number[], from: readonly number[]): number {
  const lead = index.length - from.length
  return from.reduce((at, d, i) => at * d + (d === 1 ? 0 : index[lead + i]!), 0)
}

/** Multi-index of element `i` of `dims`. */
export function unravel(i: number, dims: readonly number[]): number[] {
  return [...dims].reverse().map((d) => { const at = i % d; i = (i - at) / d; return at }).reverse()
}

/** y = name(a, b) over the broadcast of their dims, integers wrapped to `dtype`, floats rounded to it. */
export function broadcastReference(name: BinaryName, dtype: DType, a: TypedArray, aDims: readonly number[], b: TypedArray, bDims: readonly number[], dims: readonly number[]): TypedArray {
  const test = name === 'Equal' || name === 'Less' || name === 'LessOrEqual'
  const y = arrayOf(test ? 'bool' : dtype, elementCount(dims))
  const { integer: isInteger } = DTYPES[dtype]
  for (let i = 0; i < y.length; i++) {
    const at = unravel(i, dims)
    const [p, q] = [a[broadcastIndex(at, aDims)]!, b[broadcastIndex(at, bDims)]!]
    const value = binaryReference(name, dtype, isInteger ? BigInt(p) : p, isInteger ? BigInt(q) : q)
    const big = y instanceof BigInt64Array || y instanceof BigUint64Array
    y[i] = (typeof value === 'boolean' ? Number(value) : typeof value === 'bigint' ? (big ? value : Number(BigInt.asIntN(32, value))) : dtype === 'float32' ? f(value) : value) as never
  }
  return y
}
