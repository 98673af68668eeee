import { DTYPES } from '../../dtype.js'
import { layoutOf, windowOf, type Layout, type Window } from '../../graph/infer/spatial.js'
import { scalarQParams } from '../../graph/infer/scalar-qparams.js'
import type { PoolParams } from '../../runtime/abi.js'
import { NULL } from '../../runtime/operand.js'
import { lift } from './conv-geometry.js'
import { emitReduce } from './reduce.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

/** PoolOp and Divisor of assembly/pool/ops.ts. */
export const OP = { max: 0, average: 1, lp: 2 } as const
const DIVISOR = { inside: 0, padded: 1, kernel: 2 } as const
/** What makes signed codes unsigned, byte by byte. */
const FLIP = 0x80808080

/** The block of a pool: where the window is, and every optional field unused. */
export function block(l: Lowering, layout: Layout, window: Window): PoolParams {
  const [depth, height, width] = lift(layout.spatial, 1)
  const [outDepth, outHeight, outWidth] = lift(window.output, 1)
  const [kernelDepth, kernelHeight, kernelWidth] = lift(window.kernel, 1)
  const [strideDepth, strideHeight, strideWidth] = lift(window.strides, 1)
  const [dilationDepth, dilationHeight, dilationWidth] = lift(window.dilations, 1)
  const [padDepth, padHeight, padWidth] = lift(window.begin, 0)
  const [endDepth, endHeight, endWidth] = lift(window.end, 0)
  const planes = layout.batch * layout.channels
  return {
    x: l.in(0), y: l.out(), indices: NULL,
    batch: layout.channelsLast ? layout.batch : planes, channels: layout.channelsLast ? layout.channels : 1,
    depth, height, width, outDepth, outHeight, outWidth, kernelDepth, kernelHeight, kernelWidth,
    strideDepth, strideHeight, strideWidth, dilationDepth, dilationHeight, dilationWidth,
    padDepth, padHeight, padWidth, endDepth, endHeight, endWidth,
    op: OP.max, divisor: DIVISOR.inside, dtype: DTYPES[l.input(0).dtype].code, columnMajor: 0, exponent: 0,
    flip: 0, xZeroPoint: 0, yZeroPoint: 0, xScale: 0, yScale: 0,
  }
}

export function windowed(l: Lowering): { params: PoolParams; layout: Layout; window: Window } {
  const layout = layoutOf(l, l.dims(0))
  const window = windowOf(l, layout.spatial, l.intList('kernel_shape'))
  return { params: block(l, layout, window), layout, window }
}

const maxPool: LowerRule = (l) => {
  const { params } = windowed(l)
  const { dtype } = l.input(0)
  if (l.wants(1)) l.emit('any_pool', { ...params, indices: l.out(1), columnMajor: l.int('storage_order', 0) })
  else if (dtype === 'float32') l.emit('f32_pool', params)
  else if (dtype === 'float64') l.emit('any_pool', params)
  else l.emit('x8_maxpool', { ...params, flip: dtype === 'int8' ? FLIP : 0 })
}

const averagePool: LowerRule = (l) => {
  const { params } = windowed(l)
  const kernel = l.input(0).dtype === 'float32' ? 'f32_pool' : 'any_pool'
  l.emit(kernel, { ...params, op: OP.average, divisor: l.int('count_include_pad', 0) ? DIVISOR.padded : DIVISOR.inside })
}

/** ONNX Runtime hands a window that is the whole image to its global kernel, which rounds differently. */
const qlinearAveragePool: LowerRule = (l) => {
  const { params, layout, window } = windowed(l)
  if ([...window.begin, ...window.end].every((p) => p === 0) && window.kernel.every((k, i) => k === layout.spatial[i])) return qlinearGlobal(l)
  const { dtype } = l.input(0)
  const signed = dtype === 'int8'
  const x = scalarQParams(l, 1, 2, dtype)
  const y = scalarQParams(l, 3, 4, dtype)
  l.emit('q8_avgpool', {
    ...params, flip: signed ? FLIP : 0, xZeroPoint: x.zeroPoint + (signed ? 128 : 0), yZeroPoint: y.zeroPoint, xScale: x.scale, yScale: y.scale,
    divisor: l.int('count_include_pad', 0) ? DIVISOR.kernel : DIVISOR.inside,
  })
}

function qlinearGlobal(l: Lowering): void {
  const { channelsLast, batch, channels, spatial } = layoutOf(l, l.dims(0))
  const { dtype } = l.input(0)
  const signed = dtype === 'int8'
  const x = scalarQParams(l, 1, 2, dtype)
  const y = scalarQParams(l, 3, 4, dtype)
  const count = spatial.reduce((n, s) => n * s, 1)
  const scale = Math.fround(x.scale / Math.fround(y.scale * count))
  // ONNX Runtime refuses the same ranges: beyond them every output is one constant, or the sum leaves 32 bits.
  if (count >= 2 ** 23 || scale < 2 ** -32 || scale >= 256) l.fail('GRAPH_INVALID', `cannot average ${count} codes from scale ${x.scale} to scale ${y.scale}. Quantize the model again`)
  l.emit('q8_global_avgpool', {
    x: l.in(0), y: l.out(), outer: channelsLast ? batch : batch * channels, count, inner: channelsLast ? channels : 1,
    flip: signed ? FLIP : 0, bias: -count * (x.zeroPoint + (signed ? 128 : 0)), scale, yZeroPoint: y.zeroPoint,
  })
}

/** Axes of the image. */
export const spatialAxes = (l: Lowering): number[] => {
  const { channelsLast, spatial } = layoutOf(l, l.dims(0))
  return spatial.map((_, i) => i + (channelsLast ? 1 : 2))
}

export const pool: LowerTable = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: (l) => emitReduce(l, 'mean', spatialAxes(l)),
  GlobalMaxPool: (l) => emitReduce(l, 'max', spatialAxes(l)),
  'com.microsoft:QLinearAveragePool': qlinearAveragePool,
  'com.microsoft:QLinearGlobalAveragePool': qlinearGlobal,
}
