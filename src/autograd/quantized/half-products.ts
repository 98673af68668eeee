import { OctavoError } from '../../errors.js'
import { clamp, relu } from '../ops/elementwise.js'
import { linear } from '../ops/matmul.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor.js'
import { packingEngine } from './engine.js'
import { held } from './products.js'

/** The greatest float16. */
const MOST = 65504

/** Weights rounded to float16, as float32: what FBGEMM multiplies in float32. */
export interface HalfPackedParams {
  readonly weight: Tensor
  readonly bias: Tensor | undefined
}

/**
 * Rounds a float32 weight [out, in] to float16, ties to even, greater values to ±65504, as linear_prepack_fp16 does.
 *
 * @throws OP_UNSUPPORTED with an engine that has no such kernels in PyTorch (qnnpack, onednn); ENGINE_UNKNOWN, DTYPE_MISMATCH, SHAPE_MISMATCH
 */
export function linearPrepackFp16(weight: Tensor, bias?: Tensor): HalfPackedParams {
  const op = 'quantized::linear_prepack_fp16'
  const engine = packingEngine(op)
  if (engine === 'qnnpack' || engine === 'onednn') throw new OctavoError('OP_UNSUPPORTED', `${op}: ${engine} has no float16 products. Use fbgemm or x86, or qint8.`, { op, engine })
  if (weight.dtype !== 'float32') throw new OctavoError('DTYPE_MISMATCH', `${op}: expected a weight of float32, got ${weight.dtype}.`, { op, got: weight.dtype })
  if (weight.ndim !== 2) mismatch(`${op}: weight`, '2 axes', weight.shape)
  return { weight: held(clamp(weight.detach(), -MOST, MOST).toType('float16').toType('float32')), bias: held(bias) }
}

/** x [..., in] of float32 times such a weight, in float32: sums are made in another order than FBGEMM's. @throws DTYPE_MISMATCH, SHAPE_MISMATCH */
export function linearDynamicFp16(x: Tensor, { weight, bias }: HalfPackedParams, withRelu = false): Tensor {
  if (x.dtype !== 'float32') throw new OctavoError('DTYPE_MISMATCH', `quantized::linear_dynamic_fp16: expected float32, got ${x.dtype}.`, { got: x.dtype })
  const y = linear(x, weight, bias ?? null)
  return withRelu ? relu(y) : y
}
