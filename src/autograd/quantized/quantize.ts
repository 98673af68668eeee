import { engineQuantize as inferQuantize } from '../../graph/infer/engine-quantize.js'
import { logic as inferLogic } from '../../graph/infer/logic.js'
import { OctavoError } from '../../errors.js'
import { engineQuantize } from '../../plan/lower/engine-quantize.js'
import { logic as lowerLogic } from '../../plan/lower/logic.js'
import { chooseQParams } from '../../quantization/choose-qparams.js'
import { fromArray } from '../create.js'
import { addQuantizedKernel, call, callAll, Op } from '../dispatch.js'
import { kindOf } from '../kind.js'
import { ruleSet } from '../ops/rule-set.js'
import type { PerChannelQuantizer, Quantizer } from '../quantizer.js'
import type { Recipe } from '../recipe.js'
import type { QuantizedType, ScalarType } from '../scalar-type.js'
import { axisOf, mismatch } from '../shape.js'
import { newTensor, type Tensor } from '../tensor-base.js'
import { addQuantizedKernels } from './kernels.js'
import { checkParams, codesOf, expectPerTensor, expectQuantized, paramsOf, perTensor } from './operands.js'

const CODES = { quint8: 'uint8', qint8: 'int8', qint32: 'int32' } as const
type Codes = keyof typeof CODES

/** Operands: x, scales, zero points. */
const QUANTIZE = new Op<[axis: number | undefined, dtype: Codes]>('quantize', (r, [axis, dtype]) => {
  const format = axis === undefined ? r.operand(0).kind.format : 'contiguous'
  return [{ value: r.node('octavo:QuantizeLinear', [format === 'contiguous' ? r.x(0) : r.stored(0), r.x(1), r.x(2)], { axis }), format, dtype }]
}, ruleSet(inferQuantize, engineQuantize))

function quantized(x: Tensor, scales: readonly number[], zeros: readonly number[], axis: number | undefined, dtype: QuantizedType, quantizer: Quantizer): Tensor {
  if (!(dtype in CODES)) throw new OctavoError('DTYPE_UNSUPPORTED', `quantize: expected ${Object.keys(CODES).join(', ')}, got ${String(dtype)}. Embeddings are packed with embeddingPrepack.`, { dtype })
  if (x.dtype !== 'float32') throw new OctavoError('DTYPE_MISMATCH', `quantize: expected a tensor of float32, got ${x.dtype}.`, { got: x.dtype })
  const zero = dtype === 'quint8' ? Uint8Array.from(zeros) : dtype === 'qint8' ? Int8Array.from(zeros) : Int32Array.from(zeros)
  const { storage, kind } = call(QUANTIZE, [x, fromArray(Float32Array.from(scales)), fromArray(zero)], [axis, dtype as Codes])
  return withQuantizer(storage, kind, quantizer)
}

/**
 * Codes of `x` with one scale and zero point: clamp(round(x · (1 / scale)) + zeroPoint), ties to even. torch.quantize_per_tensor.
 *
 * @throws DTYPE_MISMATCH for a tensor that is not float32, DTYPE_UNSUPPORTED, QPARAMS_INVALID
 */
export function quantizePerTensor(x: Tensor, scale: number, zeroPoint: number, dtype: QuantizedType): Tensor {
  checkParams('quantizePerTensor', scale, zeroPoint, dtype)
  return quantized(x, [scale], [zeroPoint], undefined, dtype, perTensor(scale, zeroPoint))
}

/** As quantizePerTensor, with parameters from the tensor's own range. torch.quantize_per_tensor_dynamic. */
export function quantizePerTensorDynamic(x: Tensor, dtype: QuantizedType, reduceRange: boolean): Tensor {
  const [lo, hi] = codesOf(dtype)
  const { scale, zeroPoint } = x.numel() ? chooseQParams(x.amin().item(), x.amax().item(), lo, hi, false, reduceRange) : chooseQParams(0, 0, lo, hi, false, reduceRange)
  return quantizePerTensor(x, scale, zeroPoint, dtype)
}

/** Numbers of a vector, given as a tensor or a list. */
const numbers = (v: Tensor | ArrayLike<number>): number[] => Array.from('storage' in v ? (v.toArray() as ArrayLike<number | bigint>) : v, Number)

