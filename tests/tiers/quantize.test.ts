import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DTYPES, arrayOf, elementCount, type DType, type TypedArray } from '../../src/dtype.js'
import { spreadOf } from '../../src/graph/infer/quantize.js'
import { NodeView } from '../../src/graph/node-view.js'
import { walkOf } from '../../src/plan/lower/broadcast.js'
import { broadcastIndex, unravel } from '../reference/elementwise.js'
import { castReference, dequantizeReference, mapTo, qbinaryReference, quantizeReference, rangeReference, type QBinary } from '../reference/quantize.js'
import { edges, out, random, tiersUnderTest, type TierUnderTest } from './harness.js'

const tiers = tiersUnderTest()

function same(got: TypedArray, want: TypedArray, what: string): void {
  assert.equal(got.length, want.length, what)
  want.forEach((w: number | bigint, i: number) => assert.ok(Object.is(w, got[i]) || w === got[i], `${what} at ${i}: want ${w}, got ${got[i]}`))
}

const FLOATS = [0, -0, 0.49, 0.5, 0.51, 1, -1, 1.5, 2.5, -2.5, 127.4, 127.5, 128, -128.6, 255, 255.9, 256, 300, -300, 32767.5, 65504, 65519, 65520, 65535, 65536, 1e5, 2147483647,
  2147483648, -2147483649, 4294967296, 9.2e18, 1.8e19, -9.3e18, 1e30, -1e30, 5.96e-8, 2.98e-8, 2.9e-8, 6.1e-5, 1e-10, 3.4e38, Infinity, -Infinity, NaN, 1e-45, 2049, 2051, -4097]
const INTEGERS = [0n, 1n, -1n, 7n, 8n, -8n, -9n, 15n, 16n, 127n, 128n, -129n, 255n, 256n, 2049n, 2051n, 32768n, 65519n, 65520n, 16777217n, 16777219n, -16777217n, 2n ** 31n, 2n ** 32n - 1n,
  2n ** 53n + 1n, 2n ** 62n + 2n ** 38n, 2n ** 62n + 2n ** 38n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n, 0x7fffffbfffffffffn, 0x7fffffc000000000n, 0x7fffffc000000001n]

/** Sources of `dtype`: extremes, then random codes, more than two blocks of the kernel's 256. */
function sources(dtype: DType): TypedArray {
  const next = random(DTYPES[dtype].code)
  const x = arrayOf(dtype, 600)
  for (let i = 0; i < x.length; i++) {
    if (dtype === 'float16') x[i] = (next() & 0xffff) as never
    else if (dtype === 'float32' || dtype === 'float64') x[i] = (FLOATS[i] ?? (next() / 2 ** 32 - 0.5) * 2 ** (next() % 40)) as never
    else {
      const v = INTEGERS[i] ?? (BigInt(next()) << 32n) + BigInt(next())
      x[i] = (dtype === 'bool' ? Number(v & 1n) : castReference('int64', dtype, BigInt.asIntN(64, v))) as never
    }
  }
  return x
}

for (const tier of tiers)
  test(`${tier.name}: x_cast between all pairs of types`, () => {
    const types = Object.keys(DTYPES) as DType[]
    for (const from of types)
      for (const to of types) {
        const x = sources(from)
        const params = { from: DTYPES[from].code, to: DTYPES[to].code, fromBytes: DTYPES[from].bytes, toBytes: DTYPES[to].bytes, count: x.length }
        const { y } = tier.call('x_cast', { x, y: out(to, x.length), scratch: out('uint8', 2048), ...params })
        const nan = to === 'float16' ? (v: number | bigint) => ((Number(v) & 0x7fff) > 0x7c00 ? 0x7e00 : v) : (v: number | bigint) => v
        same(mapTo(to, y!, nan), mapTo(to, x, (v) => castReference(from, to, v)), `${from} to ${to}`)
      }
  })

