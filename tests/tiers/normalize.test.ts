import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reducedView, viewOf } from '../../src/plan/lower/reduced-view.js'
import { batchNorm, lrnBase, normalize, qlinearSoftmax, type Deviation } from '../reference/normalize.js'
import { group } from '../reference/reduce.js'
import { edges, out, random, tiersUnderTest, type TierUnderTest } from './harness.js'

const DEVIATIONS: Deviation[] = ['rootMeanSquare', 'l2', 'l1']
const count = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)
const blocks = (size: number, stride: number, reduced = false) => [{ size, stride, reduced }]
const one = Float32Array.of(1)
const zero = Float32Array.of(0)
const plain = { mean: null, invStdDev: null, groups: 1, groupStep: 0, rowStep: 0, step: 0, center: 1, deviation: 0, epsilon: 0, outerEpsilon: 0 }

const floats = (n: number, seed: number): Float32Array => {
  const next = random(seed)
  return Float32Array.from({ length: n }, () => (next() - 2 ** 31) / 2 ** 29 + 0.5)
}

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: f32_normalize over any axes: every deviation, with and without a mean`, () => {
    const cases = [
      ...[1, 3, 4, 5, 16, 31, 65].flatMap((n) => [{ dims: [3, n], axes: [1] }, { dims: [5, n], axes: [0] }, { dims: [2, 3, n], axes: [0, 2] }]),
      { dims: [3, 3, 3, 1], axes: [0, 2, 3] }, { dims: [2, 3, 2, 5], axes: [0, 2] }, { dims: [4, 6], axes: [0, 1] },
    ]
    for (const [seed, c] of cases.entries()) for (const [deviation, name] of DEVIATIONS.entries()) for (const center of [0, 1]) {
      const x = floats(count(c.dims), seed + 1)
      const { y } = tier.call('f32_normalize', {
        ...plain, x, y: out('float32', x.length), view: reducedView(c.dims, c.axes).words, scale: one, bias: zero, center, deviation, epsilon: 1e-3, outerEpsilon: 1e-9,
      })
      assert.deepEqual(y, normalize(x, group(c.dims, c.axes), name, center === 1, 1e-3, 1e-9, one, zero, () => 0).y, `${name} center=${center} ${JSON.stringify(c)}`)
    }
  })

  test(`${tier.name}: f32_normalize of zeros stays zero where the deviation is zero`, () => {
    const { y } = tier.call('f32_normalize', { ...plain, x: new Float32Array(9), y: out('float32', 9), view: reducedView([9], [0]).words, scale: one, bias: zero, center: 0, deviation: 1 })
    assert.deepEqual(y, new Float32Array(9))
  })

  test(`${tier.name}: f32_normalize as LayerNormalization, with its statistics`, () => {
    for (const n of [1, 3, 4, 7, 64, 77]) {
      const outer = 3, x = floats(outer * n, n), scale = floats(n, n + 1), bias = floats(n, n + 2)
      const got = tier.call('f32_normalize', {
        ...plain, x, y: out('float32', x.length), view: viewOf(blocks(outer, n), [], n, 1).words, scale, bias, mean: out('float32', outer), invStdDev: out('float32', outer), step: 1, epsilon: 1e-5,
      })
      const want = normalize(x, { ...group([outer, n], [1]), run: n }, 'rootMeanSquare', true, 1e-5, 0, scale, bias, (e) => e % n)
      assert.deepEqual(got.y, want.y, `n=${n}`)
      assert.deepEqual(got.mean, Float32Array.from(want.groups, (g) => g.mean))
      assert.deepEqual(got.invStdDev, Float32Array.from(want.groups, (g) => g.inv))
    }
  })

  test(`${tier.name}: f32_normalize as InstanceNormalization in both orders and as GroupNormalization`, () => {
    for (const channels of [1, 2, 4, 6, 9]) for (const area of [1, 4, 15]) {
      const batch = 2, x = floats(batch * channels * area, channels * 31 + area), scale = floats(channels, 5), bias = floats(channels, 6)
      const where = `C=${channels} area=${area}`
      const weights = { ...plain, scale, bias, epsilon: 1e-5 }
      const first = tier.call('f32_normalize', { ...weights, x, y: out('float32', x.length), view: viewOf(blocks(batch * channels, area), [], area, 1).words, groups: channels, groupStep: 1 })
      const channelOf = (e: number): number => Math.floor(e / area) % channels
      assert.deepEqual(first.y, normalize(x, { ...group([batch, channels, area], [2]), run: area }, 'rootMeanSquare', true, 1e-5, 0, scale, bias, channelOf).y, `channels-first ${where}`)
      if (channels > 1) {
        const last = tier.call('f32_normalize', { ...weights, x, y: out('float32', x.length), view: viewOf(blocks(batch, area * channels), [], area, channels).words, step: 1 })
        assert.deepEqual(last.y, normalize(x, { ...group([batch, area, channels], [1]), run: 1 }, 'rootMeanSquare', true, 1e-5, 0, scale, bias, (e) => e % channels).y, `channels-last ${where}`)
      }
      for (const groups of [1, 2, 3].filter((g) => channels % g === 0)) {
        const each = channels / groups
        const got = tier.call('f32_normalize', {
          ...weights, x, y: out('float32', x.length), view: viewOf(blocks(batch * groups, each * area), blocks(each, area, true), area, 1).words, groups, groupStep: each, rowStep: 1,
        })
        assert.deepEqual(got.y, normalize(x, { ...group([batch * groups, each * area], [1]), run: area }, 'rootMeanSquare', true, 1e-5, 0, scale, bias, channelOf).y, `${groups} groups ${where}`)
      }
    }
  })

  test(`${tier.name}: f32_batchnorm in both orders, over itself`, () => {
    for (const channels of edges(4)) for (const inner of [1, 3, 4, 9]) {
      const x = floats(2 * channels * inner, channels + inner), [scale, bias, mean, variance] = [1, 2, 3, 4].map((s) => floats(channels, s)) as [Float32Array, Float32Array, Float32Array, Float32Array]
      const spread = variance.map((v) => v * v)
      const shape = { outer: 2, channels, inner, epsilon: 1e-5 }
      const factor = tier.call('f32_batchnorm_factor', { x: spread, y: out('float32', channels), factor: scale, bias: null, mean: null, ...shape }).y!
      const { y } = tier.call('f32_batchnorm', { x, y: out('float32', x.length), factor, bias, mean, ...shape })
      assert.deepEqual(y, batchNorm(x, channels, inner, scale, bias, mean, spread, 1e-5), JSON.stringify(shape))
    }
  })

  test(`${tier.name}: f32_lrn in both orders`, () => {
    for (const channels of [1, 3, 5, 8, 13]) for (const inner of [1, 3, 4, 7]) for (const [before, after] of [[0, 0], [1, 1], [1, 2], [6, 6]] as const) for (const beta of [0.75, 0.5, 1.25]) {
      const x = floats(2 * channels * inner, channels * 7 + inner)
      const { y } = tier.call('f32_lrn', { x, y: out('float32', x.length), outer: 2, channels, inner, before, after, alpha: 0.02, beta, bias: 1.5 })
      const base = lrnBase(x, channels, inner, before, after, 0.02, 1.5)
      const close = 3e-7
      x.forEach((v, e) => {
        const want = v / base[e]! ** beta
        assert.ok(Math.abs((y as Float32Array)[e]! - want) <= close * Math.abs(want), `C=${channels} inner=${inner} beta=${beta} [${e}]: ${y![e]} against ${want}`)
      })
    }
  })

  test(`${tier.name}: f32_softmax along any axis`, () => {
    for (const n of [1, 2, 3, 4, 5, 16, 19, 64, 101]) for (const [dims, axis] of [[[3, n], 1], [[n, 3], 0], [[2, n, 9], 1]] as const) {
      const x = floats(count(dims), n).map((v) => v * 20)
      const view = reducedView(dims, [axis]).words
      const call = (log: number) => tier.call('f32_softmax', { x, y: out('float32', x.length), view, table: null, log, yScale: 0, yZeroPoint: 0, signed: 0 }).y as Float32Array
      const [plainly, logs] = [call(0), call(1)]
      for (const at of group(dims, [axis]).places) {
        const top = Math.max(...at.map((i) => x[i]!)), below = (i: number): number => Math.fround(x[i]! - top), total = at.reduce((s, i) => s + Math.exp(below(i)), 0)
        for (const i of at) {
          const want = Math.exp(below(i)) / total, log = below(i) - Math.log(total)
          assert.ok(Math.abs(plainly[i]! - want) <= 5e-7 * want + 1e-44, `[${dims}] ${plainly[i]} against ${want}`)
          assert.ok(Math.abs(logs[i]! - log) <= 3e-7 * Math.max(1, Math.abs(log)), `[${dims}] ${logs[i]} against ${log}`)
        }
      }
    }
  })

  test(`${tier.name}: f32_hardmax marks the first of equal maxima`, () => {
    for (const [dims, axis] of [[[3, 5], 1], [[5, 3], 0], [[2, 4, 3], 1]] as const) {
      const x = floats(count(dims), 9).map((v) => Math.round(v))
      const { y } = tier.call('f32_hardmax', { x, y: out('float32', x.length), view: reducedView(dims, [axis]).words, table: null, log: 0, yScale: 0, yZeroPoint: 0, signed: 0 })
      const want = new Float32Array(x.length)
      for (const at of group(dims, [axis]).places) want[at[at.map((i) => x[i]!).indexOf(Math.max(...at.map((i) => x[i]!)))]!] = 1
      assert.deepEqual(y, want)
    }
  })

  test(`${tier.name}: q8_softmax of both signs`, () => {
    for (const [dims, axis] of [[[3, 10], 1], [[7, 4], 0], [[2, 33, 3], 1]] as const) {
      const next = random(dims.length + axis), u = Uint8Array.from({ length: count(dims) }, () => next() >>> 24), s = new Int8Array(u.buffer)
      const table = Float32Array.from({ length: 256 }, (_, i) => Math.exp((i - 255) * 0.07))
      const view = reducedView(dims, [axis]).words
      for (const [x, dtype, low, yZeroPoint] of [[u, 'uint8', 0, 0], [s, 'int8', -128, -128], [u, 'uint8', 0, 40], [s, 'int8', -128, 5]] as const) {
        const { y } = tier.call('q8_softmax', { x, y: out(dtype, x.length), view, table, log: 0, yScale: 256, yZeroPoint, signed: low ? 1 : 0 })
        for (const at of group(dims, [axis]).places)
          assert.deepEqual(at.map((i) => y![i]), qlinearSoftmax(x, at, table, 256, yZeroPoint, low), `${dtype} [${dims}] zero point ${yZeroPoint}`)
      }
    }
  })
}

/** Softmax and LRN use exp, ln and powers, which the references only bound: here every tier must give the same bits. */
test('tiers agree to the last bit where references only bound', () => {
  const tiers = tiersUnderTest()
  const bits = (run: (tier: TierUnderTest) => Float32Array): void => {
    const [first, ...others] = tiers.map((tier) => new Uint32Array(run(tier).slice().buffer))
    for (const other of others) assert.deepEqual(other, first)
  }
  for (const n of [1, 3, 4, 5, 17, 64, 203]) for (const [dims, axis] of [[[5, n], 1], [[n, 6], 0], [[2, n, 9], 1]] as const) {
    const x = floats(count(dims), n).map((v) => v * 30)
    const view = reducedView(dims, [axis]).words
    for (const log of [0, 1]) bits((tier) => tier.call('f32_softmax', { x, y: out('float32', x.length), view, table: null, log, yScale: 0, yZeroPoint: 0, signed: 0 }).y as Float32Array)
    const positive = x.map(Math.abs)
    bits((tier) => tier.call('f32_reduce', { x: positive, y: out('float32', x.length / n), view, identity: null, op: 5, dtype: 1, last: 0 }).y as Float32Array)
    for (const beta of [0.75, 0.6])
      bits((tier) => tier.call('f32_lrn', { x, y: out('float32', x.length), outer: 1, channels: dims[0], inner: x.length / dims[0], before: 2, after: 2, alpha: 0.01, beta, bias: 2 }).y as Float32Array)
  }
})