/**
 * Codes of `x` with a scale and zero point for every index of `axis`. torch.quantize_per_channel.
 *
 * @throws as quantizePerTensor; SHAPE_MISMATCH
 */
export function quantizePerChannel(x: Tensor, scales: Tensor | ArrayLike<number>, zeroPoints: Tensor | ArrayLike<number>, axis: number, dtype: QuantizedType): Tensor {
  const [s, z] = [numbers(scales), numbers(zeroPoints)]
  const at = axisOf(axis, x.ndim, 'quantizePerChannel')
  if (s.length !== x.shape[at] || z.length !== s.length) mismatch('quantizePerChannel', `${x.shape[at]} scales and zero points`, [s.length, z.length])
  s.forEach((scale, c) => checkParams('quantizePerChannel', scale, z[c]!, dtype))
  const quantizer: PerChannelQuantizer = { qscheme: 'per_channel_affine', scales: Float64Array.from(s), zeroPoints: Float64Array.from(z), axis: at }
  return quantized(x, s, z, at, dtype, quantizer)
}

/** Along `axis` of a tensor of rank `rank`, as an operand that broadcasts. */
const along = (rank: number, axis: number, length: number): number[] => Array.from({ length: rank }, (_, i) => (i === axis ? length : 1))

const DEQUANTIZE = new Op<[]>('dequantize', (r) => {
  const { quantizer, kind } = r.operand(0)
  if (quantizer!.qscheme === 'per_tensor_affine') {
    const zero = paramsOf(r, 0)[1]
    return [{ value: r.node('DequantizeLinear', [r.stored(0), r.scalar('float32', quantizer!.scale), zero]), format: kind.format }]
  }
  return [perChannel(r, quantizer!)]
}, undefined, true)

/** Scales stay doubles: the difference is exact, and the product is rounded once, to float32. */
function perChannel(r: Recipe, { scales, zeroPoints, axis }: PerChannelQuantizer): string {
  const dims = along(r.shape(0).length, axis, scales.length)
  const real = r.node('Sub', [r.node('Cast', [r.x(0)], { to: 1 }), r.floats(zeroPoints, dims)])
  return r.node('Cast', [r.node('Mul', [r.node('Cast', [real], { to: 11 }), r.constant('float64', scales, dims)])], { to: 1 })
}

/** A tensor with a quantizer. Whoever makes the first one makes the operations on them known. */
function withQuantizer(storage: Tensor['storage'], kind: Tensor['kind'], quantizer: Quantizer, offset = 0): Tensor {
  addQuantizedKernels()
  addQuantizedKernel('dequantize', ([x]) => callAll(DEQUANTIZE, [x], []))
  return newTensor(storage, kind, quantizer, offset)
}

/** The real values of codes; float tensors as they are. torch.dequantize. */
export const dequantize = (x: Tensor): Tensor => x.dequantize()

/** The codes themselves, as uint8, int8 or int32, over the same storage. Tensor.int_repr. @throws DTYPE_MISMATCH */
export function intRepr(x: Tensor): Tensor {
  expectQuantized('intRepr', x, 'quint8', 'qint8', 'qint32')
  return newTensor(x.storage, kindOf(CODES[x.dtype as Codes], x.shape, x.memoryFormat), undefined, x.offset)
}

