import { normal, uniform, type Generator } from '../autograd/random.js'
import { mismatch } from '../autograd/shape.js'
import type { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'

/** Fills tensors in place: torch.nn.init. */

export const uniform_ = (x: Tensor, from = 0, to = 1, generator?: Generator): Tensor => uniform(x, from, to, generator)
export const normal_ = (x: Tensor, mean = 0, std = 1, generator?: Generator): Tensor => normal(x, mean, std, generator)
export const constant_ = (x: Tensor, value: number): Tensor => x.fill_(value)
export const zeros_ = (x: Tensor): Tensor => x.fill_(0)
export const ones_ = (x: Tensor): Tensor => x.fill_(1)

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leaky_relu' | 'selu'

/** What a function does to the deviation of its input, by PyTorch's table. @throws OPTION_INVALID */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  switch (nonlinearity) {
    case 'linear': case 'sigmoid': return 1
    case 'tanh': return 5 / 3
    case 'relu': return Math.sqrt(2)
    case 'leaky_relu': return Math.sqrt(2 / (1 + param * param))
    case 'selu': return 0.75
    default: throw new OctavoError('OPTION_INVALID', `calculateGain: unknown nonlinearity ${String(nonlinearity)}.`, { nonlinearity })
  }
}

/** Inputs and outputs of one element of a weight [out, in, …]. */
export function calculateFans(weight: Tensor): { fanIn: number; fanOut: number } {
  if (weight.ndim < 2) mismatch('init', 'a weight of at least 2 axes', weight.shape)
  const [out, inputs, ...window] = weight.shape as [number, number, ...number[]]
  const area = window.reduce((n, d) => n * d, 1)
  return { fanIn: inputs * area, fanOut: out * area }
}

export interface KaimingOptions {
  /** Slope of leaky_relu. */
  readonly a?: number
  readonly mode?: 'fan_in' | 'fan_out'
  readonly nonlinearity?: Nonlinearity
}

const deviation = (x: Tensor, { a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu' }: KaimingOptions): number => {
  const { fanIn, fanOut } = calculateFans(x)
  return calculateGain(nonlinearity, a) / Math.sqrt(mode === 'fan_in' ? fanIn : fanOut)
}

/** He et al. 2015 (arXiv:1502.01852), uniform. A tensor without elements stays. */
export function kaimingUniform_(x: Tensor, options: KaimingOptions = {}): Tensor {
  if (x.shape.includes(0)) return x
  const bound = Math.sqrt(3) * deviation(x, options)
  return uniform(x, -bound, bound)
}

export const kaimingNormal_ = (x: Tensor, options: KaimingOptions = {}): Tensor => (x.shape.includes(0) ? x : normal(x, 0, deviation(x, options)))

/** Glorot and Bengio 2010, uniform. */
export function xavierUniform_(x: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = calculateFans(x)
  const bound = Math.sqrt(3) * gain * Math.sqrt(2 / (fanIn + fanOut))
  return uniform(x, -bound, bound)
}

export function xavierNormal_(x: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = calculateFans(x)
  return normal(x, 0, gain * Math.sqrt(2 / (fanIn + fanOut)))
}

/** What Linear and the convolutions begin with: weights of U(−1/√fanIn, 1/√fanIn), biases alike. */
export function resetAffine(weight: Tensor, bias: Tensor | null): void {
  kaimingUniform_(weight, { a: Math.sqrt(5) })
  if (!bias) return
  const { fanIn } = calculateFans(weight)
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0
  if (bound) uniform(bias, -bound, bound)
}
