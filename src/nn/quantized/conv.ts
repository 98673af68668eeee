import { padsOf } from '../../autograd/ops/conv.js'
import { conv, convPrepack, type ConvPackedParams } from '../../autograd/quantized/products.js'
import { OctavoError } from '../../errors.js'
import type { Tensor } from '../../autograd/tensor.js'
import type { ConvBase } from '../conv.js'
import { FusedModule } from '../intrinsic/fused.js'
import type { LoadReport, StateDict } from '../state-dict.js'
import { float, tuple } from '../python.js'
import { outputOf, parametersOf, quantizedWeightOf } from './from-float.js'
import { loadOutput, OUTPUT_KEYS, saveOutput, tensorFrom } from './output.js'
import { PackedLayer } from './packed.js'

type Geometry = Pick<ConvBase, 'inChannels' | 'outChannels' | 'kernelSize' | 'stride' | 'dilation' | 'groups'> & { readonly padding: readonly number[] }

/** Settings of a float convolution, as engines take them. @throws OP_UNSUPPORTED for edges other than zeros, and padding that differs between them */
function geometryOf(layer: ConvBase): Geometry {
  const { inChannels, outChannels, kernelSize, stride, dilation, groups, paddingMode } = layer
  const pads = padsOf(layer.padding, kernelSize, stride, dilation)
  const padding = pads.slice(0, kernelSize.length)
  if (paddingMode !== 'zeros' || padding.some((p, i) => p !== pads[kernelSize.length + i]))
    throw new OctavoError('OP_UNSUPPORTED', `quantized convolution: expected zeros, as many at both ends, got ${paddingMode} padding of ${String(layer.padding)}. Leave the layer in float (qconfig null).`, {})
  return { inChannels, outChannels, kernelSize, stride, dilation, groups, padding }
}

/** What convolutions of codes share. They are made of observed float layers. */
export abstract class QuantizedConv extends PackedLayer<ConvPackedParams> {
  protected packed: ConvPackedParams
  protected readonly relu: boolean = false

  constructor(readonly geometry: Geometry, weight: Tensor, bias: Tensor | null) {
    super()
    this.packed = this.pack(weight, bias ?? undefined)
  }

  protected pack(weight: Tensor, bias: Tensor | undefined): ConvPackedParams {
    const { stride, padding, dilation, groups } = this.geometry
    return convPrepack(weight, bias, { stride, padding, dilation, groups })
  }

  /** Of an observed convolution, float or trained, alone or fused with what follows it. @throws MODULE_INVALID, QPARAMS_INVALID, OP_UNSUPPORTED */
  static fromFloat<T extends QuantizedConv>(this: new (geometry: Geometry, weight: Tensor, bias: Tensor | null) => T, module: ConvBase | FusedModule): T {
    const layer = (module instanceof FusedModule ? module.at(0) : module) as ConvBase
    const [weight, bias] = parametersOf(layer)
    const made = new this(geometryOf(layer), quantizedWeightOf(layer, weight), bias)
    return Object.assign(made, outputOf(module))
  }

  forward(x: Tensor): Tensor {
    return conv(x, this.packed, this.scale, this.zeroPoint, this.relu)
  }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    destination.set(`${prefix}weight`, this.weight())
    destination.set(`${prefix}bias`, this.bias())
    saveOutput(this, destination, prefix)
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    const weight = tensorFrom(source, `${prefix}weight`, report, this.weight().shape)
    const none = source.get(`${prefix}bias`) === null
    const bias = none ? null : tensorFrom(source, `${prefix}bias`, report, [this.geometry.outChannels])
    if (weight && bias !== undefined) this.setWeightBias(weight, bias)
    loadOutput(this, source, prefix, report)
  }

  override extraStateKeys(): readonly string[] {
    return ['weight', 'bias', ...OUTPUT_KEYS]
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups } = this.geometry
    return [
      `${inChannels}, ${outChannels}`, `kernel_size=${tuple(kernelSize)}`, `stride=${tuple(stride)}`, `scale=${float(this.scale)}`, `zero_point=${this.zeroPoint}`,
      ...(padding.some((p) => p !== 0) ? [`padding=${tuple(padding)}`] : []), ...(dilation.some((d) => d !== 1) ? [`dilation=${tuple(dilation)}`] : []),
      ...(groups !== 1 ? [`groups=${groups}`] : []), ...(this.bias() ? [] : ['bias=False']),
    ].join(', ')
  }
}

export class Conv1d extends QuantizedConv { static override readonly typeName: string = 'QuantizedConv1d' }
export class Conv2d extends QuantizedConv { static override readonly typeName: string = 'QuantizedConv2d' }
export class Conv3d extends QuantizedConv { static override readonly typeName: string = 'QuantizedConv3d' }

export class ConvReLU1d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConvReLU1d'
  protected override readonly relu = true
}

export class ConvReLU2d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConvReLU2d'
  protected override readonly relu = true
}

export class ConvReLU3d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConvReLU3d'
  protected override readonly relu = true
}
