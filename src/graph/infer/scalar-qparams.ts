import type { DType } from '../../dtype.js'
import { toInts } from '../../value.js'
import type { NodeView } from '../node-view.js'

/** One scale (real per step, finite and positive) and one zero point (a stored code) for a whole tensor. */
export interface ScalarQParams {
  readonly scale: number
  readonly zeroPoint: number
}

/**
 * Inputs `scale` and `zeroPoint` of a quantized operator whose tensors carry one scale each. Both must be known before the
 * plan runs; an absent zero point is 0.
 *
 * @throws OP_UNSUPPORTED when they are computed, DTYPE_MISMATCH, SHAPE_MISMATCH for more than one element, GRAPH_INVALID for a scale that is not finite and positive
 */
export function scalarQParams(view: NodeView, scale: number, zeroPoint: number, dtype: DType): ScalarQParams {
  view.expectDType(scale, 'float32')
  const scales = view.required(scale, 'scale')
  if (scales.size !== 1) view.fail('SHAPE_MISMATCH', `input ${scale} (scale): expected one element, got [${scales.dims}]`)
  const value = Number(scales.data[0])
  if (!(value > 0 && value < Infinity)) view.fail('GRAPH_INVALID', `input ${scale} (scale): expected a finite positive number, got ${value}. Quantize the model again`)
  if (!view.has(zeroPoint)) return { scale: value, zeroPoint: 0 }
  view.expectDType(zeroPoint, dtype)
  const points = view.required(zeroPoint, 'zero point')
  if (points.size !== 1) view.fail('SHAPE_MISMATCH', `input ${zeroPoint} (zero point): expected one element, got [${points.dims}]`)
  return { scale: value, zeroPoint: toInts(points)[0]! }
}