/** Codes as a tensor of one scale, over the same storage. torch._make_per_tensor_quantized_tensor. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export function makePerTensorQuantizedTensor(codes: Tensor, scale: number, zeroPoint: number): Tensor {
  const dtype = quantizedType(codes.dtype)
  checkParams('makePerTensorQuantizedTensor', scale, zeroPoint, dtype)
  return withQuantizer(codes.storage, kindOf(dtype, codes.shape, codes.memoryFormat), perTensor(scale, zeroPoint), codes.offset)
}

/** Codes as a tensor with a scale for every index of `axis`, over the same storage. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function makePerChannelQuantizedTensor(codes: Tensor, scales: Tensor | ArrayLike<number>, zeroPoints: Tensor | ArrayLike<number>, axis: number): Tensor {
  const dtype = quantizedType(codes.dtype)
  const [s, z] = [numbers(scales), numbers(zeroPoints)]
  const at = axisOf(axis, codes.ndim, 'makePerChannelQuantizedTensor')
  if (s.length !== codes.shape[at] || z.length !== s.length) mismatch('makePerChannelQuantizedTensor', `${codes.shape[at]} scales and zero points`, [s.length, z.length])
  const quantizer: PerChannelQuantizer = { qscheme: 'per_channel_affine', scales: Float64Array.from(s), zeroPoints: Float64Array.from(z), axis: at }
  return withQuantizer(codes.storage, kindOf(dtype, codes.shape, codes.memoryFormat), quantizer, codes.offset)
}

function quantizedType(dtype: ScalarType): QuantizedType {
  const found = (Object.keys(CODES) as Codes[]).find((type) => CODES[type] === dtype)
  if (!found) throw new OctavoError('DTYPE_MISMATCH', `codes: expected uint8, int8 or int32, got ${dtype}.`, { got: dtype })
  return found
}

const ANY: readonly QuantizedType[] = ['quint8', 'qint8', 'qint32', 'quint4x2']

/** Tensor.q_scale. @throws DTYPE_MISMATCH, QPARAMS_INVALID for a tensor quantized per channel */
export const qScale = (x: Tensor): number => expectPerTensor('qScale', x, ...ANY).scale
export const qZeroPoint = (x: Tensor): number => expectPerTensor('qZeroPoint', x, ...ANY).zeroPoint

function channels(op: string, x: Tensor): PerChannelQuantizer {
  const quantizer = expectQuantized(op, x, ...ANY)
  if (quantizer.qscheme === 'per_tensor_affine') throw new OctavoError('QPARAMS_INVALID', `${op}: expected a tensor quantized per channel.`, { op })
  return quantizer
}

/** Tensor.q_per_channel_scales, as float64. @throws DTYPE_MISMATCH, QPARAMS_INVALID for a tensor quantized per tensor */
export const qPerChannelScales = (x: Tensor): Tensor => fromArray(channels('qPerChannelScales', x).scales.slice())
/** Tensor.q_per_channel_zero_points: int64, float32 for float qparams. */
export function qPerChannelZeroPoints(x: Tensor): Tensor {
  const { qscheme, zeroPoints } = channels('qPerChannelZeroPoints', x)
  return fromArray(qscheme === 'per_channel_affine' ? BigInt64Array.from(zeroPoints, BigInt) : Float32Array.from(zeroPoints))
}
export const qPerChannelAxis = (x: Tensor): number => channels('qPerChannelAxis', x).axis
/** Tensor.qscheme. @throws DTYPE_MISMATCH */
export const qScheme = (x: Tensor): Quantizer['qscheme'] => expectQuantized('qScheme', x, ...ANY).qscheme

/** Operands: x, scale, zero point as float32. Results: the rounded values, and 1 where the code was within its range. Zero points that are no codes are added before rounding. */
const FAKE_QUANTIZE = new Op<[axis: number | undefined, lo: number, hi: number, floatZero: boolean]>('fake_quantize', (r, [axis, lo, hi, floatZero]) => {
  const length = axis === undefined ? 1 : r.shape(0)[axis]!
  const dims = axis === undefined ? [] : along(r.shape(0).length, axis, length)
  const [scale, zero] = [r.x(1, dims), r.x(2, dims)]
  const [least, most] = [r.scalar('float32', lo), r.scalar('float32', hi)]
  const steps = r.node('Mul', [r.x(0), r.node('Reciprocal', [scale])])
  const code = floatZero ? r.node('Round', [r.node('Add', [steps, zero])]) : r.node('Add', [r.node('Round', [steps]), zero])
  const [above, below] = [r.node('GreaterOrEqual', [code, least]), r.node('LessOrEqual', [code, most])]
  const whole = axis === undefined ? above : r.node('And', [above, r.node('Less', [code, r.scalar('float32', 2 ** 63)])]) // PyTorch converts to int64 there
  const clamped = r.node('Where', [whole, r.node('Min', [code, most]), least])
  const wide = (value: string): string => (floatZero ? r.node('Cast', [value], { to: 11 }) : value) // PyTorch takes the difference in float64 then
  const values = r.node('Mul', [r.node('Sub', [wide(clamped), wide(zero)]), wide(scale)])
  return [floatZero ? r.node('Cast', [values], { to: 1 }) : values, r.node('Cast', [r.node('And', [above, below])], { to: 1 })]
}, ruleSet(inferLogic, lowerLogic))

