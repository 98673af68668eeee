import { OctavoError } from '../errors.js'
import { isSymmetric, type QDType, type QScheme } from './qscheme.js'

const f32 = Math.fround

/** torch.finfo(torch.float32).eps: no scale is smaller, unless an observer says otherwise. */
export const FLOAT_EPS = 2 ** -23

/** What decides qparams beside the range. */
export interface QRange {
  readonly dtype: QDType
  readonly qscheme: QScheme
  readonly quantMin: number
  readonly quantMax: number
  /** quantMin and quantMax were given, not taken from the dtype */
  readonly customRange: boolean
  /** smallest scale, float32 */
  readonly eps: number
}

/** One scale and zero point per tensor (length 1) or per channel. */
export interface QParams {
  /** real per step, > 0 */
  readonly scale: Float32Array
  /** in codes; float32 for per_channel_affine_float_qparams */
  readonly zeroPoint: Int32Array | Float32Array
}

const DTYPE_RANGES: Readonly<Partial<Record<QDType, readonly [min: number, max: number]>>> = {
  qint8: [-128, 127], int8: [-128, 127], quint8: [0, 255], uint8: [0, 255], qint32: [-(2 ** 31), 2 ** 31 - 1], int32: [-(2 ** 31), 2 ** 31 - 1],
  uint16: [0, 65535], int16: [-32768, 32767],
}
/** What reduceRange leaves of a dtype's own range: one bit less. Wider types keep theirs. */
const REDUCED_RANGES: typeof DTYPE_RANGES = { qint8: [-64, 63], int8: [-64, 63], quint8: [0, 127], uint8: [0, 127] }
const REST: readonly [number, number] = [0, 15]

const invalid = (message: string, details: Record<string, unknown>): OctavoError => new OctavoError('OPTION_INVALID', message, details)

/** Codes that a range may hold at most, for the types that PyTorch limits. */
const longest = (dtype: QDType): number => (dtype === 'qint8' || dtype === 'int8' ? 256 : dtype === 'qint32' || dtype === 'int32' ? 2 ** 32 : Infinity)

/**
 * The smallest and largest code (PyTorch's calculate_qmin_qmax with validate_qmin_qmax). A range given by the caller is halved by
 * reduceRange, rounding down; one taken from the dtype loses a bit.
 *
 * @throws OPTION_INVALID a given range that does not hold 0, is empty, or is longer than the dtype
 */
export function calculateQMinQMax(dtype: QDType, reduceRange: boolean, quantMin?: number, quantMax?: number): [quantMin: number, quantMax: number] {
  if (quantMin === undefined || quantMax === undefined) return [...((reduceRange ? REDUCED_RANGES[dtype] : undefined) ?? DTYPE_RANGES[dtype] ?? REST)]
  if (!(quantMin <= 0 && quantMax >= 0 && quantMin < quantMax))
    throw invalid(`quantMin, quantMax: expected a range that holds 0 and more than one code, got ${quantMin}…${quantMax}.`, { quantMin, quantMax })
  if (quantMax - quantMin + 1 > longest(dtype))
    throw invalid(`quantMin, quantMax: ${dtype} has at most ${longest(dtype)} codes, got ${quantMin}…${quantMax}.`, { dtype, quantMin, quantMax })
  return reduceRange ? [Math.floor(quantMin / 2), Math.floor(quantMax / 2)] : [quantMin, quantMax]
}

/** Nearest integer, ties to even. */
export function roundEven(v: number): number {
  const r = Math.round(v)
  return r - v === 0.5 && r % 2 !== 0 ? r - 1 : r
}

/** float32 → int32 as x86 converts: what does not fit becomes −2³¹. */
const toInt32 = (v: number): number => (v >= -(2 ** 31) && v < 2 ** 31 ? v : -(2 ** 31))
const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high)

/** Zero point of a symmetric scheme: unsigned types put 0 in the middle. */
function middle({ dtype, customRange, quantMin, quantMax }: QRange): number {
  if (dtype === 'quint8' || dtype === 'uint8') return customRange ? Math.floor((quantMin + quantMax) / 2) : 128
  return dtype === 'uint16' ? 2 ** 15 : 0
}

function symmetric(min: number, max: number, q: QRange): [number, number] {
  const reach = Math.max(-Math.min(min, 0), Math.max(max, 0))
  return [Math.max(f32(reach / f32((q.quantMax - q.quantMin) / 2)), q.eps), middle(q)]
}

function affine(min: number, max: number, q: QRange): [number, number] {
  const low = Math.min(min, 0), high = Math.max(max, 0)
  const scale = Math.max(f32(f32(high - low) / f32(q.quantMax - q.quantMin)), q.eps)
  const zeroPoint = (q.quantMin - toInt32(roundEven(f32(low / scale)))) | 0
  return [scale, clamp(zeroPoint, q.quantMin, q.quantMax)]
}

function floatZeroPoint(min: number, max: number, q: QRange): [number, number] {
  const scale = f32(f32(max - min) / f32(q.quantMax - q.quantMin))
  const kept = scale > q.eps ? scale : 1
  return [kept, f32(-min / kept)]
}

/**
 * Scale and zero point of one range or of one per channel, float32 operation for operation as PyTorch's observers
 * (`UniformQuantizationObserverBase._calculate_qparams`). NaN in a range makes a NaN scale, an infinite range an infinite one, as there.
 *
 * @param min, max  float32, equal lengths; nothing observed (empty, or the single range [+∞, −∞] of a scalar) gives scale 1, zero point 0
 * @throws QPARAMS_INVALID a minimum greater than its maximum (a channel that saw nothing)
 */
export function calculateQParams(min: Float32Array, max: Float32Array, q: QRange, scalar = min.length === 1): QParams {
  if (!min.length || (scalar && min[0] === Infinity && max[0] === -Infinity)) return { scale: Float32Array.of(1), zeroPoint: Int32Array.of(0) }
  const wrong = min.findIndex((low, i) => low > max[i]!)
  if (wrong >= 0) throw new OctavoError('QPARAMS_INVALID', `channel ${wrong}: the minimum ${min[wrong]} is greater than the maximum ${max[wrong]}. Observe data before asking for qparams.`, { channel: wrong, min: min[wrong], max: max[wrong] })
  const floats = q.qscheme === 'per_channel_affine_float_qparams'
  const rule = floats ? floatZeroPoint : isSymmetric(q.qscheme) ? symmetric : affine
  const scale = new Float32Array(min.length), zeroPoint = floats ? new Float32Array(min.length) : new Int32Array(min.length)
  min.forEach((low, i) => { [scale[i], zeroPoint[i]] = rule(low, max[i]!, q) as [number, number] })
  return { scale, zeroPoint }
}
