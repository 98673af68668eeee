import { linearDynamicFp16 } from '../../../autograd/quantized/half-products.js'
import { linearDynamic } from '../../../autograd/quantized/products.js'
import type { Tensor } from '../../../autograd/tensor.js'
import type { LinearReLU as FloatLinearReLU } from '../../intrinsic/fused.js'
import type { Linear as FloatLinear } from '../../linear.js'
import { settings, type Settings } from '../../settings.js'
import type { LoadReport, StateDict } from '../../state-dict.js'
import { floatLayerOf, PackedLinear } from '../linear.js'
import { dtypeOf, dynamicWeightOf, emptyWeight, isCoded, packDynamic, type DynamicDType, type DynamicWeight } from './weights.js'

export interface DynamicLinearOptions {
  readonly bias?: boolean
  readonly dtype?: DynamicDType
}

/** float32 in and out. The weight is codes, and x is quantized by its own range; or the weight is float16. torch.ao.nn.quantized.dynamic.Linear. */
export class Linear extends PackedLinear<DynamicWeight> {
  static override readonly typeName: string = 'DynamicQuantizedLinear'
  /** Seven bits for x where the engine takes them; files of versions before 4 have eight. */
  protected reduceRange = true
  protected readonly relu: boolean = false

  /** @throws OPTION_INVALID; OP_UNSUPPORTED for float16 with an engine that lacks it */
  constructor(inFeatures: number, outFeatures: number, ...rest: Settings<[bias: boolean, dtype: DynamicDType], DynamicLinearOptions>) {
    const { bias = true, dtype = 'qint8' } = settings<DynamicLinearOptions>('dynamic.Linear', ['bias', 'dtype'], rest)
    const empty = emptyWeight([outFeatures, inFeatures], dtype, bias)
    super(inFeatures, outFeatures, empty.weight, empty.bias)
  }

  protected pack(weight: Tensor, bias: Tensor | undefined): DynamicWeight {
    return packDynamic(weight, bias ?? this.defaultBias(this.outFeatures))
  }

  /** Of a float layer with a qconfig, alone or fused with a ReLU. @throws MODULE_INVALID, QPARAMS_INVALID, OPTION_INVALID, OP_UNSUPPORTED */
  static fromFloat<T extends Linear>(this: new (inFeatures: number, outFeatures: number) => T, module: FloatLinear | FloatLinearReLU): T {
    const layer = floatLayerOf(module)
    const made = new this(layer.inFeatures, layer.outFeatures)
    made.packed = dynamicWeightOf(layer, layer.weight, layer.bias ?? made.defaultBias(layer.outFeatures))
    return made
  }

  get dtype(): DynamicDType {
    return dtypeOf(this.packed)
  }

  forward(x: Tensor): Tensor {
    return isCoded(this.packed) ? linearDynamic(x, this.packed, this.reduceRange, this.relu) : linearDynamicFp16(x, this.packed, this.relu)
  }

  override get stateVersion(): number {
    return 4
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    super.loadFromStateDict(source, prefix, report)
    this.reduceRange = (source.metadata.get(prefix.slice(0, -1))?.version ?? this.stateVersion) >= 4
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, dtype=torch.${this.dtype}${isCoded(this.packed) ? `, qscheme=${this.qscheme}` : ''}`
  }
}

/** Linear, negative results zero. torch.ao.nn.intrinsic.quantized.dynamic.LinearReLU. */
export class LinearReLU extends Linear {
  static override readonly typeName: string = 'DynamicQuantizedLinearReLU'
  protected override readonly relu: boolean = true
}
