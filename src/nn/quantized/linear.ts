import { zeros } from '../../autograd/create.js'
import { linear, linearPrepack, type PackedParams } from '../../autograd/quantized/products.js'
import { makePerTensorQuantizedTensor } from '../../autograd/quantized/quantize.js'
import type { Tensor } from '../../autograd/tensor.js'
import { LinearReLU as FloatLinearReLU } from '../intrinsic/fused.js'
import type { Linear as FloatLinear } from '../linear.js'
import { float } from '../python.js'
import { isTensor, type LoadReport, type StateDict } from '../state-dict.js'
import { outputOf, parametersOf, quantizedWeightOf } from './from-float.js'
import { loadOutput, OUTPUT_KEYS, saveOutput } from './output.js'
import { PackedLayer } from './packed.js'

export const floatLayerOf = (module: FloatLinear | FloatLinearReLU): FloatLinear => (module instanceof FloatLinearReLU ? (module.at(0) as FloatLinear) : module)

/** What linear layers on packed weights share. */
export abstract class PackedLinear<P extends Pick<PackedParams, 'weight' | 'bias'> = PackedParams> extends PackedLayer<P> {
  protected packed: P

  constructor(readonly inFeatures: number, readonly outFeatures: number, weight?: Tensor, bias?: Tensor | null) {
    super()
    this.packed = this.pack(weight ?? makePerTensorQuantizedTensor(zeros([outFeatures, inFeatures], { dtype: 'int8' }), 1, 0), weight ? bias ?? undefined : zeros([outFeatures]))
  }

  override get stateVersion(): number {
    return 3
  }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    saveOutput(this, destination, prefix)
    destination.set(`${prefix}_packed_params.dtype`, this.packed.weight.quantizer ? 'qint8' : 'float16')
    destination.set(`${prefix}_packed_params._packed_params`, [this.weight(), this.bias()])
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    loadOutput(this, source, prefix, report)
    const key = `${prefix}_packed_params._packed_params`
    const pair = source.get(key)
    if (pair === undefined) return void report.missing.push(key)
    const [weight, bias] = Array.isArray(pair) ? (pair as unknown[]) : []
    if (!isTensor(weight) || `${weight.shape}` !== `${[this.outFeatures, this.inFeatures]}` || (bias != null && !isTensor(bias)))
      return void report.mismatched.push(`${key}: expected a weight of [${this.outFeatures}, ${this.inFeatures}] and a bias or none`)
    this.setWeightBias(weight, (bias ?? null) as Tensor | null)
  }

  override extraStateKeys(): readonly string[] {
    return [...OUTPUT_KEYS, '_packed_params.dtype', '_packed_params._packed_params']
  }
}

/** x · weightᵀ + bias on codes. torch.ao.nn.quantized.Linear. */
export class Linear extends PackedLinear {
  static override readonly typeName: string = 'QuantizedLinear'

  protected pack(weight: Tensor, bias: Tensor | undefined): PackedParams {
    return linearPrepack(weight, bias ?? this.defaultBias(this.outFeatures))
  }

  /** Of an observed layer, float or trained. @throws MODULE_INVALID, QPARAMS_INVALID */
  static fromFloat(module: FloatLinear | FloatLinearReLU): Linear {
    const layer = floatLayerOf(module)
    const [weight, bias] = parametersOf(layer)
    const made = new this(layer.inFeatures, layer.outFeatures, quantizedWeightOf(layer, weight), bias)
    return Object.assign(made, outputOf(module))
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.packed, this.scale, this.zeroPoint)
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, scale=${float(this.scale)}, zero_point=${this.zeroPoint}, qscheme=${this.qscheme}`
  }
}

/** Linear, negative results zero. torch.ao.nn.intrinsic.quantized.LinearReLU. */
export class LinearReLU extends Linear {
  static override readonly typeName: string = 'QuantizedLinearReLU'

  override forward(x: Tensor): Tensor {
    return linear(x, this.packed, this.scale, this.zeroPoint, true)
  }
}
