import { conv, type ConvOptions } from '../../autograd/ops/conv.js'
import type { Tensor } from '../../autograd/tensor.js'
import { settings, type Settings } from '../settings.js'

type Size = number | readonly number[]
type Maybe = Tensor | null

type ConvRest = Settings<[stride: Size, padding: Size | 'same' | 'valid', dilation: Size, groups: number], ConvOptions>
const convolution = (axes: number) => (input: Tensor, weight: Tensor, bias: Maybe = null, ...rest: ConvRest): Tensor =>
  conv(axes, input, weight, bias, settings<ConvOptions>(`conv${axes}d`, ['stride', 'padding', 'dilation', 'groups'], rest))
export const conv1d = convolution(1)
export const conv2d = convolution(2)
export const conv3d = convolution(3)
