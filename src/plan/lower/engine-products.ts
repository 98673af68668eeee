import { elementCount } from '../../dtype.js'
import { transposeShape } from '../../graph/infer/conv-transpose.js'
import { linearShape } from '../../graph/infer/engine-products.js'
import { qconvShape } from '../../graph/infer/qmatrix.js'
import { columnsOf, handedWeight, type Arithmetic, type EngineColumns } from '../../quantization/requantization.js'
import { NULL, type Operand } from '../../runtime/operand.js'
import { toInts } from '../../value.js'
import { lift, product3, type Triple } from './conv-geometry.js'
import { emitCopy, stridesOf } from './copy.js'
import { convolve } from './qconv.js'
import { line } from './qmatmul.js'
import { emitRows, qmatrix, type QOperands, type QOptions } from './qmatrix.js'
import { isSigned, STAGE_FLOAT, STAGE_FUSED, STAGE_JOINED, STAGE_REQUANTIZE, STAGE_SERIAL, STAGE_STEPS, STAGE_WIDE } from './qpacking.js'
import { codeRange } from '../../graph/infer/quantize.js'
import { oneScale } from './quantize.js'
import type { LowerRule, LowerTable, Lowering } from './rule.js'

const STAGES = { requantize: STAGE_REQUANTIZE, joined: STAGE_JOINED, steps: STAGE_STEPS, wide: STAGE_WIDE } as const
const OPERANDS: QOperands = { x: 0, xScale: 1, xZero: 2, w: 3, wScale: 4, wZero: 5, yScale: 6, yZero: 7, bias: 8 }

const scalesOf = (l: Lowering, i: number): Float64Array => l.required(i, 'scale').data as Float64Array

interface Kind {
  readonly columns: number
  readonly linear?: boolean
  readonly wide?: boolean
}

/** The stage of a product, and its vectors as q_fold takes them; relu is the bound at the zero point. `from`: its first column of those the node has. */
function engineOf(l: Lowering, { columns, linear = false, wide = false }: Kind, from = 0, count = columns): { stage: number; options: QOptions } {
  const arithmetic = l.string('arithmetic') as Arithmetic
  const relu = l.int('relu', 0) === 1
  const [yZeroPoint] = toInts(l.required(7, 'zero point')) as [number]
  const vectors = columnsOf({
    arithmetic, linear, wide, columns, xScale: scalesOf(l, 1)[0]!, wScale: scalesOf(l, 4), yScale: scalesOf(l, 6)[0]!, yZeroPoint,
    bias: l.constant(8)?.data as Float32Array | undefined,
  })
  const stage = STAGES[vectors.stage]
  const [lo, hi] = isSigned(l.output()) ? [-128, 127] : [0, 255]
  const key = `${arithmetic} ${relu} ${linear} ${wide} ${from}`
  return { stage, options: { engine: { key, fold: () => ({ ...tables(l, vectors, from, from + count), yMin: relu ? Math.max(yZeroPoint, lo) : lo, yMax: hi }) } } }
}

function tables(l: Lowering, { stage, multiplier, bias, floatBias, rest, before, early }: EngineColumns, from: number, to: number) {
  const part = (v: Float32Array | Int32Array | undefined): Operand => (v ? l.table(v.slice(from, to)) : NULL)
  return {
    xScale: NULL, yScale: NULL, wScale: part(multiplier), wScaleStride: 1, halfScales: 0, bias: part(bias), floatBias: part(floatBias), rest: part(rest), before, early,
    ...(stage === 'steps' ? { yZeroPoint: NULL } : {}), // its bounds are met after the zero point is added
  }
}

const conv: LowerRule = (l) => {
  const { window, groups, channels, n } = qconvShape(l, 0, 3)
  const wide = groups > 1 && channels === 1 && n === 1 && window.kernel.length === 3 && window.kernel.every((k) => k === 3)
  const { stage, options } = engineOf(l, { columns: groups * n, wide })
  convolve(l, OPERANDS, stage, options)
}

const linear: LowerRule = (l) => {
  const { rows, n, k } = linearShape(l)
  const { stage, options } = engineOf(l, { columns: n, linear: true })
  emitRows(l, OPERANDS, qmatrix(l, OPERANDS, rowsOf(n, k), stage, options), line(rows, k, n))
}

/** Weights [n, k]. */
const rowsOf = (n: number, k: number) => ({ groups: 1, n, taps: 1, channels: k, strideN: k, strideTap: 0, strideC: 1 })

