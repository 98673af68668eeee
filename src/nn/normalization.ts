import { ones, zeros } from '../autograd/create.js'
import { groupNorm, instanceNorm, layerNorm } from '../autograd/ops/normalize.js'
import { mismatch } from '../autograd/shape.js'
import type { Tensor } from '../autograd/tensor.js'
import { NORM_NAMES, NormBase, type NormOptions, type NormSettings } from './batchnorm.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { bool, float, tuple } from './python.js'
import { settings, type Settings } from './settings.js'

export interface LayerNormOptions {
  readonly eps?: number
  readonly elementwiseAffine?: boolean
  readonly bias?: boolean
}

/** Normalises over the last axes. */
export class LayerNorm extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'LayerNorm'
  readonly normalizedShape: readonly number[]
  readonly eps: number
  readonly elementwiseAffine: boolean
  weight: Parameter | null
  bias: Parameter | null

  constructor(normalizedShape: number | readonly number[], ...rest: Settings<[eps: number, elementwiseAffine: boolean, bias: boolean], LayerNormOptions>) {
    super()
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = settings<LayerNormOptions>('LayerNorm', ['eps', 'elementwiseAffine', 'bias'], rest)
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape]
    this.eps = eps
    this.elementwiseAffine = elementwiseAffine
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape)) : null
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(this.normalizedShape)) : null
  }

  forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps)
  }

  override extraRepr(): string {
    return `${tuple(this.normalizedShape)}, eps=${float(this.eps)}, elementwise_affine=${bool(this.elementwiseAffine)}, bias=${bool(this.bias !== null)}`
  }
}

export interface GroupNormOptions {
  readonly eps?: number
  readonly affine?: boolean
  readonly bias?: boolean
}

/** Normalises groups of channels of each image. */
export class GroupNorm extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'GroupNorm'
  readonly eps: number
  readonly affine: boolean
  weight: Parameter | null
  bias: Parameter | null

  constructor(readonly numGroups: number, readonly numChannels: number, ...rest: Settings<[eps: number, affine: boolean], GroupNormOptions>) {
    super()
    const { eps = 1e-5, affine = true, bias = true } = settings<GroupNormOptions>('GroupNorm', ['eps', 'affine', 'bias'], rest)
    if (numChannels % numGroups) mismatch('GroupNorm', `a number of groups that divides ${numChannels} channels`, numGroups)
    this.eps = eps
    this.affine = affine
    this.weight = affine ? new Parameter(ones([numChannels])) : null
    this.bias = affine && bias ? new Parameter(zeros([numChannels])) : null
  }

  forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight, this.bias, this.eps)
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${float(this.eps)}, affine=${bool(this.affine)}, bias=${bool(this.bias !== null)}`
  }
}

/** What the instance normalisations share: each channel of each image by itself, or by running statistics where they are tracked and training is over. */
export abstract class InstanceNormBase extends NormBase {
  constructor(where: string, private readonly axes: number, numFeatures: number, rest: NormSettings) {
    super(numFeatures, settings<NormOptions>(where, NORM_NAMES, rest), { affine: false, trackRunningStats: false })
  }

  protected checkInput(input: Tensor): void {
    const { axes } = this
    if (input.ndim !== axes + 1 && input.ndim !== axes + 2) mismatch(`InstanceNorm${axes}d`, `an input of ${axes + 1} or ${axes + 2} axes`, input.shape)
    const channels = input.shape[input.ndim - axes - 1]
    if (this.affine && channels !== this.numFeatures) mismatch(`InstanceNorm${axes}d`, `${this.numFeatures} channels`, channels)
  }

  forward(input: Tensor): Tensor {
    this.checkInput(input)
    const images = input.ndim === this.axes + 1 ? input.unsqueeze(0) : input
    const y = instanceNorm(images, this.runningMean, this.runningVar, this.weight, this.bias, { useInputStats: this.training || !this.trackRunningStats, momentum: this.momentum ?? 0, eps: this.eps })
    return images === input ? y : y.squeeze(0)
  }
}

export class InstanceNorm1d extends InstanceNormBase {
  static override readonly typeName: string = 'InstanceNorm1d'
  constructor(numFeatures: number, ...rest: NormSettings) {
    super('InstanceNorm1d', 1, numFeatures, rest)
  }
}

export class InstanceNorm2d extends InstanceNormBase {
  static override readonly typeName: string = 'InstanceNorm2d'
  constructor(numFeatures: number, ...rest: NormSettings) {
    super('InstanceNorm2d', 2, numFeatures, rest)
  }
}

export class InstanceNorm3d extends InstanceNormBase {
  static override readonly typeName: string = 'InstanceNorm3d'
  constructor(numFeatures: number, ...rest: NormSettings) {
    super('InstanceNorm3d', 3, numFeatures, rest)
  }
}
