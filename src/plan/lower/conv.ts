import { invariant } from '../../errors.js'
import { qconvShape } from '../../graph/infer/qmatrix.js'
import { NULL } from '../../runtime/operand.js'
import { lift, product3, reading, tapOffsets, type Triple, type Window3 } from './conv-geometry.js'
import { activationBounds, axis, packed } from './f32-product.js'
import type { Lowering, LowerRule, LowerTable } from './rule.js'

interface Convolution {
  readonly batch: number
  readonly spatial: Triple
  readonly window: Window3
  readonly groups: number
  /** input and output channels per group */
  readonly channels: number
  readonly n: number
  readonly lo: number
  readonly hi: number
}

export function requireFloat32(l: Lowering, channelsLast: boolean): void {
  const { dtype } = l.input(0)
  if (dtype !== 'float32') l.fail('KERNEL_MISSING', `no kernel convolves ${dtype}; float32 is supported`)
  invariant(channelsLast, `${l.op} "${l.node.name}" reached the planner channels first`)
}

export const bias = (l: Lowering): ReturnType<Lowering['in']> => (l.has(2) ? l.in(2) : NULL)

export const convolve = (bounds: (l: Lowering) => { lo: number; hi: number }): LowerRule => (l) => {
  const { layout, window: w, groups, channels, n } = qconvShape(l, 0, 1)
  requireFloat32(l, layout.channelsLast)
  const window = { kernel: lift(w.kernel, 1), strides: lift(w.strides, 1), dilations: lift(w.dilations, 1), begin: lift(w.begin, 0), output: lift(w.output, 1) }
  const c: Convolution = { batch: layout.batch, spatial: lift(layout.spatial, 1), window, groups, channels, n, ...bounds(l) }
  if (channels === 1 && n === 1 && groups > 1) emitDepthwise(l, c)
  else emitConvolution(l, c)
}

/** Parameters that both kernels share. */
function common(l: Lowering, c: Convolution) {
  const [depth, height, width] = c.spatial
  const { output: [outDepth, outHeight, outWidth], strides: [strideDepth, strideHeight, strideWidth], begin: [padDepth, padHeight, padWidth] } = c.window
  return {
    x: l.in(0), bias: bias(l), y: l.out(), batch: c.batch, channels: c.groups * c.channels, lda: c.groups * c.channels, ldc: c.groups * c.n, lo: c.lo, hi: c.hi,
    depth, height, width, outDepth, outHeight, outWidth, strideDepth, strideHeight, strideWidth, padDepth, padHeight, padWidth,
  }
}

/** Most floats copied into strips. Only dilations far beyond the image come near it, where the multiply-accumulates do not tell the work. */
const MAX_COPIED = 2 ** 33

function emitConvolution(l: Lowering, c: Convolution): void {
  const { groups, n, channels } = c
  const taps = product3(c.window.kernel)
  const { strip, rows, segments, run } = reading(c.window, c.spatial, groups * channels, groups, groups * channels)
  const w = packed(l, 1, { batches: groups, batchStride: n * channels * taps, k: [taps, 1, channels, taps], n: axis(n, channels * taps) })
  const [stripDepth, stripHeight, stripWidth] = strip ?? [0, 0, 0]
  const copied = c.batch * c.window.output[0] * Math.ceil(c.window.output[1] / rows) * stripDepth * stripHeight * stripWidth * groups * channels
  if (copied > MAX_COPIED) l.fail('WORK_EXCESSIVE', `its padded windows would be copied ${copied.toExponential(1)} floats in all, the limit is ${MAX_COPIED.toExponential(1)}. Check dilations and pads`)
  l.emit('f32_conv', {
    ...common(l, c), w, strip: strip ? l.scratch(4 * product3(strip) * groups * channels) : NULL, rows: l.scratch(1024), segments: l.table(segments),
    segmentCount: segments.length, run, groups, n, stripDepth, stripHeight, stripWidth, stripRows: rows,
  }, c.batch * product3(c.window.output) * groups * n * channels * taps)
}

function emitDepthwise(l: Lowering, c: Convolution): void {
  const taps = product3(c.window.kernel)
  const { kernel: [kernelDepth, kernelHeight, kernelWidth], dilations: [dilationDepth, dilationHeight, dilationWidth] } = c.window
  l.emit('f32_depthwise', {
    ...common(l, c), w: packed(l, 1, { k: axis(taps, 1), n: axis(c.groups, taps) }), offsets: l.table(tapOffsets(c.window, c.spatial, 4 * c.groups, kernelWidth)),
    kernelDepth, kernelHeight, kernelWidth, dilationDepth, dilationHeight, dilationWidth,
  }, c.batch * product3(c.window.output) * c.groups * taps)
}

export const conv: LowerTable = {
  Conv: convolve(activationBounds),
}
