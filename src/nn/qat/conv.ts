import type { Tensor } from '../../autograd/tensor.js'
import { CONV_NAMES, Conv1d as FloatConv1d, Conv2d as FloatConv2d, Conv3d as FloatConv3d, ConvBase, convOptionsOf, type ConvOptions, type ConvPositions } from '../conv.js'
import { isFused } from '../intrinsic/fused.js'
import type { Module } from '../module.js'
import { Parameter } from '../parameter.js'
import { settings, type Settings } from '../settings.js'
import { qconfigOf, weightFakeQuantOf, withoutQConfig, type FloatClass, type QatOptions, type WeightFakeQuant } from './trained.js'

type Size = number | readonly number[]
export type QatConvOptions = ConvOptions & QatOptions
/** Settings of a convolution in order, the rest of them and the qconfig by name. */
export type QatConvSettings = Settings<ConvPositions, QatConvOptions>
export type FloatConvClass = new (inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions) => ConvBase

/** A float convolution with the parameters of `from`, without their history. */
export function floatConvOf(made: FloatConvClass, from: ConvBase): ConvBase {
  const conv = new made(from.inChannels, from.outChannels, from.kernelSize, convOptionsOf(from))
  conv.weight = new Parameter(from.weight.detach())
  if (from.bias) conv.bias = new Parameter(from.bias.detach())
  conv.training = from.training
  return conv
}

interface QatConvClass<T> {
  new(inChannels: number, outChannels: number, kernelSize: Size, options: QatConvOptions): T
  readonly floatModule: FloatClass
  readonly typeName: string | undefined
}

/** What convolutions share whose weight is fake-quantized on its way. */
export abstract class QatConv extends ConvBase {
  readonly weightFakeQuant: WeightFakeQuant

  /** @throws MODULE_INVALID without a qconfig; as ConvBase */
  constructor(axes: number, inChannels: number, outChannels: number, kernelSize: Size, given: readonly unknown[]) {
    const { qconfig, rest } = withoutQConfig<ConvOptions>(given)
    super(axes, inChannels, outChannels, kernelSize, settings<ConvOptions>(`qat.Conv${axes}d`, CONV_NAMES, rest))
    this.weightFakeQuant = weightFakeQuantOf(this, qconfig)
  }

  /** Of a float convolution with a qconfig, alone or fused with a ReLU; it shares the convolution's parameters. @throws MODULE_INVALID */
  static fromFloat<T extends QatConv>(this: QatConvClass<T>, module: Module): T {
    const qconfig = qconfigOf(this.typeName, this.floatModule, module)
    const conv = (isFused(module) ? [...module.children()][0] : module) as ConvBase
    const made = new this(conv.inChannels, conv.outChannels, conv.kernelSize, { ...convOptionsOf(conv), qconfig: conv.qconfig ?? qconfig })
    made.weight = conv.weight
    made.bias = conv.bias
    return made
  }

  override forward(input: Tensor): Tensor {
    return this.convForward(input, this.weightFakeQuant(this.weight), this.bias)
  }

  /** The float module, over the same parameters. */
  abstract toFloat(): Module
}

/** Convolution of [N, C, L] with a fake-quantized weight. torch.ao.nn.qat.Conv1d. */
export class Conv1d extends QatConv {
  static override readonly typeName: string = 'Conv1d'
  static readonly floatModule: FloatClass = FloatConv1d
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: QatConvSettings) { super(1, inChannels, outChannels, kernelSize, rest) }
  toFloat(): Module { return floatConvOf(FloatConv1d, this) }
}

/** Convolution of [N, C, H, W] with a fake-quantized weight. torch.ao.nn.qat.Conv2d. */
export class Conv2d extends QatConv {
  static override readonly typeName: string = 'Conv2d'
  static readonly floatModule: FloatClass = FloatConv2d
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: QatConvSettings) { super(2, inChannels, outChannels, kernelSize, rest) }
  toFloat(): Module { return floatConvOf(FloatConv2d, this) }
}

/** Convolution of [N, C, D, H, W] with a fake-quantized weight. torch.ao.nn.qat.Conv3d. */
export class Conv3d extends QatConv {
  static override readonly typeName: string = 'Conv3d'
  static readonly floatModule: FloatClass = FloatConv3d
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: QatConvSettings) { super(3, inChannels, outChannels, kernelSize, rest) }
  toFloat(): Module { return floatConvOf(FloatConv3d, this) }
}
