import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DTYPES, arrayOf, type DType, type TypedArray } from '../../src/dtype.js'
import { reducedView } from '../../src/plan/lower/reduced-view.js'
import { REDUCE_OP } from '../../src/plan/lower/reduce.js'
import { argExtreme, group, reduceFloats } from '../reference/reduce.js'
import { out, random, tiersUnderTest } from './harness.js'

/** Inner, outer and alternating axes, lengths around 4, 16 and 64, axes of size 1, nothing reduced. */
const cases: { dims: number[]; axes: number[] }[] = [
  ...[1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 131].flatMap((n) => [
    { dims: [3, n], axes: [1] }, { dims: [n, 3], axes: [0] }, { dims: [5, n], axes: [0] }, { dims: [2, 7, n], axes: [1] }, { dims: [2, 3, n], axes: [0, 2] },
  ]),
  { dims: [2, 3, 4, 5, 6], axes: [0, 2, 4] }, { dims: [2, 3, 4, 5, 6], axes: [1, 3] }, { dims: [3, 1, 5, 1], axes: [1, 2] }, { dims: [4, 1, 3], axes: [1] },
  { dims: [2, 3, 4], axes: [0, 1, 2] }, { dims: [1, 1], axes: [0] }, { dims: [2, 2, 2, 3, 2, 2, 3, 2], axes: [0, 2, 4, 6] },
]

const count = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)
const outputs = (c: { dims: number[]; axes: number[] }): number => count(c.dims.filter((_, i) => !c.axes.includes(i)))
const floats = (n: number, seed: number): Float32Array => {
  const next = random(seed)
  return Float32Array.from({ length: n }, () => (next() - 2 ** 31) / 2 ** 27)
}
const unused = { identity: null, dtype: 1, last: 0 }
const label = (c: object): string => JSON.stringify(c)

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: f32_reduce has the bits of its definition`, () => {
    for (const [seed, c] of cases.entries()) {
      const x = floats(count(c.dims), seed + 1)
      const { words } = reducedView(c.dims, c.axes)
      for (const op of ['sum', 'mean', 'l1', 'l2', 'sumSquare', 'max', 'min'] as const) {
        const { y } = tier.call('f32_reduce', { ...unused, x, y: out('float32', outputs(c)), view: words, op: REDUCE_OP[op] })
        assert.deepEqual(y, reduceFloats(op, x, group(c.dims, c.axes)), `${op} ${label(c)}`)
      }
    }
  })

  test(`${tier.name}: f32_reduce's LogSum is the logarithm of its sum`, () => {
    for (const c of cases) {
      const x = floats(count(c.dims), 7).map((v) => Math.abs(v) + 0.1)
      const view = reducedView(c.dims, c.axes).words
      const run = (op: number) => tier.call('f32_reduce', { ...unused, x, y: out('float32', outputs(c)), view, op }).y as Float32Array
      const logs = run(REDUCE_OP.logSum)
      run(REDUCE_OP.sum).forEach((s, i) => assert.ok(Math.abs(logs[i]! - Math.log(s)) <= 1.2e-7 * Math.max(1, Math.abs(Math.log(s))), `${label(c)} [${i}]`))
    }
  })

  test(`${tier.name}: f32_reduce of nothing is each reduction's identity, of a NaN NaN`, () => {
    for (const [dims, axes] of [[[3, 0], [1]], [[0, 5], [0]], [[2, 0, 20], [1]]] as const) {
      const view = reducedView(dims, axes).words
      const n = outputs({ dims: [...dims], axes: [...axes] })
      for (const [op, want] of [['sum', 0], ['mean', NaN], ['l2', 0], ['logSum', -Infinity], ['max', -Infinity], ['min', Infinity]] as const) {
        const { y } = tier.call('f32_reduce', { ...unused, x: new Float32Array(0), y: out('float32', n), view, op: REDUCE_OP[op] })
        assert.deepEqual(Array.from(y as Float32Array), Array<number>(n).fill(want), `${op} [${dims}]`)
      }
    }
    for (const at of [0, 9, 18, 19]) {
      const x = floats(20, 3)
      x[at] = NaN
      for (const [dims, axes] of [[[1, 20], [1]], [[20, 1], [0]]] as const)
        assert.ok(Number.isNaN(tier.call('f32_reduce', { ...unused, x, y: out('float32', 1), view: reducedView(dims, axes).words, op: REDUCE_OP.max }).y![0]))
    }
  })

  test(`${tier.name}: any_reduce on every element type`, () => {
    for (const dtype of ['float32', 'float64', 'int32', 'uint32', 'int64', 'uint64', 'uint8', 'int8', 'bool'] as const)
      for (const c of [{ dims: [3, 7], axes: [1] }, { dims: [3, 7], axes: [0] }, { dims: [2, 3, 2, 3], axes: [0, 2] }])
        for (const op of ['sum', 'mean', 'l1', 'l2', 'sumSquare', 'max', 'min', 'prod'] as const) {
          const x = sample(dtype, count(c.dims))
          const want = exact(op, dtype, x, c)
          const identity = arrayOf(dtype, 1)
          const big = dtype === 'int64' || dtype === 'uint64'
          const first = op === 'prod' ? 1 : op === 'max' ? (big ? 0 : DTYPES[dtype].min) : op === 'min' ? (big ? 1000 : DTYPES[dtype].max) : 0
          identity[0] = (big ? BigInt(dtype === 'int64' && op === 'max' ? -1000 : first) : first) as never
          const { y } = tier.call('any_reduce', { ...unused, x, y: out(dtype, outputs(c)), view: reducedView(c.dims, c.axes).words, identity, op: REDUCE_OP[op], dtype: DTYPES[dtype].code })
          assert.deepEqual(y, want, `${op} ${dtype} ${label(c)}`)
        }
  })

  test(`${tier.name}: any_reduce's LogSumExp stays finite where exponentials do not`, () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = arrayOf(dtype, 12) as Float32Array
      x.set([1, 2, 3, 1000, 1001, 999.5, -1000, -1001, -2000, 0, -0.25, 88.5])
      const { y } = tier.call('any_reduce', { x, y: out(dtype, 4), view: reducedView([4, 3], [1]).words, identity: arrayOf(dtype, 1), op: REDUCE_OP.logSumExp, dtype: DTYPES[dtype].code, last: 0 })
      for (let o = 0; o < 4; o++) {
        const v = Array.from(x.subarray(o * 3, o * 3 + 3)), top = Math.max(...v)
        const want = top + Math.log(v.reduce((s, e) => s + Math.exp(e - top), 0))
        assert.ok(Math.abs(Number(y![o]) - want) <= (dtype === 'float32' ? 6e-8 : 4e-16) * Math.abs(want), `${dtype} ${y![o]} against ${want}`)
      }
    }
  })

  test(`${tier.name}: arg_reduce finds the first and the last extreme`, () => {
    for (const c of [...[1, 3, 4, 5, 17].flatMap((n) => [{ dims: [2, 6, n], axes: [1] }, { dims: [4, n], axes: [1] }, { dims: [n, 9], axes: [0] }])])
      for (const dtype of ['float32', 'float64', 'uint8', 'int8', 'int32', 'int64'] as const) {
        const x = sample(dtype, count(c.dims), 5)
        if (dtype === 'float32' && c.dims[0] !== 4) x[1] = NaN
        for (const [op, sign] of [['max', 1], ['min', -1]] as const) for (const last of [0, 1]) {
          const { y } = tier.call('arg_reduce', { x, y: out('int64', outputs(c)), view: reducedView(c.dims, c.axes).words, identity: null, op: REDUCE_OP[op], dtype: DTYPES[dtype].code, last })
          assert.deepEqual([...(y as BigInt64Array)], argExtreme(x, group(c.dims, c.axes), sign, last === 1), `${op} ${dtype} last=${last} ${label(c)}`)
        }
      }
  })
}

