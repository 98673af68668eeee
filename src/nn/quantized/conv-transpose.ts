import { CONV_TRANSPOSE_NAMES, type ConvTransposeOptions, type ConvTransposeSettings } from '../conv-transpose.js'
import { settings } from '../settings.js'
import { QuantizedConv, type Geometry } from './conv.js'

type Size = number | readonly number[]

const optionsOf = (where: string, rest: ConvTransposeSettings): Geometry => ({ outputPadding: 0, ...settings<ConvTransposeOptions>(where, CONV_TRANSPOSE_NAMES, rest) })

/** Transposed convolution of codes [N, C, L], its weight quantized per tensor. torch.ao.nn.quantized.ConvTranspose1d. */
export class ConvTranspose1d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConvTranspose1d'
  static override readonly transposes = true
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvTransposeSettings) {
    super(1, inChannels, outChannels, kernelSize, optionsOf('ConvTranspose1d', rest))
  }
}

/** Transposed convolution of codes [N, C, H, W], its weight quantized per tensor. torch.ao.nn.quantized.ConvTranspose2d. */
export class ConvTranspose2d extends QuantizedConv {
  static override readonly typeName: string = 'QuantizedConvTranspose2d'
  static override readonly transposes = true
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvTransposeSettings) {
    super(2, inChannels, outChannels, kernelSize, optionsOf('ConvTranspose2d', rest))
  }
}
