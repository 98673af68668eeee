import { OctavoError } from '../../errors.js'
import type { PerTensorQuantizer, Quantizer } from '../quantizer.js'
import type { Recipe } from '../recipe.js'
import { SCALAR_TYPES, type QuantizedType, type ScalarType } from '../scalar-type.js'
import type { Tensor } from '../tensor-base.js'

/** The range of codes of a type. */
export const codesOf = (dtype: ScalarType): readonly [lo: number, hi: number] =>
  dtype === 'quint8' ? [0, 255] : dtype === 'qint8' ? [-128, 127] : dtype === 'qint32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 15]

export const perTensor = (scale: number, zeroPoint: number): PerTensorQuantizer => ({ qscheme: 'per_tensor_affine', scale, zeroPoint })

/** The quantizer of `x`. @throws DTYPE_MISMATCH for a tensor that has none or is of another type */
export function expectQuantized(op: string, x: Tensor, ...types: QuantizedType[]): Quantizer {
  if (x.quantizer && types.includes(x.dtype as QuantizedType)) return x.quantizer
  throw new OctavoError('DTYPE_MISMATCH', `${op}: expected a tensor of ${types.join(' or ')}, got ${x.dtype}. Quantize it first (quantizePerTensor, or a QuantStub in the model).`, { op, expected: types, got: x.dtype })
}

/** expectQuantized for tensors with one scale. @throws QPARAMS_INVALID */
export function expectPerTensor(op: string, x: Tensor, ...types: QuantizedType[]): PerTensorQuantizer {
  const quantizer = expectQuantized(op, x, ...types)
  if (quantizer.qscheme !== 'per_tensor_affine') throw new OctavoError('QPARAMS_INVALID', `${op}: expected a tensor quantized per tensor, got ${quantizer.qscheme}.`, { op })
  return quantizer
}

/** Checks the parameters that a result of type `dtype` is asked to have. @throws QPARAMS_INVALID */
export function checkParams(op: string, scale: number, zeroPoint: number, dtype: ScalarType): void {
  const [lo, hi] = codesOf(dtype)
  if (!(scale > 0 && scale < Infinity) || !Number.isInteger(zeroPoint) || zeroPoint < lo || zeroPoint > hi)
    throw new OctavoError('QPARAMS_INVALID', `${op}: expected a finite positive scale and a zero point in ${lo}…${hi} for ${dtype}, got ${scale} and ${zeroPoint}.`, { op, scale, zeroPoint })
}

/** Scales of a quantizer as a float64 operand. */
export const scaleOperand = (r: Recipe, q: Quantizer): string =>
  q.qscheme === 'per_tensor_affine' ? r.constant('float64', [q.scale], []) : r.constant('float64', q.scales)

/** Its zero points as an operand of the codes' type. */
export function zeroOperand(r: Recipe, q: Quantizer, dtype: ScalarType): string {
  const { host } = SCALAR_TYPES[dtype]
  return q.qscheme === 'per_tensor_affine' ? r.constant(host, [q.zeroPoint], []) : r.constant(host, Array.from(q.zeroPoints))
}

/** Operand `i`'s scale and zero point. */
export function paramsOf(r: Recipe, i: number): [scale: string, zero: string] {
  const { quantizer, kind } = r.operand(i)
  return [scaleOperand(r, quantizer!), zeroOperand(r, quantizer!, kind.dtype)]
}
