import type { Node } from '../../graph/graph.js'
import { MinMaxObserver } from '../../quantization/min-max-observer.js'
import type { ObserverFactory, UniformObserver } from '../../quantization/observer-base.js'
import { PerChannelMinMaxObserver } from '../../quantization/per-channel-observer.js'
import { roundEven } from '../../quantization/qparams.js'
import { Tensor } from '../../value.js'
import type { Settings } from './settings.js'
import { quantizeWeight, type QuantizedWeight } from './weights.js'

const f32 = Math.fround
const INT32_MAX = 2 ** 31 - 1
/** How far a bias stays from the end of int32, so that its scale may be rounded. */
const ROOM = 1.0001

/** A bias in steps of x_scale · w_scale. */
export interface QuantizedBias {
  /** int32[channels] */
  readonly codes: Tensor
  /** float32: one, or one for each channel */
  readonly scale: Tensor
}

/** The axis along which a product's weights have a scale each; undefined where one serves them all. */
export function channelAxis({ op, attributes }: Node, { dims }: Tensor, { perChannel }: Settings): number | undefined {
  if (!perChannel) return undefined
  if (op === 'Conv') return 0
  if (op === 'ConvTranspose') return 1
  if (op === 'Gemm') return attributes.transB ? 0 : 1
  return dims.length === 2 ? 1 : undefined
}

/**
 * Weights and bias of a product. A bias that would not fit int32 in steps of x_scale · w_scale widens the scale of its weights. A Gemm's factor alpha
 * becomes part of the weights' scale.
 *
 * @param bias float32[channels]
 * @param xScale the scale of what the weights multiply
 */
export function quantizeProduct(node: Node, weight: Tensor, bias: Tensor | undefined, xScale: number, settings: Settings): { weight: QuantizedWeight; axis: number | undefined; bias?: QuantizedBias } {
  const axis = channelAxis(node, weight, settings)
  const { weightType: dtype, reduceRange, weightSymmetric: symmetric } = settings
  const observer = dtype === 'int8' && symmetric ? around0(axis !== undefined, reduceRange) : undefined
  const alpha = node.op === 'Gemm' ? Number(node.attributes.alpha ?? 1) : 1
  const real = bias && biasVector(node, bias)
  const minScale = real && leastScales(real, axis === undefined ? 1 : weight.dims[axis]!, xScale * alpha)
  const quantized = scaled(quantizeWeight(weight, { axis, dtype, reduceRange, symmetric, minScale, observer }), alpha)
  return { weight: quantized, axis, ...(real && { bias: quantizeBias(real, quantized.scale, xScale) }) }
}

/** −127…127: the weight of the largest magnitude is a code then, which −128…127 misses by half a step. */
const around0 = (perChannel: boolean, reduceRange: boolean): ObserverFactory<UniformObserver> => {
  const options = { dtype: 'qint8', reduceRange, quantMin: -127, quantMax: 127 } as const
  return perChannel ? PerChannelMinMaxObserver.withArgs({ ...options, qscheme: 'per_channel_symmetric' }) : MinMaxObserver.withArgs({ ...options, qscheme: 'per_tensor_symmetric' })
}

function scaled(weight: QuantizedWeight, factor: number): QuantizedWeight {
  const { data, dims } = weight.scale
  return factor === 1 ? weight : { ...weight, scale: new Tensor('float32', (data as Float32Array).map((s) => s * factor), dims) }
}

/** The bias as it is added: one number for each column, times beta. */
function biasVector({ op, attributes }: Node, bias: Tensor): Float32Array {
  const data = bias.data as Float32Array
  const beta = op === 'Gemm' ? Number(attributes.beta ?? 1) : 1
  return beta === 1 ? data : data.map((b) => f32(b * beta))
}

/** Channel c of the result has the scale c mod n: in a transposed convolution groups share scales. */
function leastScales(bias: Float32Array, n: number, step: number): Float64Array {
  const least = new Float64Array(n)
  bias.forEach((b, c) => { least[c % n] = Math.max(least[c % n]!, (ROOM * Math.abs(b)) / INT32_MAX / step) })
  return least
}

function quantizeBias(bias: Float32Array, weightScale: Tensor, step: number): QuantizedBias {
  const scales = weightScale.data as Float32Array
  const perChannel = weightScale.dims.length > 0
  const scale = perChannel ? Float32Array.from(bias, (_, c) => f32(step * scales[c % scales.length]!)) : Float32Array.of(f32(step * scales[0]!))
  const codes = Int32Array.from(bias, (b, c) => roundEven(b / scale[perChannel ? c : 0]!))
  return { codes: new Tensor('int32', codes, [bias.length]), scale: new Tensor('float32', scale, perChannel ? [bias.length] : []) }
}

/** The bias of a Gemm as a vector of its columns, whatever its form. */
export function columnBias(bias: Tensor, columns: number): Tensor {
  const data = bias.data as Float32Array
  return new Tensor('float32', data.length === columns ? data : new Float32Array(columns).fill(data[0]!), [columns])
}
