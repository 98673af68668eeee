import { empty } from '../autograd/create.js'
import { conv, padsOf, perAxis } from '../autograd/ops/conv.js'
import { pad, type PadMode } from '../autograd/ops/movement.js'
import { mismatch } from '../autograd/shape.js'
import type { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'
import { resetAffine } from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { tuple } from './python.js'
import { settings, type Settings } from './settings.js'

type Size = number | readonly number[]
export type PaddingMode = 'zeros' | Exclude<PadMode, 'constant'>

export interface ConvOptions {
  readonly stride?: Size
  readonly padding?: Size | 'same' | 'valid'
  readonly dilation?: Size
  readonly groups?: number
  readonly bias?: boolean
  /** What lies beyond the edges. */
  readonly paddingMode?: PaddingMode
}
/** Options that positions hold, in order. */
export type ConvPositions = [stride: Size, padding: Size | 'same' | 'valid', dilation: Size, groups: number, bias: boolean, paddingMode: PaddingMode]
export type ConvSettings = Settings<ConvPositions, ConvOptions>
export const CONV_NAMES = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode'] as const
const PADDING_MODES: readonly PaddingMode[] = ['zeros', 'reflect', 'replicate', 'circular']

/** What the convolutions share: settings for each spatial axis, weight and bias. */
export abstract class ConvBase extends Module<[input: Tensor], Tensor> {
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[] | 'same' | 'valid'
  readonly dilation: readonly number[]
  readonly transposed: boolean
  readonly outputPadding: readonly number[]
  readonly groups: number
  readonly paddingMode: PaddingMode
  weight: Parameter
  bias: Parameter | null

  /** @throws OPTION_INVALID, SHAPE_MISMATCH */
  constructor(axes: number, readonly inChannels: number, readonly outChannels: number, kernelSize: Size, options: ConvOptions, outputPadding?: Size) {
    super()
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, paddingMode = 'zeros' } = options
    if (!(groups > 0) || inChannels % groups || outChannels % groups) mismatch('groups', `a divisor of ${inChannels} and ${outChannels} channels`, groups)
    if (!PADDING_MODES.includes(paddingMode)) throw new OctavoError('OPTION_INVALID', `paddingMode: expected ${PADDING_MODES.join(', ')}, got ${String(paddingMode)}.`, { paddingMode })
    this.kernelSize = perAxis(kernelSize, axes, 'kernelSize')
    this.stride = perAxis(stride, axes, 'stride')
    this.padding = typeof padding === 'string' ? padding : perAxis(padding, axes, 'padding')
    this.dilation = perAxis(dilation, axes, 'dilation')
    this.transposed = outputPadding !== undefined
    this.outputPadding = perAxis(outputPadding ?? 0, axes, 'outputPadding')
    this.groups = groups
    this.paddingMode = paddingMode
    padsOf(this.padding, this.kernelSize, this.stride, this.dilation)
    const [first, second] = this.transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]
    this.weight = new Parameter(empty([first, second, ...this.kernelSize]))
    this.bias = bias ? new Parameter(empty([outChannels])) : null
    this.resetParameters()
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetAffine(this.weight, this.bias)
  }

  /** The convolution with other weights: what modules do that quantize theirs. */
  convForward(input: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const { stride, padding, dilation, groups, paddingMode } = this
    const axes = stride.length
    if (paddingMode === 'zeros') return conv(axes, input, weight, bias, { stride, padding, dilation, groups })
    return conv(axes, pad(input, this.reversedPadding(), paddingMode), weight, bias, { stride, dilation, groups })
  }

  /** Pads as `pad` takes them: pairs, from the last axis on. */
  private reversedPadding(): number[] {
    const pads = padsOf(this.padding, this.kernelSize, this.stride, this.dilation)
    const axes = this.kernelSize.length
    return this.kernelSize.flatMap((_, i) => [pads[axes - 1 - i]!, pads[2 * axes - 1 - i]!])
  }

  forward(input: Tensor): Tensor {
    return this.convForward(input, this.weight, this.bias)
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups, paddingMode } = this
    return [
      `${this.inChannels}, ${this.outChannels}`, `kernel_size=${tuple(this.kernelSize)}`, `stride=${tuple(this.stride)}`,
      ...(typeof padding === 'string' ? [`padding=${padding}`] : padding.some((p) => p !== 0) ? [`padding=${tuple(padding)}`] : []),
      ...(dilation.some((d) => d !== 1) ? [`dilation=${tuple(dilation)}`] : []),
      ...(outputPadding.some((p) => p !== 0) ? [`output_padding=${tuple(outputPadding)}`] : []),
      ...(groups !== 1 ? [`groups=${groups}`] : []), ...(this.bias ? [] : ['bias=False']),
      ...(paddingMode !== 'zeros' ? [`padding_mode=${paddingMode}`] : []),
    ].join(', ')
  }
}

/** The settings that make another convolution like this one. */
export const convOptionsOf = ({ stride, padding, dilation, groups, bias, paddingMode }: ConvBase): ConvOptions => ({ stride, padding, dilation, groups, bias: bias !== null, paddingMode })

/** Convolution of [N, C, L] or [C, L]. */
export class Conv1d extends ConvBase {
  static override readonly typeName: string = 'Conv1d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvSettings) {
    super(1, inChannels, outChannels, kernelSize, settings<ConvOptions>('Conv1d', CONV_NAMES, rest))
  }
}

/** Convolution of [N, C, H, W] or [C, H, W]. */
export class Conv2d extends ConvBase {
  static override readonly typeName: string = 'Conv2d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvSettings) {
    super(2, inChannels, outChannels, kernelSize, settings<ConvOptions>('Conv2d', CONV_NAMES, rest))
  }
}

/** Convolution of [N, C, D, H, W] or [C, D, H, W]. */
export class Conv3d extends ConvBase {
  static override readonly typeName: string = 'Conv3d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvSettings) {
    super(3, inChannels, outChannels, kernelSize, settings<ConvOptions>('Conv3d', CONV_NAMES, rest))
  }
}
