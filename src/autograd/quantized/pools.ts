import { elementCount } from '../../dtype.js'
import { dynamic as inferDynamic } from '../../graph/infer/dynamic.js'
import { lastAxis } from '../../graph/passes/layout-rules.js'
import { dynamic as lowerDynamic } from '../../plan/lower/dynamic.js'
import { resize as inferResize } from '../../graph/infer/resize.js'
import { resize as lowerResize } from '../../plan/lower/resize.js'
import { bounds } from '../../quantization/code-tables.js'
import { call, Op, type QuantizedKernel } from '../dispatch.js'
import { batched } from '../ops/conv.js'
import { adaptiveSizes, share } from '../ops/pool.js'
import { ruleSet } from '../ops/rule-set.js'
import type { PerTensorQuantizer } from '../quantizer.js'
import type { Recipe, Result } from '../recipe.js'
import { SCALAR_TYPES } from '../scalar-type.js'
import { axesOf, mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { quantizedBackend } from './engine.js'
import { expectPerTensor, paramsOf } from './operands.js'

const f32 = Math.fround
type Sizes = readonly number[]
const INTEGERS = ruleSet(inferDynamic, lowerDynamic)

/** Channels that PyTorch's loops over channels-last images take at a time; what remains is rounded another way. */
const BLOCK = 8
const isQnnpack = (x: Tensor): boolean => quantizedBackend.engine === 'qnnpack' && x.dtype === 'quint8'

/**
 * How sums of codes (zero point taken off, or not: raw) become means:
 *   late    round(sum · m) + zero              whole vectors of channels; QNNPACK
 *   early   round(sum · m + zero)              what remains, and images channels first
 *   fused   the same, rounded once             whole vectors of adaptive pools
 *   raw     round(sum · m), sums of codes      adaptive pools channels first, means over an image
 */
type Rounding = 'late' | 'early' | 'fused' | 'raw'

const params = (r: Recipe): PerTensorQuantizer => r.operand(0).quantizer as PerTensorQuantizer
const channelsOf = (r: Recipe): number => r.shape(0)[1]!
/** Dims that put `values` along the spatial axes, or the channels, of an operand's order. */
const spatialDims = (last: boolean, sizes: Sizes): number[] => (last ? [...sizes, 1] : [1, ...sizes])

/** Float sums, exact, to codes; `factors` broadcasts to them. `rounding` may differ for the first channels, of images that lie channels-last. */
function toCodes(r: Recipe, sums: string, factors: string, whole: Rounding, rest: Rounding = whole): string {
  const channels = channelsOf(r)
  const split = whole === rest ? 0 : channels - (channels % BLOCK)
  if (split > 0 && split < channels) {
    const axis = r.shape(0).length - 1
    const parts = ([[0, split, whole], [split, channels, rest]] as const).map(([from, to, rounding]) =>
      rounded(r, r.node('Slice', [sums, r.ints([from]), r.ints([to]), r.ints([axis])]), factors, rounding))
    return r.node('Concat', parts, { axis })
  }
  return rounded(r, sums, factors, split > 0 ? whole : rest)
}

function rounded(r: Recipe, sums: string, factors: string, rounding: Rounding): string {
  const { zeroPoint } = params(r)
  const zero = r.scalar('float32', rounding === 'raw' ? 0 : zeroPoint)
  let value: string
  if (rounding === 'fused') {
    const wide = (v: string): string => r.node('Cast', [v], { to: 11 })
    value = r.node('Round', [r.node('Cast', [r.node('Add', [r.node('Mul', [wide(sums), wide(factors)]), wide(zero)])], { to: 1 })])
  } else {
    const mean = r.node('Mul', [sums, factors])
    value = rounding === 'late' ? r.node('Add', [r.node('Round', [mean]), zero]) : r.node('Round', [rounding === 'raw' ? mean : r.node('Add', [mean, zero])])
  }
  return narrowed(r, value)
}

/** Whole float numbers to codes of x's type. */
function narrowed(r: Recipe, value: string): string {
  const { host } = SCALAR_TYPES[r.dtype(0)]
  const [lo, hi] = bounds(r.dtype(0) === 'qint8')
  return r.node('Cast', [r.node('Clip', [value, r.scalar('float32', lo), r.scalar('float32', hi)])], { to: host === 'int8' ? 3 : 2 })
}

const result = (r: Recipe, value: string): Result => ({ value, dtype: r.dtype(0), quantizer: params(r), format: r.operand(0).kind.format })

/** Codes as floats: less the zero point, or raw. */
function reals(r: Recipe, raw: boolean): string {
  const x = r.node('Cast', [r.stored(0)], { to: 1 })
  return raw ? x : r.node('Sub', [x, r.scalar('float32', params(r).zeroPoint)])
}

type AverageAttributes = readonly [kernel: Sizes, strides: Sizes, padding: Sizes, ceil: boolean, include: boolean, divisor: number | null, qnnpack: boolean]

/** How many elements window `o` of an axis covers within [from, to). */
const covered = (o: number, stride: number, pad: number, kernel: number, from: number, to: number): number => Math.max(0, Math.min(o * stride - pad + kernel, to) - Math.max(o * stride - pad, from))

const AVG_POOL = new Op<AverageAttributes>('quantized::avg_pool', (r, [kernel, strides, padding, ceil, include, divisor, qnnpack]) => {
  const [last, sizes, channels] = [r.isLast(0), r.shape(0).slice(2), channelsOf(r)]
  const count = sizes.map((length, i) => {
    const room = length + 2 * padding[i]! - kernel[i]!
    const steps = ceil ? Math.ceil(room / strides[i]!) : Math.floor(room / strides[i]!)
    return ceil && steps * strides[i]! >= length + padding[i]! ? steps : steps + 1
  })
  const ends = sizes.map((length, i) => Math.max(padding[i]!, (count[i]! - 1) * strides[i]! + kernel[i]! - length - padding[i]!))
  const ones = r.constant(SCALAR_TYPES[r.dtype(0)].host, r.dtype(0) === 'qint8' ? new Int8Array(channels * elementCount(kernel)).fill(1) : new Uint8Array(channels * elementCount(kernel)).fill(1), [channels, 1, ...kernel])
  const sums = r.node('ConvInteger', [r.stored(0), ones, paramsOf(r, 0)[1]], { kernel_shape: kernel, strides, pads: [...padding, ...ends], group: channels, channels_last: last ? 1 : undefined })
  const floats = r.node('Cast', [sums], { to: 1 })
  const map = divisors(count, (o, i) => (include || qnnpack ? covered(o, strides[i]!, padding[i]!, kernel[i]!, -padding[i]!, sizes[i]! + padding[i]!) : covered(o, strides[i]!, padding[i]!, kernel[i]!, 0, sizes[i]!)))
  const { scale } = params(r)
  const s = f32(scale)
  const factor = (d: number): number => (qnnpack ? f32(s / f32(s * f32(elementCount(kernel)))) : f32(1 / (divisor ?? d)))
  const factors = r.floats(map.map(factor), spatialDims(last, count))
  return [result(r, qnnpack ? toCodes(r, floats, factors, 'late') : last ? toCodes(r, floats, factors, 'late', 'early') : toCodes(r, floats, factors, 'early'))]
}, INTEGERS, true)

/** The product over axes of a number for each place, row by row. */
function divisors(count: Sizes, at: (o: number, axis: number) => number): number[] {
  return count.reduce<number[]>((all, length, i) => all.flatMap((v) => Array.from({ length }, (_, o) => v * at(o, i))), [1])
}

export interface AvgPoolOptions {
  readonly kernel: Sizes
  readonly stride: Sizes
  readonly padding: Sizes
  readonly ceilMode?: boolean
  readonly countIncludePad?: boolean
  readonly divisorOverride?: number | null
}

/**
 * Means of windows, with x's parameters. QNNPACK (2-D, without ceilMode) divides by the kernel's size always, as PyTorch's does.
 *
 * @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH
 */
export function avgPool(axes: number, x: Tensor, { kernel, stride, padding, ceilMode = false, countIncludePad = true, divisorOverride = null }: AvgPoolOptions): Tensor {
  const where = `quantized::avg_pool${axes}d`
  expectPerTensor(where, x, 'quint8', 'qint8')
  const images = batched(x, axes, where)
  padding.forEach((p, i) => { if (p < 0 || p > kernel[i]! / 2) mismatch(where, 'a padding of at most half the kernel', padding) })
  const y = call(AVG_POOL, [images], [kernel, stride, padding, ceilMode, countIncludePad, divisorOverride, axes === 2 && !ceilMode && isQnnpack(x)])
  return images === x ? y : y.squeeze(0)
}

const ADAPTIVE = new Op<readonly [output: Sizes, qnnpack: boolean]>('quantized::adaptive_avg_pool', (r, [output, qnnpack]) => {
  const [last, sizes] = [r.isLast(0), r.shape(0).slice(2)]
  const raw = !last && !qnnpack
  const sums = sizes.reduce((value, length, i) => shareSums(r, value, i + (last ? 1 : 2), length, output[i]!), reals(r, raw))
  const s = f32(params(r).scale)
  const length = (o: number, i: number): number => { const [from, to] = share(o, output[i]!, sizes[i]!); return to - from }
  const counts = divisors(output, length)
  const inverse = output.reduce<number[]>((all, n, i) => all.flatMap((v) => Array.from({ length: n }, (_, o) => f32(v / length(o, i)))), [1])
  const factors = r.floats(qnnpack ? counts.map((n) => f32(s / f32(s * n))) : last ? counts.map((n) => f32(1 / n)) : inverse, spatialDims(last, output))
  return [result(r, qnnpack ? toCodes(r, sums, factors, 'late') : last ? toCodes(r, sums, factors, 'fused', 'early') : toCodes(r, sums, factors, 'raw'))]
}, undefined, true)

/** Sums of shares of one axis, exact in float32: a reduction, or a product with a matrix of ones. */
function shareSums(r: Recipe, value: string, axis: number, length: number, count: number): string {
  if (count === length) return value
  if (count === 1) return r.node('ReduceSum', [value, r.ints([axis])], { keepdims: 1 })
  const rank = r.shape(0).length
  const matrix = new Float32Array(length * count)
  for (let o = 0; o < count; o++) {
    const [from, to] = share(o, count, length)
    for (let i = from; i < to; i++) matrix[i * count + o] = 1
  }
  const swap = Array.from({ length: rank }, (_, a) => (a === axis ? rank - 1 : a === rank - 1 ? axis : a))
  const turned = axis === rank - 1 ? value : r.node('Transpose', [value], { perm: swap })
  const product = r.node('MatMul', [turned, r.floats(matrix, [length, count])])
  return axis === rank - 1 ? product : r.node('Transpose', [product], { perm: swap })
}

/** Means of as many windows as the output has elements, with x's parameters. QNNPACK has a kernel where they are of one size. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function adaptiveAvgPool(axes: number, x: Tensor, outputSize: number | readonly (number | null)[]): Tensor {
  const where = `quantized::adaptive_avg_pool${axes}d`
  expectPerTensor(where, x, 'quint8', 'qint8')
  const images = batched(x, axes, where)
  const sizes = adaptiveSizes(axes, x, outputSize)
  const even = sizes.every((o, i) => images.shape[i + 2]! % o === 0) && `${sizes}` !== `${images.shape.slice(2)}`
  const y = call(ADAPTIVE, [images], [sizes, axes === 2 && even && isQnnpack(x)])
  return images === x ? y : y.squeeze(0)
}

const MEAN = new Op<readonly [axes: Sizes, keep: boolean, kind: 'image' | 'qnnpack' | 'real']>('quantized::mean', (r, [axes, keep, kind]) => {
  const [shape, last] = [r.shape(0), r.isLast(0)]
  const rank = shape.length
  const count = axes.reduce((n, a) => n * shape[a]!, 1)
  const along = r.ints(axes.map((a) => (last ? lastAxis(a, rank) : a)))
  const { scale, zeroPoint } = params(r)
  const s = f32(scale)
  const sums = r.node('ReduceSum', [reals(r, kind === 'image'), along], { keepdims: 1 })
  const n = r.scalar('float32', count)
  let codes: string
  if (kind === 'image') codes = narrowed(r, r.node('Round', [r.node('Div', [sums, n])]))
  else if (kind === 'qnnpack') codes = rounded(r, sums, r.scalar('float32', f32(s / f32(s * count))), 'late')
  else {
    const mean = r.node('Div', [r.node('Mul', [sums, r.scalar('float32', s)]), n])
    codes = narrowed(r, r.node('Round', [r.node('Add', [r.node('Mul', [mean, r.scalar('float32', f32(1 / s))]), r.scalar('float32', zeroPoint)])]))
  }
  if (keep) return [result(r, codes)]
  const first = last ? r.node('Transpose', [codes], { perm: [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, a) => a + 1)] }) : codes
  return [{ ...result(r, r.reshape(first, shape.filter((_, a) => !axes.includes(a)))), format: 'contiguous' }]
}, undefined, true)

/** Means over axes, with x's parameters. @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH */
export function mean(x: Tensor, dim: number | readonly number[] | undefined, keepdim = false): Tensor {
  expectPerTensor('quantized::mean', x, 'quint8', 'qint8')
  const axes = axesOf(dim, x.ndim, 'quantized::mean')
  const inner = axes.every((a) => a >= x.ndim - axes.length)
  const image = x.ndim === 4 && inner && axes.length === 2
  return call(MEAN, [x], [axes, keepdim, image && isQnnpack(x) ? 'qnnpack' : inner && x.isContiguous() ? 'image' : 'real'])
}

const MAX_POOL = new Op<readonly [kernel: Sizes, strides: Sizes, padding: Sizes, dilations: Sizes, ceil: boolean]>('quantized::max_pool', (r, [kernel_shape, strides, padding, dilations, ceil]) =>
  [result(r, r.node('MaxPool', [r.stored(0)], { kernel_shape, strides, pads: [...padding, ...padding], dilations, ceil_mode: ceil ? 1 : 0, channels_last: r.isLast(0) ? 1 : undefined }))], undefined, true)

const BILINEAR = new Op<readonly [sizes: Sizes, scales: Sizes | null, align: boolean]>('quantized::interpolate', (r, [sizes, scales, align]) => {
  const last = r.isLast(0)
  const axes = sizes.map((_, i) => i + (last ? 1 : 2))
  const byScale = scales && sizes.every((to, i) => Math.floor(f32(r.shape(0)[i + 2]! * f32(scales[i]!))) === to)
  const size = byScale ? [r.floats(scales), ''] : ['', r.ints(sizes)]
  const y = r.node('Resize', [r.node('Cast', [r.stored(0)], { to: 1 }), '', ...size], { mode: 'linear', axes, coordinate_transformation_mode: align ? 'align_corners' : 'half_pixel' })
  return [result(r, narrowed(r, r.node('Round', [y])))]
}, ruleSet(inferResize, lowerResize), true)

/** Images of another size by bilinear interpolation of their codes. @throws DTYPE_MISMATCH, QPARAMS_INVALID */
export function interpolateBilinear(x: Tensor, size: Sizes, alignCorners = false, scales: Sizes | null = null): Tensor {
  expectPerTensor('quantized::interpolate', x, 'quint8', 'qint8')
  return call(BILINEAR, [x], [size, scales, alignCorners])
}

/** What the float operations of these names do with quantized tensors. */
export const poolKernels: Readonly<Record<string, QuantizedKernel>> = {
  maxPool: ([x], attributes) => [call(MAX_POOL, [x], attributes as never)],
  avgPool: ([x], [kernel, stride, padding, , ceilMode, countIncludePad, divisorOverride]) =>
  [avgPool((kernel as Sizes).length, x!, { kernel, stride, padding, ceilMode, countIncludePad, divisorOverride } as AvgPoolOptions)],
  adaptiveAvgPool: ([x], [output]) => [adaptiveAvgPool((output as Sizes).length, x!, output as Sizes)],
  mean: ([x], [axes, keep]) => [mean(x!, axes as Sizes, keep as boolean)],
  interpolate: ([x], [sizes, scales, mode, align]) => {
  if (mode !== 'linear' || (sizes as Sizes).length !== 2) mismatch('quantized::interpolate', 'images of two axes and a bilinear or nearest mode', mode)
  return [interpolateBilinear(x!, sizes as Sizes, align as boolean, scales as Sizes | null)]
},
}
