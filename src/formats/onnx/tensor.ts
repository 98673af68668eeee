import { DTYPES, arrayOf, dtypeOfCode, elementCount, type DType, type TypedArray } from '../../dtype.js'
import { OctavoError, type ErrorCode } from '../../errors.js'
import { Tensor } from '../../value.js'
import { form } from './forms.js'
import { EXTERNAL, TENSOR, type TensorProto } from './schema.js'
import { alignedView, readMessage } from './wire.js'

/** Files beside the model, by the path that its tensors give, and how many bytes of sparse tensors may still be made dense. */
export interface TensorSource {
  readonly external?: ReadonlyMap<string, Uint8Array>
  denseBytesLeft: number
}

/** A file of a kilobyte can ask for a sparse tensor of any size; a model may have this many bytes of them. */
export const DENSE_BYTES = 2 ** 26

const MAX_RANK = 64

/** TensorProto.DataType names that Octavo does not hold, for messages. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  0: 'undefined', 8: 'string', 14: 'complex64', 15: 'complex128', 16: 'bfloat16', 17: 'float8e4m3fn', 18: 'float8e4m3fnuz', 19: 'float8e5m2',
  20: 'float8e5m2fnuz', 23: 'float4e2m1', 24: 'float8e8m0', 25: 'uint2', 26: 'int2',
}

/** A name from a file for a message: quoted, escaped where it is not plain, cut to a readable length. Asked for every node, so plain names are cheap. */
export const quote = (name = ''): string => (/^[ !#-[\]-~]{0,120}$/.test(name) ? `"${name}"` : JSON.stringify(name.slice(0, 120)))

/** The element type with this TensorProto.DataType number. @throws DTYPE_UNSUPPORTED naming `where` */
export function dtypeOf(code: number | undefined, where: string): DType {
  const dtype = dtypeOfCode(code ?? 0)
  if (dtype) return dtype
  const got = OTHER_TYPES[code ?? 0] ?? `type number ${code}`
  throw new OctavoError('DTYPE_UNSUPPORTED', `${where}: expected ${Object.keys(DTYPES).join(', ')}, got ${got}. Export the model with one of these types.`, { where, got })
}

/** Reads a serialized TensorProto, such as ONNX's conformance data are kept in. @throws as readMessage; DTYPE_UNSUPPORTED, MODEL_MALFORMED */
export function decodeTensor(bytes: Uint8Array): { name: string; tensor: Tensor } {
  const proto = readMessage<TensorProto>(plain(bytes), TENSOR)
  return { name: proto.name ?? '', tensor: tensorOf(proto, `tensor ${quote(proto.name)}`, { denseBytesLeft: 0 }) }
}

/** A Uint8Array proper: a Buffer's slice() would not copy. */
export const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * The tensor that a TensorProto holds. Raw data are viewed where alignment allows, never copied before dims and length agree.
 *
 * @throws DTYPE_UNSUPPORTED, MODEL_TRUNCATED (fewer data than dims ask for), MODEL_MALFORMED, SOURCE_UNREADABLE (external data not given)
 */
export function tensorOf(proto: TensorProto, where: string, source: TensorSource): Tensor {
  const dtype = dtypeOf(proto.dtype, where)
  const { dims, count } = checkedDims(proto.dims, where)
  const raw = proto.location === EXTERNAL ? form('externalBytes', where)(proto, where, source) : proto.raw
  const data = raw && (raw.length || !typedData(proto)) ? fromRaw(dtype, raw, count, where) : fromTyped(dtype, proto, count, where)
  return new Tensor(dtype, dtype === 'bool' ? onlyBits(data as Uint8Array) : data, dims)
}

export function checkedDims(dims: readonly number[] = [], where: string): { dims: readonly number[]; count: number } {
  const count = dims.includes(0) ? 0 : elementCount(dims)
  if (dims.length > MAX_RANK || !dims.every((d) => d >= 0) || !Number.isSafeInteger(count * 8)) malformed(where, `dims [${dims.slice(0, 16)}] are not those of a tensor`)
  return { dims, count }
}

const isNibbles = (dtype: DType): dtype is 'int4' | 'uint4' => dtype === 'int4' || dtype === 'uint4'

function fromRaw(dtype: DType, raw: Uint8Array, count: number, where: string): TypedArray {
  const need = isNibbles(dtype) ? Math.ceil(count / 2) : count * DTYPES[dtype].bytes
  if (raw.length < need) short(where, raw.byteOffset, need, raw.length, 'bytes')
  if (raw.length > need) malformed(where, `its dims ask for ${need} bytes, the file holds ${raw.length}`)
  return isNibbles(dtype) ? unpackNibbles(dtype, raw, count) : alignedView(dtype, raw, DTYPES[dtype].bytes)
}

/** The field that keeps elements of `dtype` when they are not raw. */
function typedField(dtype: DType): 'floats' | 'doubles' | 'int64s' | 'uint64s' | 'int32s' {
  switch (dtype) {
    case 'float32': return 'floats'
    case 'float64': return 'doubles'
    case 'int64': return 'int64s'
    case 'uint64': case 'uint32': return 'uint64s'
    default: return 'int32s'
  }
}

const typedData = (p: TensorProto): boolean => !!(p.floats?.length || p.int32s?.length || p.int64s?.length || p.doubles?.length || p.uint64s?.length)

function fromTyped(dtype: DType, proto: TensorProto, count: number, where: string): TypedArray {
  const values: ArrayLike<number | bigint> = proto[typedField(dtype)] ?? []
  const need = isNibbles(dtype) ? Math.ceil(count / 2) : count
  if (values.length < need) short(where, 0, need, values.length, 'elements')
  if (values.length > need) malformed(where, `its dims ask for ${need} elements, the file holds ${values.length}`)
  if (isNibbles(dtype)) return unpackNibbles(dtype, Uint8Array.from(values as ArrayLike<number>), count)
  const { array, bytes } = DTYPES[dtype]
  if (values instanceof array) return values as TypedArray
  const data = arrayOf(dtype, count)
  const convert = bytes === 8 && dtype !== 'float64' ? BigInt : Number
  for (let i = 0; i < count; i++) data[i] = convert(values[i]!) as never
  return data
}

/** Two codes a byte, the even one low, to one code a byte. */
function unpackNibbles(dtype: 'int4' | 'uint4', packed: Uint8Array, count: number): TypedArray {
  const codes = arrayOf(dtype, count)
  for (let i = 0; i < count; i++) {
    const code = (packed[i >> 1]! >> (i & 1 ? 4 : 0)) & 15
    codes[i] = dtype === 'int4' ? (code << 28) >> 28 : code
  }
  return codes
}

/** Kernels rely on a bool being 0 or 1. */
const onlyBits = (data: Uint8Array): Uint8Array => (data.some((v) => v > 1) ? data.map((v) => (v ? 1 : 0)) : data)

export function short(where: string, offset: number, need: number, have: number, unit: string): never {
  throw new OctavoError('MODEL_TRUNCATED', `${where}: expected ${need} ${unit}, got ${have}. Fetch or export the file again.`, { where, offset, need, have })
}

/** Raises `code` (MODEL_MALFORMED) about a part of the file. */
export function malformed(where: string, what: string, code: ErrorCode = 'MODEL_MALFORMED'): never {
  throw new OctavoError(code, `${where}: ${what}. Export the model again.`, { where })
}
