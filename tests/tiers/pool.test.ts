import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DTYPES, type TypedArray } from '../../src/dtype.js'
import type { PoolParams } from '../../src/runtime/abi.js'
import { averagePool, eachOutput, maxPool, outputOf, qlinearAveragePool, qlinearGlobalAveragePool, type Pool } from '../reference/pool.js'
import { out, random, tiersUnderTest, type Arg } from './harness.js'

const SIGNED = 0x80808080

/** Windows of one, two and three axes: plain, strided, dilated, padded unevenly, wider than the image, with room to spare. */
const shapes: Omit<Pool, 'batch' | 'channels' | 'output'>[] = [
  { size: [1, 1, 9], kernel: [1, 1, 3], strides: [1, 1, 2], dilations: [1, 1, 1], begin: [0, 0, 1], end: [0, 0, 0] },
  { size: [1, 7, 6], kernel: [1, 2, 2], strides: [1, 2, 2], dilations: [1, 1, 1], begin: [0, 0, 0], end: [0, 0, 0] },
  { size: [1, 5, 8], kernel: [1, 3, 3], strides: [1, 1, 2], dilations: [1, 2, 1], begin: [0, 2, 1], end: [0, 1, 2] },
  { size: [3, 4, 5], kernel: [2, 3, 2], strides: [1, 2, 1], dilations: [2, 1, 3], begin: [1, 0, 1], end: [1, 2, 2] },
  { size: [1, 4, 21], kernel: [1, 2, 3], strides: [1, 1, 1], dilations: [1, 1, 2], begin: [0, 1, 3], end: [0, 0, 1] },
  { size: [1, 3, 35], kernel: [1, 2, 3], strides: [1, 1, 2], dilations: [1, 1, 1], begin: [0, 0, 1], end: [0, 1, 0] },
  { size: [2, 2, 41], kernel: [1, 1, 2], strides: [1, 1, 3], dilations: [1, 1, 1], begin: [0, 0, 0], end: [0, 0, 1] },
  { size: [1, 3, 3], kernel: [1, 5, 5], strides: [1, 1, 1], dilations: [1, 1, 1], begin: [0, 2, 2], end: [0, 2, 2] },
]
const channelCounts = [1, 3, 7, 8, 9, 15, 16, 17, 33]

const pools: Pool[] = shapes.flatMap((s) => channelCounts.map((channels) => ({ ...s, batch: 2, channels, output: outputOf({ ...s, batch: 2, channels }) })))

const sizeX = (p: Pool): number => p.size.reduce((a, b) => a * b, p.batch * p.channels)
const sizeY = (p: Pool): number => p.output.reduce((a, b) => a * b, p.batch * p.channels)

/** The block of `p` with every optional field unused. */
function block(p: Pool, x: TypedArray, y: Arg): { [F in keyof PoolParams]: Arg } {
  const triple = (name: string, [Depth, Height, Width]: readonly number[]) => ({ [name + 'Depth']: Depth, [name + 'Height']: Height, [name + 'Width']: Width })
  return {
    x, y, indices: null as Arg, batch: p.batch, channels: p.channels, depth: p.size[0]!, height: p.size[1]!, width: p.size[2]!,
    ...triple('out', p.output), ...triple('kernel', p.kernel), ...triple('stride', p.strides), ...triple('dilation', p.dilations),
    ...triple('pad', p.begin), ...triple('end', p.end),
    op: 0, divisor: 0, dtype: 1, columnMajor: 0, exponent: 0, flip: 0, xZeroPoint: 0, yZeroPoint: 0, xScale: 0, yScale: 0,
  } as { [F in keyof PoolParams]: Arg }
}

const floats = (count: number, seed: number): Float32Array => {
  const next = random(seed)
  return Float32Array.from({ length: count }, () => (next() - 2 ** 31) / 2 ** 28)
}
const codes = <T extends Uint8Array | Int8Array>(x: T, seed: number): T => {
  const next = random(seed)
  return x.map(() => next()) as T
}

