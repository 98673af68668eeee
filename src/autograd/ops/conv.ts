import { call, Op } from '../dispatch.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'

/** Stride, pads (begins, then ends) and dilation, one number per spatial axis (pads two), and groups. */
export type ConvAttributes = readonly [strides: readonly number[], pads: readonly number[], dilations: readonly number[], group: number]

const CONV = new Op<ConvAttributes>('conv', (r, [strides, pads, dilations, group]) => {
  const rank = r.shape(0).length
  const attributes = { strides, pads, dilations, group }
  if (!r.isLast(0)) return [r.node('Conv', [r.x(0), r.x(1), r.x(2)], attributes)]
  return [r.lastResult(r.node('Conv', [r.stored(0), r.x(1), r.x(2)], { ...attributes, channels_last: 1 }), rank)]
})

export interface ConvOptions {
  readonly stride?: number | readonly number[]
  /** 'same' keeps the size (stride 1 only), 'valid' is 0. */
  readonly padding?: number | readonly number[] | 'same' | 'valid'
  readonly dilation?: number | readonly number[]
  readonly groups?: number
}

/** A number for every spatial axis. @throws SHAPE_MISMATCH for another count */
export function perAxis(value: number | readonly number[], axes: number, what: string): readonly number[] {
  if (typeof value === 'number') return Array<number>(axes).fill(value)
  return value.length === axes ? value : value.length === 1 ? Array<number>(axes).fill(value[0]!) : mismatch(what, `1 or ${axes} numbers`, value)
}

/** Begins, then ends. 'same' puts the odd element at the end, as PyTorch does. */
export function padsOf(padding: ConvOptions['padding'] = 0, kernel: readonly number[], stride: readonly number[], dilation: readonly number[]): readonly number[] {
  if (padding === 'valid') return Array<number>(2 * kernel.length).fill(0)
  if (padding !== 'same') {
    const pads = perAxis(padding as number | readonly number[], kernel.length, 'padding')
    return [...pads, ...pads]
  }
  if (stride.some((s) => s !== 1)) mismatch("padding 'same'", 'a stride of 1', stride)
  const total = kernel.map((k, i) => (k - 1) * dilation[i]!)
  const begin = total.map((t) => Math.floor(t / 2))
  return [...begin, ...total.map((t, i) => t - begin[i]!)]
}

/**
 * Convolution over the spatial axes.
 *
 * @param x [N, C, D1…Dr] or one image without N; r from 1 to 3
 * @param weight [outChannels, C / groups, k1…kr]
 * @param bias [outChannels]
 * @returns [N, outChannels, …], channels-last when x is
 * @throws SHAPE_MISMATCH, ATTRIBUTE_UNSUPPORTED, DTYPE_MISMATCH
 */
export function conv(axes: number, x: Tensor, weight: Tensor, bias: Tensor | null | undefined, { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvOptions): Tensor {
  if (weight.shape.length !== axes + 2) mismatch(`conv${axes}d`, `a weight of ${axes + 2} axes`, weight.shape)
  const images = batched(x, axes, `conv${axes}d`)
  const kernel = weight.shape.slice(2)
  const [strides, dilations] = [perAxis(stride, axes, 'stride'), perAxis(dilation, axes, 'dilation')]
  const y = call(CONV, [images, weight, bias ?? undefined], [strides, padsOf(padding, kernel, strides, dilations), dilations, groups])
  return images === x ? y : y.squeeze(0)
}

/** One image gets a batch axis. @throws SHAPE_MISMATCH for another rank */
export function batched(x: Tensor, axes: number, where: string): Tensor {
  if (x.shape.length === axes + 2) return x
  return x.shape.length === axes + 1 ? x.unsqueeze(0) : mismatch(where, `an input of ${axes + 1} or ${axes + 2} axes`, x.shape)
}
