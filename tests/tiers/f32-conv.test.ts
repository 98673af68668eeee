import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reading, tapOffsets, type Triple } from '../../src/plan/lower/conv-geometry.js'
import { conv, convTranspose, type Geometry } from '../reference/conv.js'
import { pack } from '../reference/gemm.js'
import { floats, sameBits } from './floats.js'
import { out, random, tiersUnderTest, type TierUnderTest } from './harness.js'

type Next = () => number
const pick = <T>(next: Next, values: readonly T[]): T => values[next() % values.length]!
const triple = (of: (axis: number) => number): Triple => [of(0), of(1), of(2)]

/** A random geometry of `rank` spatial axes whose output is not empty. */
function geometry(next: Next, rank: number, channels: readonly number[], outputs: readonly number[], groups: readonly number[]): Geometry {
  const unused = (axis: number): boolean => axis < 3 - rank
  const kernel = triple((a) => (unused(a) ? 1 : pick(next, [1, 2, 3, 3, 5])))
  const dilations = triple((a) => (unused(a) ? 1 : pick(next, [1, 1, 2, 3])))
  const strides = triple((a) => (unused(a) ? 1 : pick(next, [1, 1, 2, 3])))
  const padded = next() % 3 > 0
  const begin = triple((a) => (unused(a) || !padded ? 0 : next() % 4))
  const end = triple((a) => (unused(a) || !padded ? 0 : next() % 4))
  const extent = triple((a) => (kernel[a]! - 1) * dilations[a]! + 1)
  const spatial = triple((a) => (unused(a) ? 1 : Math.max(1, extent[a]! - begin[a]! - end[a]! + (next() % (rank === 3 ? 5 : 14)))))
  const output = triple((a) => Math.floor((spatial[a]! + begin[a]! + end[a]! - extent[a]!) / strides[a]!) + 1)
  const [lo, hi] = next() % 2 ? [0, 6] : [-Infinity, Infinity]
  return { kernel, dilations, strides, begin, output, spatial, batch: 1 + (next() % 2), groups: pick(next, groups), channels: pick(next, channels), n: pick(next, outputs), lo, hi }
}

const product = (t: Triple): number => t[0] * t[1] * t[2]
const named = (g: Geometry) => {
  const [depth, height, width] = g.spatial
  const { output: [outDepth, outHeight, outWidth], strides: [strideDepth, strideHeight, strideWidth], begin: [padDepth, padHeight, padWidth], kernel: [kernelDepth, kernelHeight, kernelWidth] } = g
  const [dilationDepth, dilationHeight, dilationWidth] = g.dilations
  return {
    size: { depth, height, width, outDepth, outHeight, outWidth, strideDepth, strideHeight, strideWidth, padDepth, padHeight, padWidth },
    taps: { kernelDepth, kernelHeight, kernelWidth, dilationDepth, dilationHeight, dilationWidth },
  }
}

function operands(g: Geometry, next: Next) {
  const [lda, ldc] = [g.groups * g.channels + pick(next, [0, 0, 3]), g.groups * g.n + pick(next, [0, 0, 5])]
  const taps = product(g.kernel)
  const y = floats(g.batch * product(g.output) * ldc, next())
  return { lda, ldc, taps, x: floats(g.batch * product(g.spatial) * lda, next()), w: floats(g.groups * g.n * g.channels * taps, next()), bias: next() % 3 ? floats(g.groups * g.n, next()) : null, y }
}

function runConv(tier: TierUnderTest, g: Geometry, o: ReturnType<typeof operands>, stripRows?: number): Float32Array {
  const r = reading(g, g.spatial, g.groups * g.channels, g.groups, o.lda)
  const rows = r.strip ? stripRows ?? r.rows : r.rows
  const span = (rows - 1) * g.strides[1] + (g.kernel[1] - 1) * g.dilations[1] + 1
  const strip: Triple = r.strip ? [r.strip[0], span, r.strip[2]] : [0, 0, 0]
  const segments = r.strip && stripRows ? resegment(g, strip, r.segments.length) : r.segments
  const k = g.channels * o.taps
  const panels = Array.from({ length: g.groups }, (_, group) => pack((l, j) => o.w[((group * g.n + j) * g.channels + (l % g.channels)) * o.taps + Math.floor(l / g.channels)]!, k, g.n))
  const { y } = tier.call('f32_conv', {
    x: o.x, w: Float32Array.from(panels.flatMap((p) => [...p])), bias: o.bias, y: out('float32', o.y.length, o.y), strip: r.strip ? out('float32', product(strip) * g.groups * g.channels) : null,
    rows: out('uint32', 256), segments, segmentCount: segments.length, run: r.run, batch: g.batch, groups: g.groups, channels: g.groups * g.channels, n: g.n, ...named(g).size,
    stripDepth: strip[0], stripHeight: strip[1], stripWidth: strip[2], stripRows: rows, lda: o.lda, ldc: o.ldc, lo: g.lo, hi: g.hi,
  })
  return y as Float32Array
}

