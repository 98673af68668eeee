import { groupNorm, instanceNorm, layerNorm } from '../../autograd/quantized/norms.js'
import type { Tensor } from '../../autograd/tensor.js'
import type { NormOptions } from '../batchnorm.js'
import type { Module } from '../module.js'
import * as float from '../normalization.js'
import type { GroupNormOptions, LayerNormOptions } from '../normalization.js'
import type { Parameter } from '../parameter.js'
import { bool } from '../python.js'
import { outputOf } from './from-float.js'
import { scaleTensor, zeroPointTensor } from './output.js'

/** Normalisations of codes by their own mean and variance. They keep the float layer's weight and bias; scale and zero point are of the result. */

type Maybe = Parameter | null

function registerOutput(module: Module, scale: number, zeroPoint: number): void {
  module.registerBuffer('scale', scaleTensor(scale))
  module.registerBuffer('zeroPoint', zeroPointTensor(zeroPoint))
}

/** Over the last axes. torch.ao.nn.quantized.LayerNorm. */
export class LayerNorm extends float.LayerNorm {
  static override readonly typeName: string = 'QuantizedLayerNorm'
  declare scale: Tensor
  declare zeroPoint: Tensor

  constructor(normalizedShape: number | readonly number[], weight: Maybe, bias: Maybe, scale: number, zeroPoint: number, options: Omit<LayerNormOptions, 'bias'> = {}) {
    super(normalizedShape, options)
    this.weight = weight
    this.bias = bias
    registerOutput(this, scale, zeroPoint)
  }

  /** @throws MODULE_INVALID for a layer that was not observed */
  static fromFloat(layer: float.LayerNorm): LayerNorm {
    const { scale, zeroPoint } = outputOf(layer)
    const { normalizedShape, weight, bias, eps, elementwiseAffine } = layer
    return new LayerNorm(normalizedShape, weight, bias, scale, zeroPoint, { eps, elementwiseAffine })
  }

  /** @throws DTYPE_MISMATCH, SHAPE_MISMATCH, QPARAMS_INVALID */
  override forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight ?? undefined, this.bias ?? undefined, this.eps, this.scale.item(), this.zeroPoint.item())
  }
}

/** Over groups of channels. torch.ao.nn.quantized.GroupNorm. */
export class GroupNorm extends float.GroupNorm {
  static override readonly typeName: string = 'QuantizedGroupNorm'
  declare scale: Tensor
  declare zeroPoint: Tensor

  constructor(numGroups: number, numChannels: number, weight: Maybe, bias: Maybe, scale: number, zeroPoint: number, { eps = 1e-5, affine = true }: Omit<GroupNormOptions, 'bias'> = {}) {
    super(numGroups, numChannels, eps, affine)
    this.weight = weight
    this.bias = bias
    registerOutput(this, scale, zeroPoint)
  }

  /** @throws MODULE_INVALID for a layer that was not observed */
  static fromFloat(layer: float.GroupNorm): GroupNorm {
    const { scale, zeroPoint } = outputOf(layer)
    const { numGroups, numChannels, weight, bias, eps, affine } = layer
    return new GroupNorm(numGroups, numChannels, weight, bias, scale, zeroPoint, { eps, affine })
  }

  /** @throws DTYPE_MISMATCH, SHAPE_MISMATCH, QPARAMS_INVALID */
  override forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight ?? undefined, this.bias ?? undefined, this.eps, this.scale.item(), this.zeroPoint.item())
  }
}

type InstanceNormClass<T> = new (numFeatures: number, weight: Maybe, bias: Maybe, scale: number, zeroPoint: number, options: NormOptions) => T

/** Every channel of each image by itself, [N, C, …]. */
abstract class QuantizedInstanceNorm extends float.InstanceNormBase {
  declare scale: Tensor
  declare zeroPoint: Tensor
  /** Momentum as it is printed. */
  private printed: string | undefined

  constructor(where: string, axes: number, numFeatures: number, weight: Maybe, bias: Maybe, scale: number, zeroPoint: number, options: NormOptions) {
    super(where, axes, numFeatures, [options])
    this.weight = weight
    this.bias = bias
    registerOutput(this, scale, zeroPoint)
  }

  /** @throws MODULE_INVALID for a layer that was not observed */
  static fromFloat<T extends QuantizedInstanceNorm>(this: InstanceNormClass<T>, layer: float.InstanceNormBase): T {
    const { scale, zeroPoint } = outputOf(layer)
    const made = new this(layer.numFeatures, layer.weight, layer.bias, scale, zeroPoint, { eps: layer.eps })
    made.printed = bool(layer.affine) // PyTorch hands `affine` over in momentum's place; only prints tell
    return made
  }

  /** @throws DTYPE_MISMATCH, SHAPE_MISMATCH, QPARAMS_INVALID */
  override forward(input: Tensor): Tensor {
    return instanceNorm(input, this.weight ?? undefined, this.bias ?? undefined, this.eps, this.scale.item(), this.zeroPoint.item())
  }

  override extraRepr(): string {
    return this.printed === undefined ? super.extraRepr() : super.extraRepr().replace(/momentum=[^,]*/, `momentum=${this.printed}`)
  }
}

/** Of codes [N, C, L]. torch.ao.nn.quantized.InstanceNorm1d. */
export class InstanceNorm1d extends QuantizedInstanceNorm {
  static override readonly typeName: string = 'QuantizedInstanceNorm1d'
  constructor(numFeatures: number, weight: Maybe, bias: Maybe, scale: number, zeroPoint: number, options: NormOptions = {}) {
    super('InstanceNorm1d', 1, numFeatures, weight, bias, scale, zeroPoint, options)
  }
}

/** Of codes [N, C, H, W]. torch.ao.nn.quantized.InstanceNorm2d. */
export class InstanceNorm2d extends QuantizedInstanceNorm {
  static override readonly typeName: string = 'QuantizedInstanceNorm2d'
  constructor(numFeatures: number, weight: Maybe, bias: Maybe, scale: number, zeroPoint: number, options: NormOptions = {}) {
    super('InstanceNorm2d', 2, numFeatures, weight, bias, scale, zeroPoint, options)
  }
}

/** Of codes [N, C, D, H, W]. torch.ao.nn.quantized.InstanceNorm3d. */
export class InstanceNorm3d extends QuantizedInstanceNorm {
  static override readonly typeName: string = 'QuantizedInstanceNorm3d'
  constructor(numFeatures: number, weight: Maybe, bias: Maybe, scale: number, zeroPoint: number, options: NormOptions = {}) {
    super('InstanceNorm3d', 3, numFeatures, weight, bias, scale, zeroPoint, options)
  }
}
