import { zeros } from '../autograd/create.js'
import type { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'
import type { BatchNormBase } from './batchnorm.js'
import { ConvBase } from './conv.js'
import { deepCopy } from './deep-copy.js'
import type { Linear } from './linear.js'
import { Parameter } from './parameter.js'

/**
 * Weight and bias of a convolution with the batch normalisation after it folded in, operation for operation as torch.nn.utils.fuse_conv_bn_weights.
 *
 * @param weight [out, in / groups, …]; of a transposed convolution [in, out, …]
 * @param bias [out], or null for zeros
 */
export function fuseConvBnWeights(weight: Tensor, bias: Tensor | null, mean: Tensor, variance: Tensor, eps: number, gamma: Tensor | null, beta: Tensor | null, transpose = false): [weight: Parameter, bias: Parameter] {
  const shape = weight.shape.map((_, i) => (i === (transpose ? 1 : 0) ? -1 : 1))
  const inverse = variance.add(eps).rsqrt()
  const scaled = weight.mul((gamma ? gamma.mul(inverse) : inverse).reshape(shape))
  const centred = (bias ?? zeros([mean.numel()])).sub(mean).mul(inverse)
  const turned = gamma ? centred.mul(gamma) : centred
  return [new Parameter(scaled), new Parameter(beta ? turned.add(beta) : turned)]
}

/**
 * The same of a linear layer, operation for operation as torch.nn.utils.fusion.fuse_linear_bn_weights, whose bias rounds otherwise.
 *
 * @param weight [out, in]
 * @param bias [out], or null for zeros
 */
export function fuseLinearBnWeights(weight: Tensor, bias: Tensor | null, mean: Tensor, variance: Tensor, eps: number, gamma: Tensor | null, beta: Tensor | null): [weight: Parameter, bias: Parameter] {
  const inverse = variance.add(eps).rsqrt()
  const factor = gamma ? gamma.mul(inverse) : inverse
  const shifted = (bias ?? zeros([mean.numel()])).sub(mean).mul(factor)
  return [new Parameter(weight.mul(factor.reshape([-1, 1]))), new Parameter(beta ? shifted.add(beta) : shifted)]
}

/** The running averages that a normalisation is folded by. @throws MODULE_INVALID where it keeps none */
export function runningStatsOf({ runningMean, runningVar }: BatchNormBase): readonly [mean: Tensor, variance: Tensor] {
  if (!runningMean || !runningVar) throw new OctavoError('MODULE_INVALID', 'batch normalisation: expected running statistics, this one keeps none. Make it with trackRunningStats.', {})
  return [runningMean, runningVar]
}

/** Weight and bias of a layer with `bn` folded in by its running statistics. @throws MODULE_INVALID where it keeps none */
export function foldBn(layer: ConvBase | Linear, bn: BatchNormBase): [weight: Parameter, bias: Parameter] {
  const [mean, variance] = runningStatsOf(bn)
  return layer instanceof ConvBase
    ? fuseConvBnWeights(layer.weight, layer.bias, mean, variance, bn.eps, bn.weight, bn.bias, layer.transposed)
    : fuseLinearBnWeights(layer.weight, layer.bias, mean, variance, bn.eps, bn.weight, bn.bias)
}

/** A copy of `layer` (both in eval mode) with `bn` folded in: fuse_conv_bn_eval and fuse_linear_bn_eval. @throws MODULE_INVALID in training mode, or without running statistics */
export function fuseBnEval<M extends ConvBase | Linear>(layer: M, bn: BatchNormBase): M {
  if (layer.training || bn.training) throw new OctavoError('MODULE_INVALID', 'fusing a batch normalisation: expected modules in eval mode. Call model.eval() first, or use fuseModulesQat.', {})
  const fused = deepCopy(layer)
  ;[fused.weight, fused.bias] = foldBn(layer, bn)
  return fused
}
