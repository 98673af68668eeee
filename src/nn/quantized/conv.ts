import { zeros } from '../../autograd/create.js'
import { padsOf, perAxis } from '../../autograd/ops/conv.js'
import { pad } from '../../autograd/ops/movement.js'
import { expectPerTensor } from '../../autograd/quantized/operands.js'
import { conv, convPrepack, type ConvPackedParams } from '../../autograd/quantized/products.js'
import { intRepr, makePerTensorQuantizedTensor } from '../../autograd/quantized/quantize.js'
import { mismatch } from '../../autograd/shape.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { CONV_NAMES, ConvBase, type ConvOptions, type ConvSettings } from '../conv.js'
import { FusedModule } from '../intrinsic/fused.js'
import { nameOf } from '../module.js'
import { float, tuple } from '../python.js'
import { settings } from '../settings.js'
import type { LoadReport, StateDict } from '../state-dict.js'
import { outputOf, parametersOf, quantizedWeightOf } from './from-float.js'
import { loadOutput, OUTPUT_KEYS, saveOutput, tensorFrom } from './output.js'
import { PackedLayer } from './packed.js'

type Size = number | readonly number[]
/** Settings of a float convolution, transposed or not. */
export interface Geometry extends ConvOptions { readonly outputPadding?: Size }
interface QuantizedConvClass<T> {
  new (inChannels: number, outChannels: number, kernelSize: Size, options: never): T
  readonly transposes: boolean
}

/** Paddings of a float layer, one per axis: engines pad both ends alike. @throws OP_UNSUPPORTED */
function paddingOf(layer: ConvBase): readonly number[] {
  const { padding, kernelSize, stride, dilation } = layer
  const pads = padsOf(padding, kernelSize, stride, dilation)
  const half = pads.slice(0, kernelSize.length)
  if (half.some((p, i) => p !== pads[kernelSize.length + i]))
    throw new OctavoError('OP_UNSUPPORTED', `quantized convolution: expected as much padding at both ends, got ${String(padding)} of a kernel of ${kernelSize}. Leave the layer in float (qconfig null).`, {})
  return half
}

