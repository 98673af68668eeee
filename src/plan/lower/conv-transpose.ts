import { fusedBounds, transposeShape } from '../../graph/infer/conv-transpose.js'
import { at } from '../../runtime/operand.js'
import { bias, convolve, requireFloat32 } from './conv.js'
import { lift } from './conv-geometry.js'
import { activationBounds, axis, emitProduct, packed, packedBytes } from './f32-product.js'
import type { LowerRule, LowerTable } from './rule.js'

/** One product gives every input pixel's part of every tap, image by image; f32_scatter sums the parts that meet in an output pixel. */
const transposed: LowerRule = (l) => {
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

export const convTranspose: LowerTable = { ConvTranspose: transposed, 'com.microsoft:FusedConv': convolve(fusedBounds) }