const label = (p: Pool): string => JSON.stringify(p)

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: f32_pool takes the maximum and the average of every window`, () => {
    for (const [seed, p] of pools.entries()) {
      const x = floats(sizeX(p), seed + 1)
      const run = (op: number, divisor = 0) => tier.call('f32_pool', { ...block(p, x, out('float32', sizeY(p))), op, divisor }).y
      assert.deepEqual(run(0), maxPool(p, x, new Float32Array(sizeY(p)), -Infinity).y, label(p))
      assert.deepEqual(run(1), averagePool(p, x, 'inside'), label(p))
      assert.deepEqual(run(1, 1), averagePool(p, x, 'padded'), label(p))
    }
  })

  test(`${tier.name}: f32_pool's maximum passes over NaN`, () => {
    const p: Pool = { batch: 1, channels: 9, size: [1, 1, 3], kernel: [1, 1, 3], strides: [1, 1, 1], dilations: [1, 1, 1], begin: [0, 0, 0], end: [0, 0, 0], output: [1, 1, 1] }
    const x = floats(27, 5).map((v, i) => (i % 4 === 1 ? NaN : v))
    const { y } = tier.call('f32_pool', { ...block(p, x, out('float32', 9)) })
    assert.deepEqual(y, maxPool(p, x, new Float32Array(9), -Infinity).y)
  })

  test(`${tier.name}: x8_maxpool of both signs`, () => {
    for (const [seed, p] of pools.entries()) {
      const u = codes(new Uint8Array(sizeX(p)), seed + 1)
      assert.deepEqual(tier.call('x8_maxpool', { ...block(p, u, out('uint8', sizeY(p))) }).y, maxPool(p, u, new Uint8Array(sizeY(p)), 0).y, label(p))
      const s = new Int8Array(u.buffer)
      assert.deepEqual(tier.call('x8_maxpool', { ...block(p, s, out('int8', sizeY(p))), flip: SIGNED }).y, maxPool(p, s, new Int8Array(sizeY(p)), -128).y, label(p))
    }
  })

  test(`${tier.name}: any_pool finds maxima of four types and their places`, () => {
    for (const [seed, p] of pools.entries()) {
      const raw = codes(new Uint8Array(sizeX(p)), seed + 1)
      for (const [dtype, x, y] of [
        ['float32', Float32Array.from(raw), new Float32Array(sizeY(p))], ['float64', Float64Array.from(raw), new Float64Array(sizeY(p))],
        ['uint8', raw, new Uint8Array(sizeY(p))], ['int8', new Int8Array(raw.buffer), new Int8Array(sizeY(p))],
      ] as const) {
        const want = maxPool(p, x as Float32Array, y as Float32Array, dtype === 'int8' ? -129 : -Infinity)
        const got = tier.call('any_pool', { ...block(p, x, out(dtype, sizeY(p))), indices: out('int64', sizeY(p)), dtype: DTYPES[dtype].code })
        assert.deepEqual(got.y, want.y, `${dtype} ${label(p)}`)
        assert.deepEqual(got.indices, want.indices, `${dtype} ${label(p)}`)
      }
    }
  })

  test(`${tier.name}: any_pool counts places column-major when asked`, () => {
    const p: Pool = { batch: 1, channels: 1, size: [1, 2, 3], kernel: [1, 1, 1], strides: [1, 1, 1], dilations: [1, 1, 1], begin: [0, 0, 0], end: [0, 0, 0], output: [1, 2, 3] }
    const got = tier.call('any_pool', { ...block(p, floats(6, 3), out('float32', 6)), indices: out('int64', 6), columnMajor: 1 })
    assert.deepEqual([...(got.indices as BigInt64Array)].map(Number), [0, 2, 4, 1, 3, 5])
  })

  test(`${tier.name}: any_pool takes LpPool of any exponent`, () => {
    const p = pools.find((q) => q.channels === 3 && q.size[0] === 3)!
    const x = floats(sizeX(p), 11)
    for (const exponent of [1, 2, 3, 5]) {
      const { y } = tier.call('any_pool', { ...block(p, x, out('float32', sizeY(p))), op: 2, exponent })
      const want = lpInDoubles(p, x, exponent)
      for (const [i, v] of (y as Float32Array).entries()) assert.ok(Math.abs(v - want[i]!) <= 2e-7 * want[i]!, `p=${exponent} [${i}]: ${v} against ${want[i]}`)
    }
  })

  test(`${tier.name}: q8_avgpool has the bits of its definition`, () => {
    for (const [seed, p] of pools.entries()) {
      const u = codes(new Uint8Array(sizeX(p)), seed + 1)
      const s = new Int8Array(u.buffer)
      const xScale = Math.fround(0.0173 + seed * 1e-4), yScale = Math.fround(0.0139)
      for (const [divisor, name] of [[0, 'inside'], [2, 'kernel']] as const) {
        const scales = { divisor, xScale, yScale }
        assert.deepEqual(
          tier.call('q8_avgpool', { ...block(p, u, out('uint8', sizeY(p))), ...scales, xZeroPoint: 119, yZeroPoint: 131 }).y,
          qlinearAveragePool(p, u, new Uint8Array(sizeY(p)), { scale: xScale, zeroPoint: 119 }, { scale: yScale, zeroPoint: 131 }, 0, name), label(p))
        assert.deepEqual(
          tier.call('q8_avgpool', { ...block(p, s, out('int8', sizeY(p))), ...scales, flip: SIGNED, xZeroPoint: 128 - 9, yZeroPoint: 3 }).y,
          qlinearAveragePool(p, s, new Int8Array(sizeY(p)), { scale: xScale, zeroPoint: -9 }, { scale: yScale, zeroPoint: 3 }, -128, name), label(p))
      }
    }
  })

  test(`${tier.name}: q8_global_avgpool has the bits of its definition`, () => {
    for (const inner of channelCounts) for (const count of [1, 2, 15, 16, 17, 49, 200]) {
      const outer = 3, u = codes(new Uint8Array(outer * count * inner), inner * 1000 + count), s = new Int8Array(u.buffer)
      for (const [xScale, yScale] of [[0.02, 0.0135], [0.5, 0.001]].map((pair) => pair.map(Math.fround)) as [number, number][]) {
        const scale = Math.fround(xScale / Math.fround(yScale * count))
        const common = { outer, count, inner, scale }
        const where = `inner ${inner}, count ${count}`
        assert.deepEqual(
          tier.call('q8_global_avgpool', { ...common, x: u, y: out('uint8', outer * inner), flip: 0, bias: -121 * count, yZeroPoint: 7 }).y,
          qlinearGlobalAveragePool(outer, count, inner, u, new Uint8Array(outer * inner), { scale: xScale, zeroPoint: 121 }, { scale: yScale, zeroPoint: 7 }, 0), where)
        assert.deepEqual(
          tier.call('q8_global_avgpool', { ...common, x: s, y: out('int8', outer * inner), flip: SIGNED, bias: -(128 - 4) * count, yZeroPoint: -100 }).y,
          qlinearGlobalAveragePool(outer, count, inner, s, new Int8Array(outer * inner), { scale: xScale, zeroPoint: -4 }, { scale: yScale, zeroPoint: -100 }, -128), where)
      }
    }
  })
}

function lpInDoubles(p: Pool, x: Float32Array, exponent: number): number[] {
  const y: number[] = []
  eachOutput(p, (_, taps) => y.push(taps.reduce((s, t) => s + Math.abs(x[t]!) ** exponent, 0) ** (1 / exponent)))
  return y
}
