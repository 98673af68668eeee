import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DType } from '../../src/dtype.js'
import { Tensor } from '../../src/value.js'
import { build, ints, painted } from '../reference/build.js'
import * as reference from '../reference/indexing.js'
import { random } from './harness.js'
import { refuses, runOpEverywhere, same } from './op.js'

const MOVED: DType[] = ['uint8', 'float16', 'float32', 'int64']
const NUMBERS: DType[] = ['float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64']
const numeric = (t: Tensor): number[] => Array.from(t.data as ArrayLike<number>, Number)
const big = (dtype: DType): boolean => dtype === 'int64' || dtype === 'uint64'

/** Small numbers of both signs where the type has them, with repeats. */
function numbers(dtype: DType, dims: readonly number[], seed: number, spread = 9): Tensor {
  const next = random(seed)
  const low = dtype.startsWith('u') ? 0 : -Math.floor(spread / 2)
  return build(dtype, dims, () => {
    const v = (next() % spread) + low
    return big(dtype) ? BigInt(v) : dtype.startsWith('float') ? v + (next() % 8) / 8 : v
  })
}

/** Indices in [−length, length), as int64 or int32. */
function indicesOf(dims: readonly number[], length: number, seed: number): Tensor {
  const next = random(seed)
  return seed % 2 ? build('int64', dims, () => BigInt((next() % (2 * length)) - length)) : build('int32', dims, () => (next() % (2 * length)) - length)
}

test('Gather, GatherElements: every axis and element size', () => {
  for (const dtype of MOVED)
    for (const axis of [0, 1, 2]) {
      const x = painted(dtype, [3, 5, 7])
      for (const dims of [[], [4], [2, 3], [1]]) {
        const indices = indicesOf(dims, x.dims[axis]!, axis + dims.length)
        same({ op: 'Gather', attributes: { axis: axis - (dims.length === 1 ? 3 : 0) }, inputs: [x, indices] }, reference.gather(x, indices, axis))
      }
      const indices = indicesOf([2, 4, 6].map((d, a) => (a === axis ? d + 3 : d)), x.dims[axis]!, axis + 7)
      same({ op: 'GatherElements', attributes: { axis }, inputs: [x, indices] }, reference.gatherElements(x, indices, axis))
    }
})

test('GatherND: tuples of every depth, with and without batches', () => {
  const x = painted('float32', [2, 3, 4, 5])
  for (const [batch, dims] of [[0, [3, 1]], [0, [3, 4]], [0, [2, 2, 2]], [1, [2, 1]], [1, [2, 6, 3]], [2, [2, 3, 1]]] as const) {
    const next = random(batch + dims.length)
    const indices = build('int64', dims, (i) => BigInt(next() % x.dims[batch + i.at(-1)!]!))
    same({ op: 'GatherND', attributes: { batch_dims: batch }, inputs: [x, indices] }, reference.gatherNd(x, indices, batch))
  }
  refuses({ op: 'GatherND', inputs: [x, painted('int64', [2, 5])] }, 'SHAPE_MISMATCH')
})

test('indices out of range: constant ones are refused, run-time ones clamped', () => {
  const x = painted('float32', [4, 3])
  const wild = new Tensor('int64', [4n, -5n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n, 1n])
  same({ op: 'Gather', inputs: [x, wild] }, reference.gather(x, wild, 0))
  same({ op: 'Gather', inputs: [x, new Tensor('int32', [2 ** 31 - 1, -(2 ** 31)])] }, reference.gather(x, new Tensor('int64', [3n, 0n]), 0))
  for (const op of ['Gather', 'GatherElements', 'GatherND'])
    refuses({ op, inputs: [x, new Tensor('int64', [0n, 7n], [2, 1])], dynamic: [] }, 'SHAPE_MISMATCH')
  for (const op of ['ScatterElements', 'ScatterND'])
    refuses({ op, inputs: [x, new Tensor('int64', [-5n], [1, 1]), painted('float32', op === 'ScatterND' ? [1, 3] : [1, 1])], dynamic: [] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Gather', inputs: [painted('float32', [0, 3]), ints(0)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Gather', inputs: [x, painted('float32', [2])] }, 'DTYPE_MISMATCH')
})

