import { OctavoError } from '../../errors.js'
import { call, Op } from '../dispatch.js'
import { fromArray } from '../create.js'
import { kindOf } from '../kind.js'
import type { PerChannelQuantizer } from '../quantizer.js'
import { mismatch } from '../shape.js'
import { newTensor, type Tensor } from '../tensor-base.js'
import { TABLES } from './elementwise.js'

const f32 = Math.fround
const word = new DataView(new ArrayBuffer(4))

/** A float32 as half precision keeps it, ties to even. */
export function throughHalf(v: number): number {
  if (!Number.isFinite(v) || v === 0) return v
  const magnitude = Math.abs(v)
  if (magnitude >= 65520) return Math.sign(v) * Infinity
  word.setFloat32(0, magnitude)
  const step = 2 ** Math.max(((word.getUint32(0) >>> 23) - 127) - 10, -24)
  const steps = magnitude / step
  const floor = Math.floor(steps)
  const rest = steps - floor
  return Math.sign(v) * step * (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor)
}

/** Rows of codes of float qparams: real = code · scale + bias, bias = −zeroPoint · scale; in half precision for four bits. */
export interface EmbeddingPackedParams {
  /** uint8 [rows, bytes] */
  readonly codes: Tensor
  /** float32 [rows, 2] */
  readonly params: Tensor
  readonly features: number
  readonly bits: 8 | 4
  readonly weight: Tensor
}

/** Codes of x per row by float scales and zero points: round(x · (1 / scale) + zeroPoint). Operands: x, 1 / scales, zero points. */
const QUANTIZE_ROWS = new Op<readonly [most: number, packed: boolean]>('quantize_float_qparams', (r, [most, packed]) => {
  const [rows, features] = r.shape(0) as [number, number]
  const exact = r.node('Round', [r.node('Add', [r.node('Mul', [r.x(0), r.x(1, [rows, 1])]), r.x(2, [rows, 1])])])
  const codes = r.node('Clip', [exact, r.scalar('float32', 0), r.scalar('float32', most)])
  if (!packed) return [{ value: r.node('Cast', [codes], { to: 2 }), dtype: 'quint8' }]
  const half = (from: number): string => r.node('Slice', [r.reshape(codes, [(rows * features) / 2, 2]), r.ints([from]), r.ints([from + 1]), r.ints([1])])
  const bytes = r.node('Add', [half(0), r.node('Mul', [half(1), r.scalar('float32', 16)])])
  return [{ value: r.node('Cast', [bytes], { to: 2 }), dtype: 'quint4x2', shape: [rows, features] }]
})

/**
 * A table [rows, features] of float32 as quint8 or quint4x2 codes with a float scale and zero point for every row: torch.quantize_per_channel with float zero points.
 *
 * @throws DTYPE_MISMATCH, SHAPE_MISMATCH (also for four bits and an odd number of features)
 */
export function quantizeRows(x: Tensor, scales: ArrayLike<number>, zeroPoints: ArrayLike<number>, dtype: 'quint8' | 'quint4x2'): Tensor {
  if (x.dtype !== 'float32' || x.ndim !== 2) throw new OctavoError('DTYPE_MISMATCH', `quantizeRows: expected a float32 table [rows, features], got ${x.dtype} [${x.shape}].`)
  const [rows, features] = x.shape as [number, number]
  if (scales.length !== rows || zeroPoints.length !== rows) mismatch('quantizeRows', `${rows} scales and zero points`, [scales.length, zeroPoints.length])
  if (dtype === 'quint4x2' && features % 2) mismatch('quantizeRows', 'an even number of features for four bits', features)
  const inverse = Float32Array.from(scales, (s) => (f32(s) === 0 ? 1 : f32(1 / f32(s))))
  const { storage } = call(QUANTIZE_ROWS, [x, fromArray(inverse), fromArray(Float32Array.from(zeroPoints))], [dtype === 'quint8' ? 255 : 15, dtype !== 'quint8'])
  const quantizer: PerChannelQuantizer = { qscheme: 'per_channel_affine_float_qparams', scales: Float64Array.from(scales), zeroPoints: Float64Array.from(zeroPoints), axis: 0 }
  return newTensor(storage, kindOf(dtype, x.shape), quantizer)
}

