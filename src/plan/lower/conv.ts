import { invariant } from '../../errors.js'
import { fusedBounds, transposeShape } from '../../graph/infer/conv.js'
import { qconvShape } from '../../graph/infer/qmatrix.js'
import { at, NULL } from '../../runtime/operand.js'
import { lift, product3, reading, tapOffsets, type Triple, type Window3 } from './conv-geometry.js'
import { activationBounds, axis, emitProduct, packed, packedBytes } from './f32-product.js'
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

function requireFloat32(l: Lowering, channelsLast: boolean): void {
  const { dtype } = l.input(0)
  if (dtype !== 'float32') l.fail('KERNEL_MISSING', `no kernel convolves ${dtype}; float32 is supported`)
  invariant(channelsLast, `${l.op} "${l.node.name}" reached the planner channels first`)
}

const bias = (l: Lowering): ReturnType<Lowering['in']> => (l.has(2) ? l.in(2) : NULL)

const convolve = (bounds: (l: Lowering) => { lo: number; hi: number }): LowerRule => (l) => {
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

/** One product gives every input pixel's part of every tap, image by image; f32_scatter sums the parts that meet in an output pixel. */
const convTranspose: LowerRule = (l) => {
  const t = transposeShape(l)
  requireFloat32(l, t.layout.channelsLast)
  const { groups, channels, n } = t
  const [depth, height, width] = lift(t.layout.spatial, 1)
  const [kernelDepth, kernelHeight, kernelWidth] = lift(t.kernel, 1)
  const [outDepth, outHeight, outWidth] = lift(t.output, 1)
  const [strideDepth, strideHeight, strideWidth] = lift(t.strides, 1)
  const [dilationDepth, dilationHeight, dilationWidth] = lift(t.dilations, 1)
  const [padDepth, padHeight, padWidth] = lift(t.begin, 0)
  const [taps, pixels, outPixels] = [kernelDepth * kernelHeight * kernelWidth, depth * height * width, outDepth * outHeight * outWidth]
  const matrix = { batches: groups, batchStride: channels * n * taps, k: axis(channels, n * taps), n: [taps, 1, n, taps] as const }
  const w = packed(l, 1, matrix)
  const parts = l.scratch(4 * pixels * groups * taps * n)
  const offsets = Array.from({ length: groups }, (_, g) => [4 * g * channels, g * packedBytes(matrix), 4 * g * taps * n] as const)
  for (let image = 0; image < t.layout.batch; image++) {
    emitProduct(l, { a: at(l.in(0), 4 * image * pixels * groups * channels), lda: groups * channels, b: w, c: parts, m: pixels, n: taps * n, k: channels, ldc: groups * taps * n, offsets })
    l.emit('f32_scatter', {
      x: parts, bias: bias(l), y: at(l.out(), 4 * image * outPixels * groups * n), groups, n, depth, height, width, outDepth, outHeight, outWidth,
      kernelDepth, kernelHeight, kernelWidth, strideDepth, strideHeight, strideWidth, dilationDepth, dilationHeight, dilationWidth, padDepth, padHeight, padWidth,
      ...activationBounds(l),
    })
  }
}

export const conv: LowerTable = {
  Conv: convolve(activationBounds),
  ConvTranspose: convTranspose,
  'com.microsoft:FusedConv': convolve(fusedBounds),
}
