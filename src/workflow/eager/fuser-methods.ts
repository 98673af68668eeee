import { OctavoError } from '../../errors.js'
import { ReLU } from '../../nn/activation.js'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormBase } from '../../nn/batchnorm.js'
import { Conv1d, Conv2d, Conv3d, type ConvBase } from '../../nn/conv.js'
import { ConvTranspose1d, ConvTranspose2d, type ConvTransposeBase } from '../../nn/conv-transpose.js'
import { fuseBnEval } from '../../nn/fusion.js'
import * as fused from '../../nn/intrinsic/fused.js'
import { Linear } from '../../nn/linear.js'
import { nameOf, type Module } from '../../nn/module.js'
import type { ModuleClass } from './mappings.js'

/** Makes one module of several; `isQat` where they are to be trained further, so that nothing is folded yet. */
export type FuserMethod = (isQat: boolean, ...modules: any[]) => Module
/** A row of classes and what fuses modules of exactly these. */
export type FuserRow = readonly [classes: readonly ModuleClass[], fuse: FuserMethod]

const invalid = (message: string): never => { throw new OctavoError('MODULE_INVALID', message, {}) }

/** @throws MODULE_INVALID for modules in different modes */
function oneMode(modules: readonly Module[]): void {
  if (modules.some((m) => m.training !== modules[0]!.training)) invalid(`fuseModules: ${modules.map(nameOf).join(', ')} must be in the same mode, training or eval. Call model.eval() first, model.train() before fuseModulesQat.`)
}

/** What the training of layer and normalisation together asks for. @throws MODULE_INVALID */
function trainable(channels: number, bn: BatchNormBase): void {
  if (bn.numFeatures !== channels) invalid(`fuseModulesQat: expected a normalisation of ${channels} features, as many as the layer before has outputs, got ${bn.numFeatures}.`)
  if (!bn.affine || !bn.weight || !bn.bias) invalid(`fuseModulesQat: ${nameOf(bn)} has no weight and bias to train. Make it with affine.`)
  if (!bn.trackRunningStats) invalid(`fuseModulesQat: ${nameOf(bn)} keeps no running statistics. Make it with trackRunningStats.`)
}

type Container = new (...layers: any[]) => Module
interface ConvContainers { readonly bn: Container; readonly bnRelu: Container; readonly relu: Container }
const CONTAINERS: ReadonlyMap<unknown, ConvContainers> = new Map<unknown, ConvContainers>([
  [Conv1d, { bn: fused.ConvBn1d, bnRelu: fused.ConvBnReLU1d, relu: fused.ConvReLU1d }],
  [Conv2d, { bn: fused.ConvBn2d, bnRelu: fused.ConvBnReLU2d, relu: fused.ConvReLU2d }],
  [Conv3d, { bn: fused.ConvBn3d, bnRelu: fused.ConvBnReLU3d, relu: fused.ConvReLU3d }],
])
const containersOf = (conv: Module): ConvContainers => CONTAINERS.get(conv.constructor) ?? invalid(`fuseModules: expected Conv1d, Conv2d or Conv3d, got ${nameOf(conv)}.`)

/** A convolution with `bn` folded in; in training both, in a container. torch's fuse_conv_bn. @throws MODULE_INVALID */
export function fuseConvBn(isQat: boolean, conv: ConvBase, bn: BatchNormBase): Module {
  oneMode([conv, bn])
  if (!isQat) return fuseBnEval(conv, bn)
  trainable(conv.outChannels, bn)
  return new (containersOf(conv).bn)(conv, bn)
}

/** A convolution with `bn` folded in and its ReLU; in training all three, in a container. torch's fuse_conv_bn_relu. @throws MODULE_INVALID */
export function fuseConvBnReLU(isQat: boolean, conv: ConvBase, bn: BatchNormBase, relu: ReLU): Module {
  oneMode([conv, bn, relu])
  const { bnRelu, relu: convRelu } = containersOf(conv)
  if (!isQat) return new convRelu(fuseBnEval(conv, bn), relu)
  trainable(conv.outChannels, bn)
  return new bnRelu(conv, bn, relu)
}

/** A linear layer with `bn` folded in; in training both, in a container. torch's fuse_linear_bn. @throws MODULE_INVALID */
export function fuseLinearBn(isQat: boolean, linear: Linear, bn: BatchNorm1d): Module {
  oneMode([linear, bn])
  if (!isQat) return fuseBnEval(linear, bn)
  trainable(linear.outFeatures, bn)
  return new fused.LinearBn1d(linear, bn)
}

/** A transposed convolution with `bn` folded in. torch's fuse_convtranspose_bn. @throws MODULE_INVALID, in training always */
export function fuseConvTransposeBn(isQat: boolean, conv: ConvTransposeBase, bn: BatchNormBase): Module {
  oneMode([conv, bn])
  if (isQat) invalid(`fuseModulesQat: ${nameOf(conv)} and ${nameOf(bn)} are not trained as one. Leave them apart, or fold them with fuseModules in eval mode.`)
  return fuseBnEval(conv, bn)
}

const container = (type: Container): FuserMethod => (_isQat, ...layers: Module[]) => new type(...layers)

/** Which rows of layers fuse, and how. torch's _DEFAULT_OP_LIST_TO_FUSER_METHOD. */
export const DEFAULT_FUSER_METHODS: readonly FuserRow[] = [
  [[Conv1d, BatchNorm1d], fuseConvBn], [[Conv1d, BatchNorm1d, ReLU], fuseConvBnReLU], [[Conv1d, ReLU], container(fused.ConvReLU1d)],
  [[Conv2d, BatchNorm2d], fuseConvBn], [[Conv2d, BatchNorm2d, ReLU], fuseConvBnReLU], [[Conv2d, ReLU], container(fused.ConvReLU2d)],
  [[Conv3d, BatchNorm3d], fuseConvBn], [[Conv3d, BatchNorm3d, ReLU], fuseConvBnReLU], [[Conv3d, ReLU], container(fused.ConvReLU3d)],
  [[Linear, BatchNorm1d], fuseLinearBn], [[Linear, ReLU], container(fused.LinearReLU)],
  [[BatchNorm2d, ReLU], container(fused.BNReLU2d)], [[BatchNorm3d, ReLU], container(fused.BNReLU3d)],
  [[ConvTranspose1d, BatchNorm1d], fuseConvTransposeBn], [[ConvTranspose2d, BatchNorm2d], fuseConvTransposeBn],
]

/**
 * What fuses modules of these classes, in this order. torch's get_fuser_method.
 *
 * @param more rows that come before the default ones
 * @throws MODULE_INVALID for classes that do not fuse
 */
export function getFuserMethod(classes: readonly ModuleClass[], more: readonly FuserRow[] = []): FuserMethod {
  const row = [...more, ...DEFAULT_FUSER_METHODS].find(([known]) => known.length === classes.length && known.every((c, i) => c === classes[i]))
  return row?.[1] ?? invalid(`fuseModules: did not find a fuser for ${classes.map(({ name, typeName }) => typeName ?? name).join(', ')}. Known are Conv + BatchNorm [+ ReLU], Conv + ReLU, Linear + ReLU, Linear + BatchNorm1d, BatchNorm + ReLU, ConvTranspose + BatchNorm.`)
}