test('ScatterElements, ScatterND: every reduction in every type, repeated indices in row-major order', () => {
  for (const reduction of ['none', 'add', 'mul', 'max', 'min'])
    for (const dtype of NUMBERS) {
      const x = numbers(dtype, [4, 5, 3], 5)
      for (const axis of [0, 1, 2]) {
        const dims = [3, 4, 2].map((d, a) => (a === axis ? 6 : d))
        const indices = indicesOf(dims, x.dims[axis]!, axis + 2)
        const updates = numbers(dtype, dims, 7)
        same({ op: 'ScatterElements', attributes: { axis, reduction }, inputs: [x, indices, updates] }, reference.scatterElements(x, indices, updates, axis, reduction))
      }
      for (const tuple of [1, 2, 3]) {
        const indices = build('int64', [7, tuple], (i) => BigInt((i[0]! * 3 + i[1]!) % 3))
        const updates = numbers(dtype, [7, ...x.dims.slice(tuple)], 8)
        same({ op: 'ScatterND', attributes: { reduction }, inputs: [x, indices, updates] }, reference.scatterNd(x, indices, updates, reduction))
      }
    }
  const x = new Tensor('float32', [NaN, 1, -0])
  const [high] = runOpEverywhere({ op: 'ScatterElements', attributes: { reduction: 'max' }, inputs: [x, ints(0, 1), new Tensor('float32', [2, NaN])] })
  assert.deepEqual(numeric(high!), [NaN, NaN, -0])
  refuses({ op: 'ScatterElements', attributes: { reduction: 'add' }, inputs: [painted('bool', [3]), ints(0), painted('bool', [1])] }, 'DTYPE_MISMATCH')
  refuses({ op: 'ScatterElements', inputs: [x, ints(0, 1), new Tensor('float32', [2])] }, 'SHAPE_MISMATCH')
})

test('OneHot: every axis, indices of any type, out of range gives none', () => {
  for (const dtype of ['int64', 'float32', 'int32', 'uint8'] as const)
    for (const axis of [0, 1, -1]) {
      const indices = numbers(dtype, [3, 4], 3, 20)
      const values = painted('float32', [2])
      const expected = reference.oneHot(indices, 7, values, axis < 0 ? 2 : axis)
      same({ op: 'OneHot', attributes: { axis }, inputs: [indices, new Tensor('float32', [7], []), values] }, expected)
    }
})

test('TopK: largest and smallest, ties by lower index, NaN and −0, every type and axis', () => {
  for (const dtype of NUMBERS)
    for (const axis of [0, 1, 2])
      for (const largest of [1, 0]) {
        const x = numbers(dtype, [3, 6, 17], axis + 1)
        const k = axis === 2 ? 9 : 3
        const expected = reference.topK(x, k, axis, largest === 1)
        const got = runOpEverywhere({ op: 'TopK', attributes: { axis, largest }, inputs: [x, ints(k)], outputs: 2 })
        assert.deepEqual(got.map((t) => [t.dims, t.data]), expected.map((t) => [t.dims, t.data]), `${dtype} axis ${axis} largest ${largest}`)
      }
  const odd = new Tensor('float32', [1, NaN, -0, 0, -Infinity, NaN, Infinity])
  const [, order] = runOpEverywhere({ op: 'TopK', inputs: [odd, ints(7)], outputs: 2 })
  assert.deepEqual(Array.from(order!.data, Number), [1, 5, 6, 0, 2, 3, 4])
  const half = new Tensor('float16', [0x3c00, 0xbc00, 0x7c00, 0x8000, 0])
  assert.deepEqual(Array.from(runOpEverywhere({ op: 'TopK', attributes: { largest: 0 }, inputs: [half, ints(5)], outputs: 2 })[1]!.data, Number), [1, 3, 4, 0, 2])
  const extremes = new Tensor('uint64', [1n, 2n ** 64n - 1n, 2n ** 63n])
  assert.deepEqual(Array.from(runOpEverywhere({ op: 'TopK', inputs: [extremes, ints(3)], outputs: 2 })[1]!.data, Number), [1, 2, 0])
  const long = numbers('float32', [1, 5000], 4, 3000)
  const [expected] = reference.topK(new Tensor('float32', long.data, [5000]), 1, 0, true)
  assert.equal(runOpEverywhere({ op: 'TopK', inputs: [long, ints(100)], outputs: 2 })[0]!.data[0], expected.data[0])
  refuses({ op: 'TopK', inputs: [odd, ints(8)], outputs: 2 }, 'SHAPE_MISMATCH')
})

