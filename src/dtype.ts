/** Element types: names as onnxruntime-web's, numbers as ONNX's TensorProto.DataType (and assembly/dtype.ts). */
export type DType =
  | 'float32' | 'uint8' | 'int8' | 'uint16' | 'int16' | 'int32' | 'int64' | 'bool'
  | 'float16' | 'float64' | 'uint32' | 'uint64' | 'uint4' | 'int4'

export type TypedArray =
  | Float32Array | Uint8Array | Int8Array | Uint16Array | Int16Array | Int32Array | BigInt64Array
  | Float64Array | Uint32Array | BigUint64Array

interface DTypeRow {
  /** TensorProto.DataType */
  readonly code: number
  /** Bytes per element in the arena and in `data`: int4 and uint4 are held one code to a byte. */
  readonly bytes: number
  readonly array: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray
  readonly integer: boolean
  /** Smallest and largest value of an integer type; ±Infinity otherwise. 64-bit bounds are rounded to doubles. */
  readonly min: number
  readonly max: number
}

const row = (code: number, bytes: number, array: DTypeRow['array'], min = -Infinity, max = Infinity): DTypeRow =>
  ({ code, bytes, array, integer: max !== Infinity, min, max })

/** One row per element type. Adding a type starts here. */
export const DTYPES: Readonly<Record<DType, DTypeRow>> = {
  float32: row(1, 4, Float32Array),
  uint8: row(2, 1, Uint8Array, 0, 255),
  int8: row(3, 1, Int8Array, -128, 127),
  uint16: row(4, 2, Uint16Array, 0, 65535),
  int16: row(5, 2, Int16Array, -32768, 32767),
  int32: row(6, 4, Int32Array, -(2 ** 31), 2 ** 31 - 1),
  int64: row(7, 8, BigInt64Array, -(2 ** 63), 2 ** 63),
  bool: row(9, 1, Uint8Array, 0, 1),
  float16: row(10, 2, Uint16Array),
  float64: row(11, 8, Float64Array),
  uint32: row(12, 4, Uint32Array, 0, 2 ** 32 - 1),
  uint64: row(13, 8, BigUint64Array, 0, 2 ** 64),
  uint4: row(21, 1, Uint8Array, 0, 15),
  int4: row(22, 1, Int8Array, -8, 7),
}

const BY_CODE = new Map<number, DType>(Object.entries(DTYPES).map(([name, { code }]) => [code, name as DType]))

/** The element type with this TensorProto.DataType number, or undefined when Octavo does not hold it. */
export const dtypeOfCode = (code: number): DType | undefined => BY_CODE.get(code)

/** Elements in a tensor of these dims (1 for a scalar). */
export const elementCount = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1)

/** A typed view of `count` elements of `dtype` in `buffer` at `byteOffset` (a multiple of the element's size). */
export const viewOf = (dtype: DType, buffer: ArrayBufferLike, byteOffset: number, count: number): TypedArray =>
  new DTYPES[dtype].array(buffer, byteOffset, count)

/** A new zero-filled array for `count` elements of `dtype`. */
export const arrayOf = (dtype: DType, count: number): TypedArray => viewOf(dtype, new ArrayBuffer(count * DTYPES[dtype].bytes), 0, count)