for (const tier of tiers)
  test(`${tier.name}: every float16, there and back`, () => {
    const x = Uint16Array.from({ length: 65536 }, (_, i) => i)
    const params = { scratch: null, from: 0, to: 0, fromBytes: 0, toBytes: 0 }
    const y = tier.call('f16_to_f32', { x, y: out('float32', x.length), count: x.length, ...params }).y as Float32Array
    same(y, mapTo('float32', x, (v) => castReference('float16', 'float32', v)), 'f16_to_f32')
    const back = tier.call('f32_to_f16', { x: y, y: out('float16', x.length), count: x.length, ...params }).y!
    x.forEach((v, i) => assert.ok(back[i] === v || (v & 0x7fff) > 0x7c00, `${v} came back as ${back[i]}`))
    for (const count of edges(4)) {
      const z = Float32Array.from({ length: count }, (_, i) => FLOATS[(i * 7 + count) % FLOATS.length]!)
      same(tier.call('f32_to_f16', { x: z, y: out('float16', count), count, ...params }).y!, mapTo('float16', z, (v) => castReference('float32', 'float16', v)), `f32_to_f16 of ${count}`)
    }
  })

for (const tier of tiers)
  test(`${tier.name}: f32_to_f16 around every rounding boundary`, () => {
    const bits = Uint32Array.from({ length: 3 * 0x7c00 }, (_, i) => {
      const half = Math.floor(i / 3) // the midpoint between this half and the next, and its neighbours
      const mid = (castReference('float16', 'float64', half) as number) / 2 + (half === 0x7bff ? 65536 : (castReference('float16', 'float64', half + 1) as number)) / 2
      return new Uint32Array(new Float32Array([mid]).buffer)[0]! + (i % 3) - 1
    })
    const x = new Float32Array(bits.buffer)
    const { y } = tier.call('f32_to_f16', { x, y: out('float16', x.length), scratch: null, count: x.length, from: 0, to: 0, fromBytes: 0, toBytes: 0 })
    same(y!, mapTo('float16', x, (v) => castReference('float32', 'float16', v)), 'midpoints')
  })

const CODES = { uint8: ['f32_quantize_u8', 'u8_dequantize'], int8: ['f32_quantize_s8', 's8_dequantize'], uint16: ['f32_quantize_u16', 'u16_dequantize'], int16: ['f32_quantize_s16', 's16_dequantize'],
  uint4: ['f32_quantize_u8', 'u8_dequantize'], int4: ['f32_quantize_s8', 's8_dequantize'] } as const
type CodeType = keyof typeof CODES

/** x dims, scale dims, axis, block_size. */
const LAYOUTS: [number[], number[], number, number][] = [
  [[1], [], 1, 0], [[67], [], 1, 0], [[3, 19], [1], 1, 0], [[2, 3, 5], [3], 1, 0], [[2, 3, 37], [3], 1, 0], [[4, 21], [21], 1, 0], [[3, 2, 7], [7], -1, 0], [[5, 4], [5], 0, 0],
  [[2, 10], [2, 4], 1, 3], [[2, 32], [2, 2], 1, 16], [[7, 5], [3, 5], 0, 3], [[2, 5, 9], [2, 2, 9], 1, 4], [[2, 40, 3], [2, 40, 1], 2, 32],
]

function viewOf(x: number[], scale: number[], axis: number, block: number): NodeView {
  const node = { name: 'n', op: 'QuantizeLinear', domain: '', inputs: ['x', 's'], outputs: ['y'], attributes: { axis, block_size: block } }
  return new NodeView(node, { typeOf: (v) => ({ dtype: 'float32', dims: v === 'x' ? x : scale }), constantOf: () => undefined })
}

/** Which scale element (of x's multi-index) serves. */
function scaleIndex(index: number[], x: number[], scale: number[], axis: number, block: number): number {
  if (elementCount(scale) === 1 && scale.length < 2) return 0
  const at = axis < 0 ? axis + x.length : axis
  if (!block) return index[at]!
  return broadcastIndex(index.map((v, i) => (i === at ? Math.floor(v / block) : v)), scale)
}

