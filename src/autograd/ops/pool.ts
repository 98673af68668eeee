import { arithmetic as inferArithmetic } from '../../graph/infer/arithmetic.js'
import { rearrange as inferRearrange } from '../../graph/infer/rearrange.js'
import { arithmetic as lowerArithmetic } from '../../plan/lower/arithmetic.js'
import { rearrange as lowerRearrange } from '../../plan/lower/rearrange.js'
import { elementCount } from '../../dtype.js'
import { call, callAll, Op } from '../dispatch.js'
import type { Recipe, Result } from '../recipe.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { batched, perAxis } from './conv.js'
import { padNode } from './movement.js'
import { ruleSet } from './rule-set.js'

type Sizes = readonly number[]
type WindowAttributes = readonly [kernel: Sizes, strides: Sizes, padding: Sizes, dilations: Sizes, ceil: boolean]

/** A node over images in the order that operand 0 has, with windows or without. */
function spatial(r: Recipe, op: string, attributes: Readonly<Record<string, number | Sizes | undefined>>): Result {
  if (!r.isLast(0)) return { value: r.node(op, [r.x(0)], attributes) }
  return r.lastResult(r.node(op, [r.stored(0)], { ...attributes, channels_last: 1 }), r.shape(0).length)
}

const windows = ([kernel_shape, strides, padding, dilations, ceil]: WindowAttributes) =>
  ({ kernel_shape, strides, pads: [...padding, ...padding], dilations, ceil_mode: ceil ? 1 : 0 })

const MAX_POOL = new Op<WindowAttributes>('maxPool', (r, attributes) => [spatial(r, 'MaxPool', windows(attributes))])

/** ONNX counts through the whole tensor, PyTorch within an image. */
const MAX_POOL_INDICES = new Op<WindowAttributes>('maxPoolIndices', (r, attributes) => {
  const [values, indices] = r.outputs(2, 'MaxPool', [r.x(0)], windows(attributes))
  return [values!, r.node('Mod', [indices!, r.scalar('int64', elementCount(r.shape(0).slice(2)))])]
}, ruleSet(inferArithmetic, lowerArithmetic))

export interface MaxPoolOptions {
  /** The kernel's size by default. */
  readonly stride?: number | readonly number[] | null
  readonly padding?: number | readonly number[]
  readonly dilation?: number | readonly number[]
  /** Windows that only begin inside count too. */
  readonly ceilMode?: boolean
}

function windowOf(axes: number, x: Tensor, kernelSize: number | Sizes, options: MaxPoolOptions, where: string): { images: Tensor; attributes: WindowAttributes } {
  const kernel = perAxis(kernelSize, axes, 'kernelSize')
  const { stride, padding = 0, dilation = 1, ceilMode = false } = options
  const pads = perAxis(padding, axes, 'padding')
  const dilations = perAxis(dilation, axes, 'dilation')
  pads.forEach((p, i) => { if (p < 0 || p > Math.floor(((kernel[i]! - 1) * dilations[i]! + 1) / 2)) mismatch(where, 'a padding of at most half the kernel', pads) })
  return { images: batched(x, axes, where), attributes: [kernel, stride === undefined || stride === null ? kernel : perAxis(stride, axes, 'stride'), pads, dilations, ceilMode] }
}

/** Largest element of each window. @throws SHAPE_MISMATCH, ATTRIBUTE_UNSUPPORTED */
export function maxPool(axes: number, x: Tensor, kernelSize: number | Sizes, options: MaxPoolOptions = {}): Tensor {
  const { images, attributes } = windowOf(axes, x, kernelSize, options, `maxPool${axes}d`)
  const y = call(MAX_POOL, [images], attributes)
  return images === x ? y : y.squeeze(0)
}

/** maxPool with the place of each result in its image, counted row by row. */
export function maxPoolWithIndices(axes: number, x: Tensor, kernelSize: number | Sizes, options: MaxPoolOptions = {}): [values: Tensor, indices: Tensor] {
  const { images, attributes } = windowOf(axes, x, kernelSize, options, `maxPool${axes}d`)
  const [values, indices] = callAll(MAX_POOL_INDICES, [images], attributes) as [Tensor, Tensor]
  return images === x ? [values, indices] : [values.squeeze(0), indices.squeeze(0)]
}

type AverageAttributes = readonly [...WindowAttributes, include: boolean, divisor: number | null]

const AVG_POOL = new Op<AverageAttributes>('avgPool', (r, [kernel, strides, padding, dilations, ceil, include]) =>
  [spatial(r, 'AveragePool', { ...windows([kernel, strides, padding, dilations, ceil]), count_include_pad: include ? 1 : 0 })])

/** Window sums divided by a number of the caller's: zeros are written around the image, so that every window is whole, then averages are scaled. */
const AVG_POOL_DIVISOR = new Op<AverageAttributes>('avgPool', (r, [kernel, strides, padding, , ceil, , divisor]) => {
  const rank = r.shape(0).length
  const ends = r.shape(0).slice(2).map((length, i) => {
    const room = length + 2 * padding[i]! - kernel[i]!
    const steps = ceil ? Math.ceil(room / strides[i]!) : Math.floor(room / strides[i]!)
    const count = ceil && steps * strides[i]! >= length + padding[i]! ? steps : steps + 1
    return Math.max(padding[i]!, (count - 1) * strides[i]! + kernel[i]! - length - padding[i]!)
  })
  const pads = ends.map((end, i) => [padding[i]!, end]).reverse().flat()
  const padded = padNode(r, r.x(0), rank, pads, 'constant', r.scalar('float32', 0))
  const averages = r.node('AveragePool', [padded], { kernel_shape: kernel, strides })
  return [r.node('Mul', [averages, r.scalar('float32', elementCount(kernel) / divisor!)])]
}, ruleSet(inferRearrange, lowerRearrange))