/** Packs a table of quint8 or quint4x2 rows. torch.ops.quantized.embedding_bag_prepack. @throws QPARAMS_INVALID, SHAPE_MISMATCH */
export function embeddingPrepack(weight: Tensor): EmbeddingPackedParams {
  const op = 'quantized::embedding_bag_prepack'
  const { quantizer } = weight
  if (quantizer?.qscheme !== 'per_channel_affine_float_qparams' || quantizer.axis !== 0 || weight.ndim !== 2)
    throw new OctavoError('QPARAMS_INVALID', `${op}: expected a table [rows, features] with float qparams per row, got ${quantizer?.qscheme ?? weight.dtype} [${weight.shape}]. Quantize it with float_qparams_weight_only_qconfig.`, { op })
  const [rows, features] = weight.shape as [number, number]
  const bits = weight.dtype === 'quint4x2' ? 4 : 8
  if (bits === 4 && features % 2) mismatch(op, 'an even number of features for four bits', features)
  const params = new Float32Array(2 * rows)
  const stored = bits === 4 ? throughHalf : (v: number): number => v
  for (let i = 0; i < rows; i++) {
    const scale = f32(quantizer.scales[i]!)
    params[2 * i] = stored(scale)
    params[2 * i + 1] = stored(f32(-f32(quantizer.zeroPoints[i]!) * scale))
  }
  const bytes = (features * bits) / 8
  const codes = fromArray(weight.elements().slice() as Uint8Array, [rows, bytes])
  const packed = fromArray(params, [rows, 2])
  codes.storage.held = packed.storage.held = true
  return { codes, params: packed, features, bits, weight }
}

const EMBEDDING = new Op<readonly [features: number, bits: number]>('quantized::embedding', (r, [features, bits]) =>
  [r.node('octavo:QEmbedding', [r.x(0), r.x(1), r.x(2), r.x(3), r.x(4)], { features, bits })], TABLES)

/** Indices as int32, each within the table. @throws DTYPE_MISMATCH, INPUT_MISMATCH */
function indicesOf(op: string, ids: Tensor, rows: number): Int32Array {
  if (ids.dtype !== 'int64' && ids.dtype !== 'int32') throw new OctavoError('DTYPE_MISMATCH', `${op}: expected int64 or int32 indices, got ${ids.dtype}.`, { got: ids.dtype })
  const indices = Int32Array.from(ids.toArray() as ArrayLike<number>, Number)
  const outside = indices.find((i) => i < 0 || i >= rows)
  if (outside !== undefined) throw new OctavoError('INPUT_MISMATCH', `${op}: index ${outside} is outside a table of ${rows} rows.`, { index: outside, rows })
  return indices
}

const gather = (packed: EmbeddingPackedParams, indices: Int32Array, offsets: Int32Array, weights?: Tensor): Tensor => {
  const { codes, params, features, bits } = packed
  return call(EMBEDDING, [codes, params, fromArray(indices), fromArray(offsets), weights], [features, bits])
}

/** Rows of a packed table as float32: [...ids, features]. @throws DTYPE_MISMATCH, INPUT_MISMATCH for an id outside the table */
export function embedding(packed: EmbeddingPackedParams, ids: Tensor): Tensor {
  const op = `quantized::embedding_${packed.bits === 4 ? '4bit' : 'byte'}`
  const indices = indicesOf(op, ids, packed.codes.shape[0]!)
  return gather(packed, indices, Int32Array.from({ length: indices.length + 1 }, (_, i) => i)).reshape([...ids.shape, packed.features])
}

export interface EmbeddingBagOptions {
  /** Where each bag begins; required for indices of one axis. */
  readonly offsets?: Tensor
  /** float32, one per index. */
  readonly perSampleWeights?: Tensor
  /** Whether `offsets` ends with the number of indices. */
  readonly includeLastOffset?: boolean
}

/**
 * Sums of rows of a packed table, bag by bag: [bags, features] of float32. Indices of two axes are a bag a row.
 *
 * @throws DTYPE_MISMATCH, INPUT_MISMATCH, INPUT_MISSING, SHAPE_MISMATCH
 */
export function embeddingBag(packed: EmbeddingPackedParams, ids: Tensor, { offsets, perSampleWeights, includeLastOffset = false }: EmbeddingBagOptions = {}): Tensor {
  const op = `quantized::embedding_bag_${packed.bits === 4 ? '4bit' : 'byte'}`
  const indices = indicesOf(op, ids, packed.codes.shape[0]!)
  if (ids.ndim === 1 && !offsets) throw new OctavoError('INPUT_MISSING', `${op}: indices of one axis need offsets.`, { op })
  const begins = ids.ndim === 2 ? Int32Array.from({ length: ids.shape[0]! + 1 }, (_, i) => i * ids.shape[1]!) : Int32Array.from(offsets!.toArray() as ArrayLike<number>, Number)
  const bounds = ids.ndim === 2 || includeLastOffset ? begins : Int32Array.from([...begins, indices.length])
  if (bounds[0] !== 0 || bounds.some((b, i) => b > indices.length || (i > 0 && b < bounds[i - 1]!))) throw new OctavoError('INPUT_MISMATCH', `${op}: offsets must begin with 0, not fall, and not pass the ${indices.length} indices, got [${begins}].`, { op })
  if (perSampleWeights && (perSampleWeights.dtype !== 'float32' || perSampleWeights.numel() !== indices.length)) mismatch(`${op}: perSampleWeights`, `${indices.length} of float32`, perSampleWeights.shape)
  return gather(packed, indices, bounds, perSampleWeights?.reshape([indices.length]))
}