for (const tier of tiers)
  test(`${tier.name}: quantize and dequantize, per tensor, per axis, in blocks, every code type`, () => {
    for (const dtype of Object.keys(CODES) as CodeType[])
      for (const withZero of [true, false])
        LAYOUTS.forEach(([dims, scaleDims, axis, block], k) => {
          const next = random(k + 17 * DTYPES[dtype].code)
          const n = elementCount(scaleDims)
          const { min, max } = DTYPES[dtype]
          const scale = Float32Array.from({ length: n }, () => 2 ** (next() % 8) * (0.5 + next() / 2 ** 33) * 1e-3)
          const zero = arrayOf(dtype, n)
          for (let i = 0; i < n; i++) zero[i] = (min + (next() % (max - min + 1))) as never
          const zeroOf = (i: number): number => (withZero ? Number(zero[i]) : 0)
          const at = (i: number): number => scaleIndex(unravel(i, dims), dims, scaleDims, axis, block)
          const x = Float32Array.from({ length: elementCount(dims) }, (_, i) => {
            const s = scale[at(i)]!
            const r = next() % 12
            return r === 0 ? FLOATS[next() % FLOATS.length]! : r < 4 ? Math.fround((next() % 40 - 20.5) * s) : Math.fround((next() / 2 ** 31 - 1) * s * (max - min))
          })
          const spread = spreadOf(viewOf(dims, scaleDims, axis, block))
          const [quantize, dequantize] = CODES[dtype]
          const y = tier.call(quantize, { x, y: out(dtype, x.length), scale, zero: withZero ? zero : null, ...spread, lo: min, hi: max }).y!
          same(y, mapTo(dtype, x, (v, i) => quantizeReference(Number(v), scale[at(i)]!, zeroOf(at(i)), dtype)), `${quantize} [${dims}] by [${scaleDims}] block ${block}`)
          const back = tier.call(dequantize, { x: y, y: out('float32', x.length), scale, zero: withZero ? zero : null, ...spread, lo: 0, hi: 0 }).y!
          same(back, mapTo('float32', y, (v, i) => dequantizeReference(Number(v), scale[at(i)]!, zeroOf(at(i)))), `${dequantize} [${dims}] by [${scaleDims}] block ${block}`)
        })
  })

for (const tier of tiers)
  test(`${tier.name}: dequantize int32, and a zero scale`, () => {
    const x = Int32Array.from([0, 1, -1, 2147483647, -2147483648, 16777217, 123456789])
    const spread = { outer: 1, axis: 1, block: 1, inner: x.length, scaleRow: 0, scaleStep: 0, varied: 0, lo: 0, hi: 0 }
    const { y } = tier.call('s32_dequantize', { x, y: out('float32', x.length), scale: Float32Array.of(0.37), zero: Int32Array.of(5), ...spread })
    same(y!, mapTo('float32', x, (v) => dequantizeReference(Number(v), Math.fround(0.37), 5)), 's32_dequantize')
    const z = Float32Array.from([0, 1, -1, NaN, Infinity])
    const codes = tier.call('f32_quantize_u8', { x: z, y: out('uint8', 5), scale: Float32Array.of(0), zero: Uint8Array.of(7), ...spread, inner: 5, hi: 255 }).y!
    assert.deepEqual([...codes], [0, 255, 0, 0, 255])
  })

for (const tier of tiers)
  test(`${tier.name}: f32_range_u8`, () => {
    const next = random(5)
    const cases = [[0], [-0], [NaN], [1, 2, 3], [-1, -2, -3], [Infinity], [-Infinity, 1], [NaN, 5, -3], [1e-45, 0], [3.4e38, -3.4e38]]
    for (const count of [...edges(4), 100]) cases.push(Array.from({ length: count }, () => (next() / 2 ** 32 - 0.3) * 10))
    for (const values of cases) {
      const x = Float32Array.from(values)
      const got = tier.call('f32_range_u8', { x, count: x.length, scale: out('float32', 1), zero: out('uint8', 1), codes: 0, handed: 0 })
      const want = rangeReference(x)
      assert.deepEqual([got.scale![0], got.zero![0]], [want.scale, want.zero], `range of ${values.slice(0, 5)}`)
    }
  })