export interface AvgPoolOptions {
  readonly stride?: number | readonly number[] | null
  readonly padding?: number | readonly number[]
  readonly ceilMode?: boolean
  /** Whether padding counts as elements (zeros); true by default. */
  readonly countIncludePad?: boolean
  /** Divides each window's sum instead of its count. */
  readonly divisorOverride?: number | null
}

/** Mean of each window. @throws SHAPE_MISMATCH, ATTRIBUTE_UNSUPPORTED */
export function avgPool(axes: number, x: Tensor, kernelSize: number | Sizes, { countIncludePad = true, divisorOverride = null, ...options }: AvgPoolOptions = {}): Tensor {
  if (divisorOverride === 0) mismatch(`avgPool${axes}d`, 'a divisor other than 0', 0)
  const { images, attributes } = windowOf(axes, x, kernelSize, options, `avgPool${axes}d`)
  const y = call(divisorOverride === null ? AVG_POOL : AVG_POOL_DIVISOR, [images], [...attributes, countIncludePad, divisorOverride])
  return images === x ? y : y.squeeze(0)
}

/** Where window `i` of `count` over `length` elements begins and ends. */
export const share = (i: number, count: number, length: number): [from: number, to: number] => [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)]

const ADAPTIVE = new Op<[output: Sizes]>('adaptiveAvgPool', (r, [output]) => {
  const sizes = r.shape(0).slice(2)
  if (output.every((o) => o === 1)) return [spatial(r, 'GlobalAveragePool', {})]
  if (output.every((o, i) => o > 0 && sizes[i]! % o === 0)) {
    const kernel = sizes.map((s, i) => s / output[i]!)
    return [spatial(r, 'AveragePool', { kernel_shape: kernel, strides: kernel })]
  }
  return [sizes.reduce((value, length, i) => averageAxis(r, value, i, sizes.length, length, output[i]!), r.x(0))]
})

/** Means of uneven shares of one axis: a product with a matrix of 1 / count, that axis brought to the end and back. */
function averageAxis(r: Recipe, value: string, i: number, axes: number, length: number, count: number): string {
  if (length === count) return value
  const matrix = new Float32Array(length * count)
  for (let o = 0; o < count; o++) {
    const [from, to] = share(o, count, length)
    for (let s = from; s < to; s++) matrix[s * count + o] = 1 / (to - from)
  }
  const swap = Array.from({ length: axes + 2 }, (_, a) => (a === i + 2 ? axes + 1 : a === axes + 1 ? i + 2 : a))
  const atEnd = i === axes - 1 ? value : r.node('Transpose', [value], { perm: swap })
  const product = r.node('MatMul', [atEnd, r.floats(matrix, [length, count])])
  return i === axes - 1 ? product : r.node('Transpose', [product], { perm: swap })
}

/** Output sizes with null (or −1) for "as it is". */
export const adaptiveSizes = (axes: number, x: Tensor, size: number | readonly (number | null)[]): readonly number[] =>
  (typeof size === 'number' ? Array<number>(axes).fill(size) : size.length === axes ? size : mismatch('outputSize', `${axes} sizes`, size)).map((s, i) => s ?? x.shape[x.shape.length - axes + i]!)

/**
 * Means of as many windows as the output has elements: window i of n over L elements goes from ⌊iL/n⌋ to ⌈(i+1)L/n⌉.
 *
 * @throws SHAPE_MISMATCH for empty images
 */
export function adaptiveAvgPool(axes: number, x: Tensor, outputSize: number | readonly (number | null)[]): Tensor {
  const images = batched(x, axes, `adaptiveAvgPool${axes}d`)
  if (images.shape.slice(1).includes(0)) mismatch(`adaptiveAvgPool${axes}d`, 'images with elements', x.shape)
  const y = call(ADAPTIVE, [images], [adaptiveSizes(axes, x, outputSize)])
  return images === x ? y : y.squeeze(0)
}

const ADAPTIVE_MAX = new Op<[output: Sizes]>('adaptiveMaxPool', (r, [output]) => {
  const sizes = r.shape(0).slice(2)
  if (output.every((o, i) => o > 0 && sizes[i]! % o === 0)) {
    const kernel = sizes.map((s, i) => s / output[i]!)
    return [spatial(r, 'MaxPool', { kernel_shape: kernel, strides: kernel })]
  }
  return [sizes.reduce((value, length, i) => {
    const parts = Array.from({ length: output[i]! }, (_, o) => {
      const [from, to] = share(o, output[i]!, length)
      return r.node('ReduceMax', [r.node('Slice', [value, r.ints([from]), r.ints([to]), r.ints([i + 2])]), r.ints([i + 2])], { keepdims: 1 })
    })
    return r.node('Concat', parts, { axis: i + 2 })
  }, r.x(0))]
})

/** adaptiveAvgPool with the largest element instead of the mean. */
export function adaptiveMaxPool(axes: number, x: Tensor, outputSize: number | readonly (number | null)[]): Tensor {
  const images = batched(x, axes, `adaptiveMaxPool${axes}d`)
  if (images.shape.slice(1).includes(0)) mismatch(`adaptiveMaxPool${axes}d`, 'images with elements', x.shape)
  const y = call(ADAPTIVE_MAX, [images], [adaptiveSizes(axes, x, outputSize)])
  return images === x ? y : y.squeeze(0)
}
