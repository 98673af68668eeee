/** torch.nn.functional: what layers compute, with the weights as arguments. */
import * as activations from '../autograd/ops/activation.js'
import { conv, type ConvOptions } from '../autograd/ops/conv.js'
import { convTranspose, type ConvTransposeOptions } from '../autograd/ops/conv-transpose.js'
import * as drop from '../autograd/ops/dropout.js'
import * as norms from '../autograd/ops/normalize.js'
import * as pools from '../autograd/ops/pool.js'
import type { Tensor } from '../autograd/tensor.js'
import { softmaxAxis } from './activation.js'

export { relu, sigmoid, tanh } from '../autograd/ops/elementwise.js'
export { hardsigmoid, hardswish, mish, prelu, relu6, selu, silu, softsign } from '../autograd/ops/activation.js'
export { linear } from '../autograd/ops/matmul.js'
export { pad } from '../autograd/ops/movement.js'
export { embeddingBag } from '../autograd/ops/embedding.js'
export { interpolate } from '../autograd/ops/resize.js'
export { affineGrid, gridSample } from '../autograd/ops/grid.js'
export { batchNorm, groupNorm, instanceNorm } from '../autograd/ops/normalize.js'

type Size = number | readonly number[]
type Maybe = Tensor | null

export const leakyRelu = (input: Tensor, negativeSlope = 0.01): Tensor => activations.leakyRelu(input, negativeSlope)
export const elu = (input: Tensor, alpha = 1): Tensor => activations.elu(input, alpha)
export const celu = (input: Tensor, alpha = 1): Tensor => activations.celu(input, alpha)
export const hardtanh = (input: Tensor, minVal = -1, maxVal = 1): Tensor => activations.hardtanh(input, minVal, maxVal)
export const gelu = (input: Tensor, { approximate = 'none' }: { readonly approximate?: 'none' | 'tanh' } = {}): Tensor => activations.gelu(input, approximate)
export const softplus = (input: Tensor, beta = 1, threshold = 20): Tensor => activations.softplus(input, beta, threshold)
export const softmax = (input: Tensor, dim: number | null = null): Tensor => activations.softmax(input, dim ?? softmaxAxis(input.ndim))
export const logSoftmax = (input: Tensor, dim: number | null = null): Tensor => activations.logSoftmax(input, dim ?? softmaxAxis(input.ndim))

/** Rows of a table. @see autograd/ops/embedding.ts */
export { embedding } from '../autograd/ops/embedding.js'

export const conv1d = (input: Tensor, weight: Tensor, bias: Maybe = null, options: ConvOptions = {}): Tensor => conv(1, input, weight, bias, options)
export const conv2d = (input: Tensor, weight: Tensor, bias: Maybe = null, options: ConvOptions = {}): Tensor => conv(2, input, weight, bias, options)
export const conv3d = (input: Tensor, weight: Tensor, bias: Maybe = null, options: ConvOptions = {}): Tensor => conv(3, input, weight, bias, options)
export const convTranspose1d = (input: Tensor, weight: Tensor, bias: Maybe = null, options: ConvTransposeOptions = {}): Tensor => convTranspose(1, input, weight, bias, options)
export const convTranspose2d = (input: Tensor, weight: Tensor, bias: Maybe = null, options: ConvTransposeOptions = {}): Tensor => convTranspose(2, input, weight, bias, options)

export const maxPool1d = (input: Tensor, kernelSize: Size, options: pools.MaxPoolOptions = {}): Tensor => pools.maxPool(1, input, kernelSize, options)
export const maxPool2d = (input: Tensor, kernelSize: Size, options: pools.MaxPoolOptions = {}): Tensor => pools.maxPool(2, input, kernelSize, options)
export const maxPool3d = (input: Tensor, kernelSize: Size, options: pools.MaxPoolOptions = {}): Tensor => pools.maxPool(3, input, kernelSize, options)
export const avgPool1d = (input: Tensor, kernelSize: Size, options: pools.AvgPoolOptions = {}): Tensor => pools.avgPool(1, input, kernelSize, options)
export const avgPool2d = (input: Tensor, kernelSize: Size, options: pools.AvgPoolOptions = {}): Tensor => pools.avgPool(2, input, kernelSize, options)
export const avgPool3d = (input: Tensor, kernelSize: Size, options: pools.AvgPoolOptions = {}): Tensor => pools.avgPool(3, input, kernelSize, options)
export const adaptiveAvgPool1d = (input: Tensor, outputSize: number | readonly (number | null)[]): Tensor => pools.adaptiveAvgPool(1, input, outputSize)
export const adaptiveAvgPool2d = (input: Tensor, outputSize: number | readonly (number | null)[]): Tensor => pools.adaptiveAvgPool(2, input, outputSize)
export const adaptiveAvgPool3d = (input: Tensor, outputSize: number | readonly (number | null)[]): Tensor => pools.adaptiveAvgPool(3, input, outputSize)

export interface LayerNormOptions {
  readonly weight?: Maybe
  readonly bias?: Maybe
  readonly eps?: number
}
export const layerNorm = (input: Tensor, normalizedShape: readonly number[], { weight, bias, eps }: LayerNormOptions = {}): Tensor => norms.layerNorm(input, normalizedShape, weight, bias, eps)

export interface DropoutOptions {
  readonly p?: number
  readonly training?: boolean
}
export const dropout = (input: Tensor, { p = 0.5, training = true }: DropoutOptions = {}): Tensor => drop.dropout(input, p, training)
export const dropout2d = (input: Tensor, { p = 0.5, training = true }: DropoutOptions = {}): Tensor => drop.featureDropout(input, p, training, 2)
