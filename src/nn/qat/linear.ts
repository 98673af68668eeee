import { linear } from '../../autograd/ops/matmul.js'
import type { Tensor } from '../../autograd/tensor.js'
import { isFused } from '../intrinsic/fused.js'
import { Linear as FloatLinear, type LinearOptions } from '../linear.js'
import type { Module } from '../module.js'
import { Parameter } from '../parameter.js'
import type { Settings } from '../settings.js'
import { qconfigOf, weightFakeQuantOf, withoutQConfig, type FloatClass, type QatOptions, type WeightFakeQuant } from './trained.js'

export type QatLinearOptions = LinearOptions & QatOptions

/** A float layer with the parameters of `from`, without their history. */
export function floatLinearOf(from: FloatLinear): FloatLinear {
  const made = new FloatLinear(from.inFeatures, from.outFeatures, { bias: from.bias !== null })
  made.weight = new Parameter(from.weight.detach())
  if (from.bias) made.bias = new Parameter(from.bias.detach())
  made.training = from.training
  return made
}

/** x · fakeQuantize(weight)ᵀ + bias. torch.ao.nn.qat.Linear. */
export class Linear extends FloatLinear {
  static override readonly typeName: string = 'Linear'
  static readonly floatModule: FloatClass = FloatLinear
  readonly weightFakeQuant: WeightFakeQuant

  /** @throws MODULE_INVALID without a qconfig */
  constructor(inFeatures: number, outFeatures: number, ...settings: Settings<[bias: boolean], QatLinearOptions>) {
    const { qconfig, rest } = withoutQConfig<LinearOptions>(settings)
    super(inFeatures, outFeatures, ...rest)
    this.weightFakeQuant = weightFakeQuantOf(this, qconfig)
  }

  /** Of a float layer with a qconfig, alone or fused with a ReLU; it shares the layer's parameters. @throws MODULE_INVALID */
  static fromFloat<T extends Linear>(this: { new(inFeatures: number, outFeatures: number, options: QatLinearOptions): T; readonly floatModule: FloatClass; readonly typeName: string }, module: Module): T {
    const qconfig = qconfigOf(this.typeName, this.floatModule, module)
    const layer = (isFused(module) ? [...module.children()][0] : module) as FloatLinear
    const made = new this(layer.inFeatures, layer.outFeatures, { bias: layer.bias !== null, qconfig: layer.qconfig ?? qconfig })
    made.weight = layer.weight
    made.bias = layer.bias
    return made
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weightFakeQuant(this.weight), this.bias)
  }

  /** The float layer, over the same parameters. */
  toFloat(): Module {
    return floatLinearOf(this)
  }
}