/**
 * The image with `strides − 1` zero points between its pixels, convolved with the kernel turned around: each group a product of
 * its own, because the weights' axes are in the other order.
 */
const convTranspose: LowerRule = (l) => {
  const t = transposeShape(l, 3)
  const { groups, channels, n } = t
  const strides = lift(t.strides, 1)
  const spatial = lift(t.layout.spatial, 1)
  const kernel = lift(t.kernel, 1)
  const dilations = lift(t.dilations, 1)
  const pads = lift(t.begin, 0)
  const wide = spatial.map((s, i) => (s - 1) * strides[i]! + 1) as unknown as Triple
  const [taps, all] = [product3(kernel), groups * channels]
  const x = strides.every((s) => s === 1) ? l.in(0) : spread(l, t.layout.batch, spatial, wide, strides, all)
  for (let g = 0; g < groups; g++) {
    const { stage, options } = engineOf(l, { columns: groups * n }, g * n, n)
    const matrix = qmatrix(l, OPERANDS, { groups: 1, n, taps, channels, strideN: taps, strideTap: -1, strideC: n * taps, offset: g * channels * n * taps + taps - 1 }, stage, options)
    emitRows(l, OPERANDS, matrix, {
      x, batch: t.layout.batch, spatial: wide, out: lift(t.output, 1), kernel, strides: [1, 1, 1], dilations,
      begin: kernel.map((k, i) => (k - 1) * dilations[i]! - pads[i]!) as unknown as Triple, xStride: all, xOffset: g * channels, yOffset: g * n, ldc: groups * n,
    })
  }
}

function spread(l: Lowering, batch: number, spatial: Triple, wide: Triple, strides: Triple, channels: number): Operand {
  const image = l.scratch(batch * product3(wide) * channels)
  const zero = l.has(2) ? toInts(l.required(2, 'zero point'))[0]! & 255 : 0
  emitCopy(l, l.table(new Uint8Array(channels).fill(zero)), image, channels, [{ count: batch * product3(wide), x: 0, y: channels }])
  const [from, to] = [stridesOf([batch, ...spatial], channels), stridesOf([batch, ...wide], channels)]
  emitCopy(l, l.in(0), image, channels, [batch, ...spatial].map((count, i) => ({ count, x: from[i]!, y: to[i]! * (i ? strides[i - 1]! : 1) })))
  return image
}

/** How an engine turns sums of dynamically quantized codes into float32: fbgemm rounds product and bias together, oneDNN applies scales one after the other. `scale`: the input with the weights'. */
export function dynamicEngine(l: Lowering, scale: number): { readonly stage: number; readonly scales: Float32Array; readonly handed: boolean } {
  const arithmetic = l.string('arithmetic'), handed = arithmetic === 'onednn'
  const scales = Float32Array.from(scalesOf(l, scale), handed ? (_, c) => handedWeight(scalesOf(l, scale), c) : (s) => s)
  return { stage: handed ? STAGE_SERIAL : arithmetic === 'fbgemm' ? STAGE_FUSED : STAGE_FLOAT, scales, handed }
}

/** The activation's scale arrives with it. */
const linearDynamic: LowerRule = (l) => {
  const { rows, n, k } = linearShape(l)
  const o: QOperands = { x: 0, xScale: 1, xZero: 2, w: 3, wScale: 4, wZero: 5, floatBias: 6 }
  const { stage, scales, handed } = dynamicEngine(l, 4)
  const engine = { key: `dynamic ${l.string('arithmetic')}`, fold: () => ({ wScale: l.table(scales), ...(handed ? { before: 0 } : {}) }) }
  emitRows(l, o, qmatrix(l, o, rowsOf(n, k), stage, { engine }), line(rows, k, n))
}

const dynamicQuantize: LowerRule = (l) => {
  const count = elementCount(l.dims(0))
  const [scale, zero] = [l.out(1), l.out(2)]
  const handed = +(l.string('arithmetic', '') === 'onednn')
  l.emit('f32_range_u8', { x: l.in(0), count, scale, zero, codes: l.int('reduce_range', 0) ? 127 : 255, handed })
  l.emit('f32_quantize_reciprocal_u8', { x: l.in(0), y: l.out(), scale, zero, ...oneScale(count), ...codeRange('uint8'), varied: handed })
}

export const engineProducts: LowerTable = {
  'octavo:QLinearConv': conv, 'octavo:QLinearConvTranspose': convTranspose, 'octavo:QLinear': linear,
  'octavo:QLinearDynamic': linearDynamic, 'octavo:DynamicQuantize': dynamicQuantize,
}