/** Small integers, negative ones where the type has them, so that every result is exact. */
function sample(dtype: DType, n: number, range = 9): TypedArray {
  const x = arrayOf(dtype, n)
  const next = random(n + range)
  for (let i = 0; i < n; i++) {
    const v = (next() >>> 8) % range - (DTYPES[dtype].min < 0 ? range >> 1 : 0)
    const stored = dtype === 'bool' ? v & 1 : v
    x[i] = (x instanceof BigInt64Array || x instanceof BigUint64Array ? BigInt(stored) : stored) as never
  }
  return x
}

function exact(op: string, dtype: DType, x: TypedArray, c: { dims: number[]; axes: number[] }): TypedArray {
  const y = arrayOf(dtype, outputs(c))
  const { integer } = DTYPES[dtype]
  group(c.dims, c.axes).places.forEach((at, o) => {
    const v = at.map((i) => Number(x[i]!))
    const total = v.reduce((a, b) => a + b, 0), squares = v.reduce((a, b) => a + b * b, 0)
    const value = {
      sum: total, mean: integer ? Math.trunc(total / v.length) : total / v.length, l1: v.reduce((a, b) => a + Math.abs(b), 0), sumSquare: squares,
      l2: integer ? Math.trunc(Math.sqrt(squares)) : Math.sqrt(squares), max: Math.max(...v), min: Math.min(...v), prod: v.reduce((a, b) => a * b, 1),
    }[op]!
    y[o] = (y instanceof BigInt64Array || y instanceof BigUint64Array ? BigInt(value) : value) as never
  })
  return y
}