/** The segment table for strips of another height. */
const resegment = (g: Geometry, strip: Triple, count: number): Uint32Array => tapOffsets(g, strip, 4 * g.groups * g.channels, count / (g.kernel[0] * g.kernel[1]))

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: f32_conv gives the reference's bits`, () => {
    let strips = 0
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed * 7919)
      const g = geometry(next, 1 + (seed % 3), [1, 2, 3, 8, 13], [1, 4, 8, 11, 33], [1, 1, 1, 2, 3])
      const o = operands(g, next)
      const want = conv(o.x, o.w, o.bias, o.y, g, o.lda, o.ldc)
      sameBits(runConv(tier, g, o), want, `seed ${seed} ${JSON.stringify(g)}`)
      if (reading(g, g.spatial, g.groups * g.channels, g.groups, o.lda).strip) {
        strips++
        sameBits(runConv(tier, g, o, 2), want, `seed ${seed}, two rows a strip ${JSON.stringify(g)}`)
      }
    }
    assert.ok(strips > 50 && strips < 250)
  })

  test(`${tier.name}: f32_depthwise gives the reference's bits`, () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed * 104729)
      const g = geometry(next, 1 + (seed % 3), [1], [1], [1, 3, 4, 8, 12, 21])
      const o = operands(g, next)
      const { y } = tier.call('f32_depthwise', {
        x: o.x, w: pack((t, c) => o.w[c * o.taps + t]!, o.taps, g.groups), bias: o.bias, y: out('float32', o.y.length, o.y),
        offsets: tapOffsets(g, g.spatial, 4 * o.lda, g.kernel[2]), batch: g.batch, channels: g.groups, ...named(g).size, ...named(g).taps, lda: o.lda, ldc: o.ldc, lo: g.lo, hi: g.hi,
      })
      sameBits(y as Float32Array, conv(o.x, o.w, o.bias, o.y, g, o.lda, o.ldc, true), `seed ${seed} ${JSON.stringify(g)}`)
    }
  })

  test(`${tier.name}: f32_gemm and f32_scatter make a transposed convolution`, () => {
    for (let seed = 1; seed <= 120; seed++) {
      const next = random(seed * 15485863)
      const forward = geometry(next, 1 + (seed % 3), [1, 3, 8], [1, 4, 7, 16], [1, 1, 2])
      // what a convolution maps from `spatial` to `output`, its transpose maps back
      const g: Geometry = { ...forward, batch: 1, spatial: forward.output, output: forward.spatial }
      const [taps, pixels, { groups, channels, n }] = [product(g.kernel), product(g.spatial), g]
      const x = floats(pixels * groups * channels, next()), w = floats(groups * channels * n * taps, next()), bias = next() % 2 ? floats(groups * n, next()) : null
      const panels = Array.from({ length: groups }, (_, group) => pack((l, j) => w[((group * channels + l) * n + (j % n)) * taps + Math.floor(j / n)]!, channels, taps * n))
      const parts = tier.call('f32_gemm', {
        a: x, b: Float32Array.from(panels.flatMap((p) => [...p])), start: null, c: out('float32', pixels * groups * taps * n), rows: out('uint32', 256), segments: Uint32Array.of(0),
        offsets: Int32Array.from(panels.flatMap((p, i) => [4 * i * channels, 4 * i * p.length, 4 * i * taps * n])), segmentCount: 1, run: channels, batches: groups,
        m: pixels, n: taps * n, lda: groups * channels, lds: 0, ldc: groups * taps * n, lo: -Infinity, hi: Infinity,
      }).c!
      const { y } = tier.call('f32_scatter', { x: parts, bias, y: out('float32', product(g.output) * groups * n), groups, n, ...named(g).size, ...named(g).taps, lo: g.lo, hi: g.hi })
      sameBits(y as Float32Array, convTranspose(x, w, bias, g), `seed ${seed} ${JSON.stringify(g)}`)
    }
  })
}
