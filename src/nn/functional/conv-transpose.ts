import { convTranspose, type ConvTransposeOptions } from '../../autograd/ops/conv-transpose.js'
import type { Tensor } from '../../autograd/tensor.js'
import { settings, type Settings } from '../settings.js'

type Size = number | readonly number[]
type Maybe = Tensor | null

type TransposeRest = Settings<[stride: Size, padding: Size, outputPadding: Size, groups: number, dilation: Size], ConvTransposeOptions>
const transposed = (axes: number) => (input: Tensor, weight: Tensor, bias: Maybe = null, ...rest: TransposeRest): Tensor =>
  convTranspose(axes, input, weight, bias, settings<ConvTransposeOptions>(`convTranspose${axes}d`, ['stride', 'padding', 'outputPadding', 'groups', 'dilation'], rest))
export const convTranspose1d = transposed(1)
export const convTranspose2d = transposed(2)