for (const tier of tiers)
  test(`${tier.name}: x8_lut`, () => {
    const next = random(11)
    const table = Uint8Array.from({ length: 256 }, () => next())
    for (const count of [...edges(8), ...edges(16), 1000]) {
      const x = Uint8Array.from({ length: count }, () => next())
      same(tier.call('x8_lut', { x, y: out('uint8', count), table, count }).y!, x.map((v) => table[v]!), `${count} bytes`)
    }
  })

function qbinary(tier: TierUnderTest, op: 'add' | 'mul', a: TypedArray, aDims: number[], b: TypedArray, bDims: number[], dims: number[], q: QBinary): TypedArray {
  const walk = walkOf(dims, [{ dims: aDims, bytes: 1 }, { dims: bDims, bytes: 1 }, { dims: [], bytes: 0 }])
  const [innerA, innerB] = walk.innerSteps as [number, number]
  const [midA, midB] = walk.midSteps as [number, number]
  const { min, max, array } = DTYPES[q.dtype]
  const code = (v: number): TypedArray => { const z = new array(new ArrayBuffer(1), 0, 1); z[0] = v as never; return z }
  return tier.call('q8_binary', {
    a, b, c: null, y: out(q.dtype, elementCount(dims)), op: op === 'add' ? 0 : 1, inner: walk.inner, innerA, innerB, innerC: 0, mid: walk.mid, midA, midB, midC: 0, lineBytes: walk.inner,
    outer: walk.outer, rank: walk.rank, table: walk.table, aScale: Float32Array.of(q.aScale), bScale: Float32Array.of(q.bScale), yScale: Float32Array.of(q.yScale),
    aZero: code(q.aZero), bZero: code(q.bZero), yZero: code(q.yZero), signed: q.dtype === 'int8' ? 1 : 0, late: q.late ? 1 : 0, lo: min, hi: max,
  }).y!
}

const SHAPES: [number[], number[], number[]][] = [
  ...edges(16).map((n) => [[n], [n], [n]] as [number[], number[], number[]]), [[67], [], [67]], [[2, 3, 35], [35], [2, 3, 35]], [[2, 5, 3, 7], [5, 1, 1], [2, 5, 3, 7]], [[3, 2, 17], [3, 1, 17], [3, 2, 17]],
]

for (const tier of tiers)
  test(`${tier.name}: q8_binary in both arithmetics, all pairs of codes and every broadcast`, () => {
    const next = random(23)
    for (const dtype of ['uint8', 'int8'] as const)
      for (const late of [false, true])
        for (const op of ['add', 'mul'] as const)
          for (let round = 0; round < 6; round++) {
            const real = (): number => Math.fround((round === 0 ? 0.5 : 0.004) * (1 + (round === 0 ? next() % 2 : next() / 2 ** 32)))
            const zero = (): number => DTYPES[dtype].min + (next() % 256)
            const q: QBinary = { aScale: real(), aZero: zero(), bScale: real(), bZero: zero(), yScale: op === 'mul' && round ? Math.fround(real() / 2) : real(), yZero: zero(), dtype, late }
            const shapes = round < 2 ? [...SHAPES, [[65536], [65536], [65536]] as [number[], number[], number[]]] : SHAPES
            for (const [aDims, bDims, dims] of shapes) {
              const [a, b] = [arrayOf(dtype, elementCount(aDims)), arrayOf(dtype, elementCount(bDims))]
              for (let i = 0; i < a.length; i++) a[i] = (a.length === 65536 ? i & 255 : next()) as never
              for (let i = 0; i < b.length; i++) b[i] = (b.length === 65536 ? i >> 8 : next()) as never
              const want = mapTo(dtype, arrayOf(dtype, elementCount(dims)), (_, i) => {
                const at = unravel(i, dims)
                return qbinaryReference(op, Number(a[broadcastIndex(at, aDims)]), Number(b[broadcastIndex(at, bDims)]), q)
              })
              same(qbinary(tier, op, a, aDims, b, bDims, dims, q), want, `${dtype} ${op} late ${late} [${aDims}] [${bDims}] ${JSON.stringify(q)}`)
            }
          }
  })
