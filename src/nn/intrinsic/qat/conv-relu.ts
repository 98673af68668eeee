import type { Tensor } from '../../../autograd/tensor.js'
import { ReLU } from '../../activation.js'
import { Conv1d as FloatConv1d, Conv2d as FloatConv2d, Conv3d as FloatConv3d } from '../../conv.js'
import type { Module } from '../../module.js'
import { Conv1d, Conv2d, Conv3d, floatConvOf } from '../../qat/conv.js'
import type { FloatClass } from '../../qat/trained.js'
import * as fused from '../fused.js'

/** Convolutions and the ReLU behind them, which quantize as one: torch.ao.nn.intrinsic.qat's ConvReLU. */

export class ConvReLU1d extends Conv1d {
  static override readonly typeName: string = 'ConvReLU1d'
  static readonly fused: boolean = true
  static override readonly floatModule: FloatClass = fused.ConvReLU1d
  override forward(input: Tensor): Tensor { return super.forward(input).relu() }
  override toFloat(): Module { return new fused.ConvReLU1d(floatConvOf(FloatConv1d, this), new ReLU()).train(this.training) }
}

export class ConvReLU2d extends Conv2d {
  static override readonly typeName: string = 'ConvReLU2d'
  static readonly fused: boolean = true
  static override readonly floatModule: FloatClass = fused.ConvReLU2d
  override forward(input: Tensor): Tensor { return super.forward(input).relu() }
  override toFloat(): Module { return new fused.ConvReLU2d(floatConvOf(FloatConv2d, this), new ReLU()).train(this.training) }
}

export class ConvReLU3d extends Conv3d {
  static override readonly typeName: string = 'ConvReLU3d'
  static readonly fused: boolean = true
  static override readonly floatModule: FloatClass = fused.ConvReLU3d
  override forward(input: Tensor): Tensor { return super.forward(input).relu() }
  override toFloat(): Module { return new fused.ConvReLU3d(floatConvOf(FloatConv3d, this), new ReLU()).train(this.training) }
}