/** What convolutions of codes share. Made of observed float layers, or by their settings to load a state dict into. */
export abstract class QuantizedConv extends PackedLayer<ConvPackedParams> {
  /** Whether they are made of transposed convolutions. */
  static readonly transposes: boolean = false
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]
  readonly dilation: readonly number[]
  readonly outputPadding: readonly number[]
  readonly groups: number
  readonly paddingMode: 'zeros' | 'reflect'
  readonly transposed: boolean
  protected packed: ConvPackedParams
  protected readonly relu: boolean = false

  /** @throws SHAPE_MISMATCH for groups that do not divide the channels, OPTION_INVALID */
  constructor(axes: number, readonly inChannels: number, readonly outChannels: number, kernelSize: Size, { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, paddingMode = 'zeros', outputPadding }: Geometry) {
    super()
    if (!(groups > 0) || inChannels % groups || outChannels % groups) mismatch('groups', `a divisor of ${inChannels} and ${outChannels} channels`, groups)
    if (paddingMode !== 'zeros' && paddingMode !== 'reflect') throw new OctavoError('OPTION_INVALID', `quantized convolution: expected paddingMode zeros or reflect, got ${paddingMode}. Leave the layer in float (qconfig null).`, { paddingMode })
    if (typeof padding === 'string') throw new OctavoError('OPTION_INVALID', `quantized convolution: expected padding in numbers, got ${padding}.`, { padding })
    this.kernelSize = perAxis(kernelSize, axes, 'kernelSize')
    this.stride = perAxis(stride, axes, 'stride')
    this.padding = perAxis(padding, axes, 'padding')
    this.dilation = perAxis(dilation, axes, 'dilation')
    this.outputPadding = perAxis(outputPadding ?? 0, axes, 'outputPadding')
    this.transposed = outputPadding !== undefined
    this.groups = groups
    this.paddingMode = paddingMode
    const [first, second] = this.transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]
    this.packed = this.pack(makePerTensorQuantizedTensor(zeros([first, second, ...this.kernelSize], { dtype: 'int8' }), 1, 0), bias ? zeros([outChannels]) : undefined)
  }

  protected pack(weight: Tensor, bias: Tensor | undefined): ConvPackedParams {
    const { stride, padding, dilation, groups, outputPadding, transposed, paddingMode } = this
    const outside = paddingMode === 'zeros' ? padding : padding.map(() => 0)
    return convPrepack(weight, bias ?? this.defaultBias(this.outChannels), { stride, padding: outside, dilation, groups, ...(transposed ? { outputPadding } : {}) }, transposed)
  }

  /** Of an observed convolution, float or trained, alone or fused with what follows it. @throws MODULE_INVALID, QPARAMS_INVALID, OP_UNSUPPORTED, OPTION_INVALID, SHAPE_MISMATCH */
  static fromFloat<T extends QuantizedConv>(this: QuantizedConvClass<T>, module: ConvBase | FusedModule): T {
    const layer = module instanceof FusedModule ? module.at(0) : module
    if (!(layer instanceof ConvBase) || layer.transposed !== this.transposes) throw new OctavoError('MODULE_INVALID', `quantized convolution: expected its float counterpart, got ${nameOf(layer)}.`, {})
    const [weight, bias] = parametersOf(layer)
    const { inChannels, outChannels, kernelSize, stride, dilation, groups, paddingMode, outputPadding } = layer
    const options: Geometry = { stride, padding: paddingOf(layer), dilation, groups, bias: bias !== null, paddingMode, ...(layer.transposed ? { outputPadding } : {}) }
    const made = new this(inChannels, outChannels, kernelSize, options as never)
    made.setWeightBias(quantizedWeightOf(layer, weight), bias)
    return Object.assign(made, outputOf(module))
  }

  /** x quint8 or qint8 [N, C, …] as the engine takes it. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
  forward(x: Tensor): Tensor {
    const images = this.paddingMode === 'zeros' ? x : reflected(x, this.padding)
    return conv(images, this.packed, this.scale, this.zeroPoint, this.relu)
  }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    destination.set(`${prefix}weight`, this.weight())
    destination.set(`${prefix}bias`, this.bias())
    saveOutput(this, destination, prefix)
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    const weight = tensorFrom(source, `${prefix}weight`, report, this.weight().shape)
    if (weight && !weight.isQuantized) report.mismatched.push(`${prefix}weight: expected qint8, got ${weight.dtype}`)
    const none = source.get(`${prefix}bias`) === null
    const bias = none ? null : tensorFrom(source, `${prefix}bias`, report, [this.outChannels])
    if (weight?.isQuantized && bias !== undefined) this.setWeightBias(weight, bias)
    loadOutput(this, source, prefix, report)
  }

  override extraStateKeys(): readonly string[] {
    return ['weight', 'bias', ...OUTPUT_KEYS]
  }

  override extraRepr(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, outputPadding, groups } = this
    return [
      `${inChannels}, ${outChannels}`, `kernel_size=${tuple(kernelSize)}`, `stride=${tuple(stride)}`, `scale=${float(this.scale)}`, `zero_point=${this.zeroPoint}`,
      ...(padding.some((p) => p !== 0) ? [`padding=${tuple(padding)}`] : []), ...(dilation.some((d) => d !== 1) ? [`dilation=${tuple(dilation)}`] : []),
      ...(outputPadding.some((p) => p !== 0) ? [`output_padding=${tuple(outputPadding)}`] : []),
      ...(groups !== 1 ? [`groups=${groups}`] : []), ...(this.bias() ? [] : ['bias=False']),
    ].join(', ')
  }
}

/** Codes with a mirrored border. */
function reflected(x: Tensor, padding: readonly number[]): Tensor {
  const { scale, zeroPoint } = expectPerTensor('quantized convolution', x, 'quint8', 'qint8')
  return makePerTensorQuantizedTensor(pad(intRepr(x), [...padding].reverse().flatMap((p) => [p, p]), 'reflect'), scale, zeroPoint)
}

const optionsOf = (where: string, rest: ConvSettings): ConvOptions => settings<ConvOptions>(where, CONV_NAMES, rest)

/** Convolution of codes [N, C, L]. torch.ao.nn.quantized.Conv1d. */
export class Conv1d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConv1d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvSettings) {
    super(1, inChannels, outChannels, kernelSize, optionsOf('Conv1d', rest))
  }
}

/** Convolution of codes [N, C, H, W]. torch.ao.nn.quantized.Conv2d. */
export class Conv2d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConv2d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvSettings) {
    super(2, inChannels, outChannels, kernelSize, optionsOf('Conv2d', rest))
  }
}

/** Convolution of codes [N, C, D, H, W]. torch.ao.nn.quantized.Conv3d. */
export class Conv3d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConv3d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvSettings) {
    super(3, inChannels, outChannels, kernelSize, optionsOf('Conv3d', rest))
  }
}

/** Convolution, negative results zero. torch.ao.nn.intrinsic.quantized.ConvReLU1d. */
export class ConvReLU1d extends Conv1d {
  static override readonly typeName: string = 'QuantizedConvReLU1d'
  protected override readonly relu = true
}

/** Convolution, negative results zero. torch.ao.nn.intrinsic.quantized.ConvReLU2d. */
export class ConvReLU2d extends Conv2d {
  static override readonly typeName: string = 'QuantizedConvReLU2d'
  protected override readonly relu = true
}

/** Convolution, negative results zero. torch.ao.nn.intrinsic.quantized.ConvReLU3d. */
export class ConvReLU3d extends Conv3d {
  static override readonly typeName: string = 'QuantizedConvReLU3d'
  protected override readonly relu = true
}
