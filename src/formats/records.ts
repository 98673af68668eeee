import { DTYPES, viewOf, type DType, type TypedArray } from '../dtype.js'
import { OctavoError } from '../errors.js'

/** Element types of tensors in files, by PyTorch's names. bfloat16 is read as float32, which holds each of its values. */
export type FileType =
  | 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool' | 'quint8' | 'qint8' | 'qint32' | 'quint4x2'

/** What holds the elements of each type. quint4x2 has two codes in a byte, the first in the low half. */
export const HOST_TYPES: Readonly<Record<FileType, DType>> = {
  float32: 'float32', float64: 'float64', float16: 'float16', int64: 'int64', int32: 'int32', int16: 'int16', int8: 'int8', uint8: 'uint8', bool: 'bool',
  quint8: 'uint8', qint8: 'int8', qint32: 'int32', quint4x2: 'uint8',
}

export const isFileType = (name: unknown): name is FileType => typeof name === 'string' && Object.hasOwn(HOST_TYPES, name)
export const bytesPerElement = (dtype: FileType): number => DTYPES[HOST_TYPES[dtype]].bytes

/** What codes mean: as the eager door's quantizers. */
export type FileQuantizer =
  | { readonly qscheme: 'per_tensor_affine'; readonly scale: number; readonly zeroPoint: number }
  | { readonly qscheme: 'per_channel_affine' | 'per_channel_affine_float_qparams'; readonly scales: Float64Array; readonly zeroPoints: Float64Array; readonly axis: number }

/** Elements that one tensor or several share. float16 is raw bits. */
export interface StorageRecord {
  readonly dtype: FileType
  readonly data: TypedArray
}

/** A tensor as a file holds it: dense elements of `storage` from element `offset` on. */
export interface TensorRecord {
  readonly dtype: FileType
  readonly dims: readonly number[]
  /** Row-major, or with the channel (axis 1) innermost. */
  readonly order: 'contiguous' | 'channels_last'
  readonly storage: StorageRecord
  readonly offset: number
  readonly quantizer?: FileQuantizer
  readonly requiresGrad: boolean
}

/** The elements of a record, in its order: a view. */
export const elementsOf = ({ dtype, dims, storage: { data }, offset }: TensorRecord): TypedArray => {
  const count = countOf(dims)
  return data.subarray(offset, offset + (dtype === 'quint4x2' ? Math.ceil(count / 2) : count))
}

/** Number of elements; exact below 2⁵³, else Infinity. */
export const countOf = (dims: readonly number[]): number => {
  if (dims.includes(0)) return 0
  const count = dims.reduce((n, d) => n * d, 1)
  return Number.isSafeInteger(count) ? count : Infinity
}

/**
 * Elements of `dtype` from little-endian bytes, as a copy (slice() of Node's Buffer is none): what is loaded outlives the file and is written to.
 *
 * @param wide whether the bytes are bfloat16, which becomes float32
 */
export function elementsFrom(bytes: Uint8Array, dtype: FileType, wide = false): TypedArray {
  if (!wide) return viewOf(HOST_TYPES[dtype], new Uint8Array(bytes).buffer, 0, Math.floor(bytes.length / bytesPerElement(dtype)))
  const bits = new Uint32Array(bytes.length >> 1)
  for (let i = 0; i < bits.length; i++) bits[i] = ((bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24)) >>> 0
  return new Float32Array(bits.buffer)
}

/** How much a file may make of its bytes, so that a small file cannot ask for much memory. */
export class Budget {
  private left: number

  constructor(private readonly name: string, private readonly bytes: number) {
    this.left = 2 ** 26 + 16 * bytes
  }

  /** @throws MODEL_MALFORMED */
  spend(amount: number, on: string): void {
    this.left -= amount
    if (!(this.left >= 0)) malformed(this.name, `${on} would take more memory than a file of ${this.bytes} bytes may ask for (64 MiB and 16 bytes for each of its own)`)
  }
}

export function malformed(name: string, why: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown): never {
  throw new OctavoError('MODEL_MALFORMED', `${name}: ${why}.`, { file: name, ...details }, cause)
}

export function truncated(name: string, what: string, offset: number, need: number, have: number): never {
  throw new OctavoError('MODEL_TRUNCATED', `${name}: ${what} needs ${need} bytes at offset ${offset}, ${have} are left. The file is not whole: copy or download it again.`, { file: name, offset, need, have })
}