test('CumSum: every type, axis, direction', () => {
  for (const dtype of NUMBERS)
    for (const axis of [0, 1, 2])
      for (const exclusive of [0, 1])
        for (const reverse of [0, 1]) {
          const x = numbers(dtype, [3, 9, 5], axis)
          const expected = big(dtype) ? undefined : reference.cumSum(x, axis, exclusive === 1, reverse === 1)
          const c = { op: 'CumSum', attributes: { exclusive, reverse }, inputs: [x, new Tensor('int32', [axis - 3], [])] }
          if (expected) same(c, expected)
          else assert.deepEqual(numeric(runOpEverywhere(c)[0]!), Array.from(reference.cumSum(new Tensor('float64', numeric(x), x.dims), axis, exclusive === 1, reverse === 1).data as Float64Array, (v) => (dtype === 'uint64' ? Number(BigInt.asUintN(64, BigInt(v))) : Number(v))))
        }
})

test('NonZero: every type; the bound is cut to what was found', () => {
  for (const dtype of [...NUMBERS, 'bool'] as const) {
    const x = numbers(dtype, [3, 4, 5], 6, 3)
    const whole = build(dtype, x.dims, (i) => (i[0] === 1 ? (big(dtype) ? 0n : 0) : (i[2]! % 2 ? (big(dtype) ? 1n : 1) : (big(dtype) ? 0n : 0))))
    same({ op: 'NonZero', inputs: [x] }, reference.nonZero(x))
    same({ op: 'NonZero', inputs: [whole] }, reference.nonZero(whole))
  }
  same({ op: 'NonZero', inputs: [new Tensor('float32', [0, -0, NaN, 1e-45])] }, new Tensor('int64', [2n, 3n], [1, 2]))
  same({ op: 'NonZero', inputs: [new Tensor('float16', [0, 0x8000, 1])] }, new Tensor('int64', [2n], [1, 1]))
  same({ op: 'NonZero', inputs: [new Tensor('uint8', [0, 0])] }, new Tensor('int64', [], [1, 0]))
})

test('NonMaxSuppression: random boxes, both formats, thresholds and limits', () => {
  const next = random(21)
  const unit = (): number => (next() % 1000) / 1000
  for (let trial = 0; trial < 60; trial++) {
    const [batches, classes, n] = [1 + (trial % 2), 1 + (trial % 3), 1 + (next() % 40)] as [number, number, number]
    const center = trial % 2
    const boxes = build('float32', [batches, n, 4], (i) => (i[2]! < 2 ? unit() : center ? unit() / 2 : unit()))
    const scores = build('float32', [batches, classes, n], () => (next() % 20) / 20)
    const most = 1 + (next() % 10)
    const iou = [0, 0.3, 0.5, 1][next() % 4]!
    const least = trial % 3 ? 0.4 : undefined
    const f = (v: number): Tensor => new Tensor('float32', [v])
    same({ op: 'NonMaxSuppression', attributes: { center_point_box: center }, inputs: [boxes, scores, ints(most), f(iou), least === undefined ? null : f(least)] },
      reference.nonMaxSuppression(boxes, scores, most, iou, least === undefined ? undefined : Math.fround(least), center === 1))
  }
  const boxes = painted('float32', [1, 2, 4])
  same({ op: 'NonMaxSuppression', inputs: [boxes, painted('float32', [1, 1, 2])] }, new Tensor('int64', [], [0, 3]))
  refuses({ op: 'NonMaxSuppression', inputs: [boxes, painted('float32', [1, 1, 3]), ints(1)] }, 'SHAPE_MISMATCH')
})

test('Trilu: both halves, every diagonal', () => {
  for (const dtype of MOVED)
    for (const k of [-(2n ** 63n), -5n, -1n, 0n, 1n, 3n, 2n ** 63n - 1n])
      for (const upper of [0, 1]) {
        const x = painted(dtype, [2, 4, 5])
        same({ op: 'Trilu', attributes: { upper }, inputs: [x, ints(k)] }, reference.trilu(x, Number(k), upper === 1))
      }
  same({ op: 'Trilu', inputs: [painted('float32', [3, 3])] }, reference.trilu(painted('float32', [3, 3]), 0, true))
})
