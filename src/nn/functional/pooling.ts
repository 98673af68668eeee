import * as pools from '../../autograd/ops/pool.js'
import type { Tensor } from '../../autograd/tensor.js'
import { settings, type Settings } from '../settings.js'

type Size = number | readonly number[]
type Sizes = number | readonly (number | null)[]

type MaxRest = Settings<[stride: Size | null, padding: Size, dilation: Size, ceilMode: boolean], pools.MaxPoolOptions>
const maxPool = (axes: number) => (input: Tensor, kernelSize: Size, ...rest: MaxRest): Tensor =>
  pools.maxPool(axes, input, kernelSize, settings<pools.MaxPoolOptions>(`maxPool${axes}d`, ['stride', 'padding', 'dilation', 'ceilMode'], rest))
export const maxPool1d = maxPool(1)
export const maxPool2d = maxPool(2)
export const maxPool3d = maxPool(3)

type AvgRest = Settings<[stride: Size | null, padding: Size, ceilMode: boolean, countIncludePad: boolean, divisorOverride: number | null], pools.AvgPoolOptions>
const avgPool = (axes: number) => (input: Tensor, kernelSize: Size, ...rest: AvgRest): Tensor =>
  pools.avgPool(axes, input, kernelSize, settings<pools.AvgPoolOptions>(`avgPool${axes}d`, ['stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride'], rest))
export const avgPool1d = avgPool(1)
export const avgPool2d = avgPool(2)
export const avgPool3d = avgPool(3)

const adaptiveAvgPool = (axes: number) => (input: Tensor, outputSize: Sizes): Tensor => pools.adaptiveAvgPool(axes, input, outputSize)
export const adaptiveAvgPool1d = adaptiveAvgPool(1)
export const adaptiveAvgPool2d = adaptiveAvgPool(2)
export const adaptiveAvgPool3d = adaptiveAvgPool(3)
const adaptiveMaxPool = (axes: number) => (input: Tensor, outputSize: Sizes): Tensor => pools.adaptiveMaxPool(axes, input, outputSize)
export const adaptiveMaxPool1d = adaptiveMaxPool(1)
export const adaptiveMaxPool2d = adaptiveMaxPool(2)
export const adaptiveMaxPool3d = adaptiveMaxPool(3)
