/** torch.ops.quantized: operators on codes, names camelCased. Scale and zero point of the result come last, as there. */
import type { Tensor } from '../tensor-base.js'
import { mismatch } from '../shape.js'
import * as elementwise from './elementwise.js'
import { linearDynamicFp16 as halfProduct, type HalfPackedParams } from './half-products.js'
import * as norms from './norms.js'
import { conv, convPrepack, linear as product, linearDynamic as dynamicProduct, type ConvPackedParams, type PackedParams } from './products.js'

export { addScalar, cat, mulScalar } from './elementwise.js'
export { celu, clamp, elu, hardsigmoid, hardswish, hardtanh, leakyRelu, prelu, relu6, sigmoid, softmax, tanh, threshold } from './activations.js'
export { groupNorm, instanceNorm, layerNorm, matmul } from './norms.js'
export { embedding as embeddingByte, embedding as embedding4bit, embeddingBag as embeddingBagByte, embeddingBag as embeddingBag4bit, embeddingPrepack as embeddingBagPrepack } from './embedding.js'
export { linearPrepackFp16, type HalfPackedParams } from './half-products.js'
export { linearPrepack, type ConvPackedParams, type PackedParams } from './products.js'

export const add = (a: Tensor, b: Tensor, scale: number, zeroPoint: number): Tensor => elementwise.add(a, b, scale, zeroPoint)
export const addRelu = (a: Tensor, b: Tensor, scale: number, zeroPoint: number): Tensor => elementwise.add(a, b, scale, zeroPoint, true)
export const mul = (a: Tensor, b: Tensor, scale: number, zeroPoint: number): Tensor => elementwise.mul(a, b, scale, zeroPoint)
export const mulRelu = (a: Tensor, b: Tensor, scale: number, zeroPoint: number): Tensor => elementwise.mul(a, b, scale, zeroPoint, true)
export const addScalarRelu = (x: Tensor, value: number): Tensor => elementwise.addScalar(x, value, true)
export const mulScalarRelu = (x: Tensor, value: number): Tensor => elementwise.mulScalar(x, value, true)
export const catRelu = (tensors: readonly Tensor[], dim = 0, scale?: number, zeroPoint?: number): Tensor => elementwise.cat(tensors, dim, scale, zeroPoint, true)

export const linear = (x: Tensor, packed: PackedParams, scale: number, zeroPoint: number): Tensor => product(x, packed, scale, zeroPoint)
export const linearRelu = (x: Tensor, packed: PackedParams, scale: number, zeroPoint: number): Tensor => product(x, packed, scale, zeroPoint, true)
export const linearDynamic = (x: Tensor, packed: PackedParams, reduceRange = false): Tensor => dynamicProduct(x, packed, reduceRange)
export const linearDynamicFp16 = (x: Tensor, packed: HalfPackedParams): Tensor => halfProduct(x, packed)
export const linearReluDynamicFp16 = (x: Tensor, packed: HalfPackedParams): Tensor => halfProduct(x, packed, true)
export const linearReluDynamic = (x: Tensor, packed: PackedParams, reduceRange = false): Tensor => dynamicProduct(x, packed, reduceRange, true)

type Sizes = readonly number[]

/** Packs weights for `axes` spatial axes. @throws SHAPE_MISMATCH for weights of another rank, and what convPrepack throws */
const convolutionPrepack = (axes: number) => (weight: Tensor, bias: Tensor | null, stride: Sizes, padding: Sizes, dilation: Sizes, groups: number): ConvPackedParams => {
  if (weight.ndim !== axes + 2) mismatch(`quantized::conv${axes}d_prepack: weight`, `${axes + 2} axes`, weight.shape)
  return convPrepack(weight, bias ?? undefined, { stride, padding, dilation, groups })
}
export const conv1dPrepack = convolutionPrepack(1)
export const conv2dPrepack = convolutionPrepack(2)
export const conv3dPrepack = convolutionPrepack(3)

const transposedPrepack = (axes: number) => (weight: Tensor, bias: Tensor | null, stride: Sizes, padding: Sizes, outputPadding: Sizes, dilation: Sizes, groups: number): ConvPackedParams => {
  if (weight.ndim !== axes + 2) mismatch(`quantized::conv_transpose${axes}d_prepack: weight`, `${axes + 2} axes`, weight.shape)
  return convPrepack(weight, bias ?? undefined, { stride, padding, outputPadding, dilation, groups }, true)
}
export const convTranspose1dPrepack = transposedPrepack(1)
export const convTranspose2dPrepack = transposedPrepack(2)

const convolution = (axes: number, relu: boolean, transpose = false) => (x: Tensor, packed: ConvPackedParams, scale: number, zeroPoint: number): Tensor => {
  if (packed.stride.length !== axes || packed.transpose !== transpose) mismatch(`quantized::conv${transpose ? '_transpose' : ''}${axes}d`, 'parameters packed for it', `${packed.transpose ? 'transposed ' : ''}${packed.stride.length}d`)
  return conv(x, packed, scale, zeroPoint, relu)
}
export const conv1d = convolution(1, false)
export const conv1dRelu = convolution(1, true)
export const conv2d = convolution(2, false)
export const conv2dRelu = convolution(2, true)
export const conv3d = convolution(3, false)
export const conv3dRelu = convolution(3, true)
export const convTranspose1d = convolution(1, false, true)
export const convTranspose2d = convolution(2, false, true)

type NormArguments = [x: Tensor, weight: Tensor | null, bias: Tensor | null, mean: Tensor, variance: Tensor, eps: number, scale: number, zeroPoint: number]
const batchNormalisation = (axes: number, relu: boolean) => (...[x, weight, bias, runningMean, runningVar, eps, scale, zeroPoint]: NormArguments): Tensor => {
  if (x.ndim !== axes + 2) mismatch(`quantized::batch_norm${axes}d`, `${axes + 2} axes`, x.shape)
  return norms.batchNorm(x, { weight: weight ?? undefined, bias: bias ?? undefined, runningMean, runningVar, eps }, scale, zeroPoint, relu)
}
export const batchNorm1d = batchNormalisation(1, false)
export const batchNorm2d = batchNormalisation(2, false)
export const batchNorm2dRelu = batchNormalisation(2, true)
export const batchNorm3d = batchNormalisation(3, false)
export const batchNorm3dRelu = batchNormalisation(3, true)
