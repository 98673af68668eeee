import * as activations from '../../autograd/ops/activation.js'
import type { Tensor } from '../../autograd/tensor.js'
import { softmaxAxis, type DimOptions, type DimSettings, type GELUOptions, type SoftplusOptions } from '../activation.js'
import { settings, type Settings } from '../settings.js'

export { relu, sigmoid, tanh } from '../../autograd/ops/elementwise.js'
export { hardsigmoid, hardswish, mish, prelu, relu6, selu, silu, softsign } from '../../autograd/ops/activation.js'

export interface SlopeOptions { readonly negativeSlope?: number }
export function leakyRelu(input: Tensor, ...rest: Settings<[negativeSlope: number], SlopeOptions>): Tensor {
  return activations.leakyRelu(input, settings<SlopeOptions>('leakyRelu', ['negativeSlope'], rest).negativeSlope ?? 0.01)
}

export interface AlphaOptions { readonly alpha?: number }
export function elu(input: Tensor, ...rest: Settings<[alpha: number], AlphaOptions>): Tensor {
  return activations.elu(input, settings<AlphaOptions>('elu', ['alpha'], rest).alpha ?? 1)
}
export function celu(input: Tensor, ...rest: Settings<[alpha: number], AlphaOptions>): Tensor {
  return activations.celu(input, settings<AlphaOptions>('celu', ['alpha'], rest).alpha ?? 1)
}

export interface HardtanhOptions { readonly minVal?: number; readonly maxVal?: number }
export function hardtanh(input: Tensor, ...rest: Settings<[minVal: number, maxVal: number], HardtanhOptions>): Tensor {
  const { minVal = -1, maxVal = 1 } = settings<HardtanhOptions>('hardtanh', ['minVal', 'maxVal'], rest)
  return activations.hardtanh(input, minVal, maxVal)
}

export function gelu(input: Tensor, ...rest: Settings<[approximate: 'none' | 'tanh'], GELUOptions>): Tensor {
  return activations.gelu(input, settings<GELUOptions>('gelu', ['approximate'], rest).approximate ?? 'none')
}

export function softplus(input: Tensor, ...rest: Settings<[beta: number, threshold: number], SoftplusOptions>): Tensor {
  const { beta = 1, threshold = 20 } = settings<SoftplusOptions>('softplus', ['beta', 'threshold'], rest)
  return activations.softplus(input, beta, threshold)
}

export function softmax(input: Tensor, ...rest: DimSettings): Tensor {
  return activations.softmax(input, settings<DimOptions>('softmax', ['dim'], rest).dim ?? softmaxAxis(input.ndim))
}
export function logSoftmax(input: Tensor, ...rest: DimSettings): Tensor {
  return activations.logSoftmax(input, settings<DimOptions>('logSoftmax', ['dim'], rest).dim ?? softmaxAxis(input.ndim))
}