/** Values and mask of a fake-quantized tensor; the gradient of x is dy · mask. */
export interface FakeQuantized {
  readonly values: Tensor
  readonly mask: Tensor
}

const vector = (v: Tensor | number | ArrayLike<number>): Tensor => (typeof v === 'object' && 'storage' in v ? v.toType('float32') : fromArray(Float32Array.from(typeof v === 'number' ? [v] : v)))

function fakeQuantize(op: string, x: Tensor, scale: Tensor | number | ArrayLike<number>, zeroPoint: Tensor | number | ArrayLike<number>, axis: number | undefined, quantMin: number, quantMax: number): FakeQuantized {
  if (!(quantMin <= quantMax)) throw new OctavoError('QPARAMS_INVALID', `${op}: expected quantMin ≤ quantMax, got ${quantMin} and ${quantMax}.`, { quantMin, quantMax })
  if (x.dtype !== 'float32') throw new OctavoError('DTYPE_MISMATCH', `${op}: expected a tensor of float32, got ${x.dtype}.`, { got: x.dtype })
  const [s, z] = [vector(scale), vector(zeroPoint)]
  const length = axis === undefined ? 1 : x.shape[axis]!
  if (s.numel() !== length || z.numel() !== length) mismatch(op, `${length} scales and zero points`, [s.numel(), z.numel()])
  const floatZero = typeof zeroPoint === 'object' && 'storage' in zeroPoint && zeroPoint.dtype === 'float32'
  const [values, mask] = callAll(FAKE_QUANTIZE, [x, s, z], [axis, quantMin, quantMax, floatZero])
  return { values: values!, mask: mask! }
}

/** (clamp(round(x · (1 / scale)) + zeroPoint, quantMin, quantMax) − zeroPoint) · scale, and where nothing was clamped. @throws QPARAMS_INVALID, DTYPE_MISMATCH */
export function fakeQuantizePerTensorAffineCachemask(x: Tensor, scale: number | Tensor, zeroPoint: number | Tensor, quantMin: number, quantMax: number): FakeQuantized {
  const op = 'fakeQuantizePerTensorAffine'
  if (typeof zeroPoint === 'number' && !(zeroPoint >= quantMin && zeroPoint <= quantMax)) throw new OctavoError('QPARAMS_INVALID', `${op}: expected a zero point in ${quantMin}…${quantMax}, got ${zeroPoint}.`, { zeroPoint })
  return fakeQuantize(op, x, scale, zeroPoint, undefined, quantMin, quantMax)
}

/** The same with a scale and zero point for every index of `axis`. A tensor of float32 zero points is added before rounding, as embeddings have it. */
export const fakeQuantizePerChannelAffineCachemask = (x: Tensor, scales: Tensor | ArrayLike<number>, zeroPoints: Tensor | ArrayLike<number>, axis: number, quantMin: number, quantMax: number): FakeQuantized =>
  fakeQuantize('fakeQuantizePerChannelAffine', x, scales, zeroPoints, axisOf(axis, x.ndim, 'fakeQuantizePerChannelAffine'), quantMin, quantMax)

/** torch.fake_quantize_per_tensor_affine. */
export const fakeQuantizePerTensorAffine = (...args: Parameters<typeof fakeQuantizePerTensorAffineCachemask>): Tensor => fakeQuantizePerTensorAffineCachemask(...args).values
/** torch.fake_quantize_per_channel_affine. */
export const fakeQuantizePerChannelAffine = (...args: Parameters<typeof fakeQuantizePerChannelAffineCachemask>): Tensor => fakeQuantizePerChannelAffineCachemask(...args).values
/** The gradient of either: dy where nothing was clamped. */
export const fakeQuantizeBackward = (dy: Tensor, mask: Tensor): Tensor => dy.mul(mask)
