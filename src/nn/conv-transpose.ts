import { perAxis } from '../autograd/ops/conv.js'
import { convTranspose } from '../autograd/ops/conv-transpose.js'
import { mismatch } from '../autograd/shape.js'
import type { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'
import { ConvBase, type ConvOptions } from './conv.js'
import { settings, type Settings } from './settings.js'

type Size = number | readonly number[]

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding' | 'paddingMode'> {
  readonly padding?: Size
  readonly outputPadding?: Size
  readonly paddingMode?: 'zeros'
}
export type ConvTransposeSettings = Settings<[stride: Size, padding: Size, outputPadding: Size, groups: number, bias: boolean, dilation: Size, paddingMode: 'zeros'], ConvTransposeOptions>
export const CONV_TRANSPOSE_NAMES = ['stride', 'padding', 'outputPadding', 'groups', 'bias', 'dilation', 'paddingMode'] as const

/** What the transposed convolutions share. `outputSize` chooses among the sizes that one input may come from. */
export abstract class ConvTransposeBase extends ConvBase {
  constructor(where: string, axes: number, inChannels: number, outChannels: number, kernelSize: Size, rest: ConvTransposeSettings) {
    const { outputPadding = 0, ...options } = settings<ConvTransposeOptions>(where, CONV_TRANSPOSE_NAMES, rest)
    if (options.paddingMode !== undefined && options.paddingMode !== 'zeros') throw new OctavoError('OPTION_INVALID', `${where}: paddingMode must be zeros, got ${String(options.paddingMode)}.`, { paddingMode: options.paddingMode })
    super(axes, inChannels, outChannels, kernelSize, options, outputPadding)
  }

  override forward(input: Tensor, outputSize?: readonly number[]): Tensor {
    const { stride, groups, dilation } = this
    const outputPadding = outputSize ? this.paddingFor(input, outputSize) : this.outputPadding
    return convTranspose(stride.length, input, this.weight, this.bias, { stride, padding: this.padding as readonly number[], outputPadding, groups, dilation })
  }

  private paddingFor(input: Tensor, outputSize: readonly number[]): number[] {
    const axes = this.stride.length
    const wanted = perAxis(outputSize.slice(-axes), axes, 'outputSize')
    return wanted.map((size, i) => {
      const least = (input.shape[input.ndim - axes + i]! - 1) * this.stride[i]! - 2 * (this.padding as readonly number[])[i]! + this.dilation[i]! * (this.kernelSize[i]! - 1) + 1
      return size >= least && size < least + this.stride[i]! ? size - least : mismatch('outputSize', `${least} to ${least + this.stride[i]! - 1} along spatial axis ${i}`, size)
    })
  }
}

/** Transposed convolution of [N, C, L] or [C, L]. */
export class ConvTranspose1d extends ConvTransposeBase {
  static override readonly typeName: string = 'ConvTranspose1d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvTransposeSettings) {
    super('ConvTranspose1d', 1, inChannels, outChannels, kernelSize, rest)
  }
}

/** Transposed convolution of [N, C, H, W] or [C, H, W]. */
export class ConvTranspose2d extends ConvTransposeBase {
  static override readonly typeName: string = 'ConvTranspose2d'
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvTransposeSettings) {
    super('ConvTranspose2d', 2, inChannels, outChannels, kernelSize, rest)
  }
}
