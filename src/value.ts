import { DTYPES, arrayOf, elementCount, type DType, type TypedArray } from './dtype.js'
import { OctavoError } from './errors.js'

/**
 * A host tensor: element type, dims, and its elements in row-major order. int64 is BigInt64Array, float16 the raw bits in
 * a Uint16Array, bool 0 or 1 in a Uint8Array, int4 and uint4 one code to a byte.
 *
 * @throws DTYPE_UNSUPPORTED, DTYPE_MISMATCH (wrong kind of array), SHAPE_MISMATCH (dims against length)
 */
export class Tensor {
  readonly dtype: DType
  readonly data: TypedArray
  readonly dims: readonly number[]

  constructor(dtype: DType, data: TypedArray | readonly number[] | readonly bigint[], dims?: readonly number[]) {
    const row = DTYPES[dtype]
    if (!row) throw new OctavoError('DTYPE_UNSUPPORTED', `Tensor: expected one of ${Object.keys(DTYPES).join(', ')}, got ${String(dtype)}.`, { dtype })
    this.dtype = dtype
    this.data = Array.isArray(data) ? fill(dtype, data as readonly (number | bigint)[]) : (data as TypedArray)
    if (!(this.data instanceof row.array))
      throw new OctavoError('DTYPE_MISMATCH', `Tensor of ${dtype}: expected a ${row.array.name}, got ${(this.data as object)?.constructor?.name ?? typeof this.data}.`, { dtype })
    this.dims = dims ? [...dims] : [this.data.length]
    if (!holds(this.dims, this.data.length))
      throw new OctavoError('SHAPE_MISMATCH', `Tensor of ${dtype}: dims [${this.dims}] hold ${elementCount(this.dims)} elements, data has ${this.data.length}.`, { dims: this.dims, length: this.data.length })
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length
  }
}

/** Whether dims are non-negative integers whose product is `length`. Every output of every run passes here, so it makes no closure. */
export function holds(dims: readonly number[], length: number): boolean {
  let count = 1
  for (let i = 0; i < dims.length; i++) {
    const d = dims[i]!
    if (!(Number.isSafeInteger(d) && d >= 0)) return false
    count *= d
  }
  return count === length
}

function fill(dtype: DType, values: readonly (number | bigint)[]): TypedArray {
  const data = arrayOf(dtype, values.length)
  const big = dtype === 'int64' || dtype === 'uint64'
  values.forEach((v, i) => { data[i] = (big ? BigInt(v) : Number(v)) as never })
  return data
}

/**
 * The elements of an integer tensor as JavaScript numbers; 64-bit values beyond ±2⁵³ are clamped there, which is what a
 * shape, an axis or a bound ("to the end") means by them.
 */
export function toInts(tensor: Tensor): number[] {
  const limit = Number.MAX_SAFE_INTEGER
  return Array.from(tensor.data as ArrayLike<number | bigint>, (v) => Math.min(limit, Math.max(-limit, Number(v))))
}

/** The value of IEEE half-precision bits. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14)
}

/** Element i of a tensor as a number, float16 decoded; 64-bit integers are rounded to a double. */
export const numberAt = (tensor: Tensor, i: number): number => (tensor.dtype === 'float16' ? fromHalf(Number(tensor.data[i])) : Number(tensor.data[i]))
