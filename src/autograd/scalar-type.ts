import { DTYPES, type DType, type TypedArray } from '../dtype.js'
import { OctavoError } from '../errors.js'

/** Element types of codes that stand for real numbers; a tensor of one has a quantizer. */
export type QuantizedType = 'quint8' | 'qint8' | 'qint32' | 'quint4x2'
/** Element types of eager tensors: PyTorch's names. */
export type ScalarType = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool' | QuantizedType

interface ScalarRow {
  /** What a graph calls it. quint4x2 holds two codes in a byte there, the first in the low half. */
  readonly host: DType
  /** Order of promotion: bool, integers, floats. */
  readonly rank: number
  readonly floating: boolean
  readonly quantized: boolean
}

const row = (host: DType, rank: number, quantized = false): ScalarRow => ({ host, rank, floating: rank >= 10, quantized })

/** One row per element type. */
export const SCALAR_TYPES: Readonly<Record<ScalarType, ScalarRow>> = {
  bool: row('bool', 0), uint8: row('uint8', 1), int8: row('int8', 1), int16: row('int16', 2), int32: row('int32', 3), int64: row('int64', 4),
  float16: row('float16', 10), float32: row('float32', 11), float64: row('float64', 12),
  quint8: row('uint8', -1, true), qint8: row('int8', -1, true), qint32: row('int32', -1, true), quint4x2: row('uint8', -1, true),
}

/** @throws DTYPE_UNSUPPORTED */
export function scalarRow(dtype: ScalarType): ScalarRow {
  if (!Object.hasOwn(SCALAR_TYPES, dtype)) throw new OctavoError('DTYPE_UNSUPPORTED', `dtype: expected one of ${Object.keys(SCALAR_TYPES).join(', ')}, got ${String(dtype)}.`, { dtype })
  return SCALAR_TYPES[dtype]
}

/** The type that a graph's element type is in a tensor without quantizer. @throws DTYPE_UNSUPPORTED for types that eager tensors do not have */
export function scalarTypeOf(host: DType): ScalarType {
  if (Object.hasOwn(SCALAR_TYPES, host)) return host as ScalarType
  throw new OctavoError('DTYPE_UNSUPPORTED', `eager tensors do not hold ${host}.`, { dtype: host })
}

/** Elements of the array behind `numel` elements of `dtype`. */
export const storageLength = (dtype: ScalarType, numel: number): number => (dtype === 'quint4x2' ? Math.ceil(numel / 2) : numel)

/** A new zero-filled array for `numel` elements of `dtype`. */
export const arrayFor = (dtype: ScalarType, numel: number): TypedArray => {
  const { host } = SCALAR_TYPES[dtype]
  const length = storageLength(dtype, numel)
  return new DTYPES[host].array(new ArrayBuffer(length * DTYPES[host].bytes), 0, length)
}

/**
 * The type that an operation on two element types computes in: the higher of the two; uint8 with int8 is int16.
 * Source: torch.promote_types.
 *
 * @throws DTYPE_MISMATCH for quantized types
 */
export function promoteTypes(a: ScalarType, b: ScalarType): ScalarType {
  if (a === b) return a
  const [ra, rb] = [scalarRow(a), scalarRow(b)]
  if (ra.quantized || rb.quantized) throw new OctavoError('DTYPE_MISMATCH', `${a} and ${b} have no common element type. Dequantize first.`, { a, b })
  if (ra.rank === rb.rank) return 'int16'
  return ra.rank > rb.rank ? a : b
}
