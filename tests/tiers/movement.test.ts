import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DType } from '../../src/dtype.js'
import { Tensor } from '../../src/value.js'
import { build, ints, painted } from '../reference/build.js'
import * as reference from '../reference/movement.js'
import { random } from './harness.js'
import { refuses, runOpEverywhere, same } from './op.js'

const DTYPES: DType[] = ['uint8', 'float16', 'float32', 'int64']

test('Transpose: every permutation of up to four axes, every element size', () => {
  const permutations = (items: number[]): number[][] => (items.length < 2 ? [items] : items.flatMap((v, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [v, ...rest])))
  for (const dtype of DTYPES)
    for (const dims of [[17], [9, 19], [3, 20, 18], [2, 17, 5, 9], [1, 8, 1, 16]])
      for (const perm of permutations(dims.map((_, i) => i))) {
        const x = painted(dtype, dims)
        same({ op: 'Transpose', attributes: { perm }, inputs: [x] }, reference.transpose(x, perm))
      }
})

test('Transpose of NCHW to NHWC and back is the identity', () => {
  for (const dtype of DTYPES)
    for (const dims of [[2, 3, 17, 19], [1, 8, 7, 7], [1, 65, 5, 5], [1, 24, 3, 3]]) {
      const x = painted(dtype, dims)
      const [nhwc] = runOpEverywhere({ op: 'Transpose', attributes: { perm: [0, 2, 3, 1] }, inputs: [x] })
      same({ op: 'Transpose', attributes: { perm: [0, 3, 1, 2] }, inputs: [nhwc!] }, x)
    }
})

test('Reshape, Flatten, Squeeze, Unsqueeze keep the elements', () => {
  const x = painted('float32', [2, 1, 3, 4])
  const as = (dims: number[]): Tensor => new Tensor(x.dtype, x.data, dims)
  for (const [shape, dims] of [[[0, -1], [2, 12]], [[4, 6], [4, 6]], [[0, 0, 1, -1], [2, 1, 1, 12]], [[-1], [24]], [[2, 3, 4, 1, 1], [2, 3, 4, 1, 1]]] as const)
    same({ op: 'Reshape', inputs: [x, ints(...shape)] }, as([...dims]))
  const empty = painted('int32', [0, 3])
  same({ op: 'Reshape', attributes: { allowzero: 1 }, inputs: [empty, ints(3, 0, 7)] }, new Tensor('int32', [], [3, 0, 7]))
  refuses({ op: 'Reshape', inputs: [x, ints(5, -1)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Reshape', inputs: [x, ints(-1, -1)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Reshape', inputs: [x, ints(2, 3)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Reshape', inputs: [x, ints(24, 1, 1, 1, 0)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Reshape', inputs: [x, ints(24)], dynamic: [1] }, 'OP_UNSUPPORTED')
  for (const [axis, dims] of [[0, [1, 24]], [1, [2, 12]], [3, [6, 4]], [4, [24, 1]], [-1, [6, 4]]] as const) same({ op: 'Flatten', attributes: { axis }, inputs: [x] }, as([...dims]))
  same({ op: 'Squeeze', inputs: [x, null] }, as([2, 3, 4]))
  same({ op: 'Squeeze', inputs: [x, ints(-3)] }, as([2, 3, 4]))
  refuses({ op: 'Squeeze', inputs: [x, ints(0)] }, 'SHAPE_MISMATCH')
  same({ op: 'Unsqueeze', inputs: [x, ints(-1, 0)] }, as([1, 2, 1, 3, 4, 1]))
  refuses({ op: 'Unsqueeze', inputs: [x, ints(0, 0)] }, 'ATTRIBUTE_UNSUPPORTED')
  refuses({ op: 'Unsqueeze', inputs: [x, ints(6)] }, 'ATTRIBUTE_UNSUPPORTED')
})

test('Concat along every axis, empty parts included; Split takes it apart again', () => {
  for (const dtype of DTYPES)
    for (const axis of [0, 1, 2, -1]) {
      const at = axis < 0 ? 2 : axis
      const lengths = [3, 0, 1, 17]
      const parts = lengths.map((n) => painted(dtype, [2, 5, 7].map((d, a) => (a === at ? n : d))))
      const joined = reference.concat(parts, at)
      same({ op: 'Concat', attributes: { axis }, inputs: parts }, joined)
      const back = runOpEverywhere({ op: 'Split', attributes: { axis }, inputs: [joined, ints(...lengths)], outputs: 4 })
      back.forEach((y, i) => assert.deepEqual([y.dims, y.data], [parts[i]!.dims, parts[i]!.data]))
    }
  const seven = painted('float32', [7])
  assert.deepEqual(runOpEverywhere({ op: 'Split', attributes: { num_outputs: 4 }, inputs: [seven], outputs: 4 }).map((y) => y.size), [2, 2, 2, 1])
  assert.deepEqual(runOpEverywhere({ op: 'Split', attributes: { num_outputs: 4 }, inputs: [painted('uint8', [5])], outputs: 4 }).map((y) => y.size), [2, 2, 1, 0])
  refuses({ op: 'Split', inputs: [seven, ints(3, 3)], outputs: 2 }, 'SHAPE_MISMATCH')
  refuses({ op: 'Concat', attributes: { axis: 0 }, inputs: [seven, painted('float32', [7, 1])] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Concat', attributes: { axis: 0 }, inputs: [seven, painted('int32', [7])] }, 'DTYPE_MISMATCH')
})

test('Slice: positions beyond the ends, negative ones, every step, INT64 extremes', () => {
  const next = random(3)
  const least = -(2n ** 63n)
  const most = 2n ** 63n - 1n
  for (const dtype of DTYPES)
    for (let trial = 0; trial < 150; trial++) {
      const x = painted(dtype, [3, 13, 6])
      const axis = next() % 3
      const position = (): bigint => [least, most, BigInt(next() % 40) - 20n, BigInt(next() % 40) - 20n][next() % 4]!
      const step = [1n, 1n, 2n, 3n, -1n, -2n, most, least][next() % 8]!
      const [start, end] = [position(), position()]
      same({ op: 'Slice', inputs: [x, ints(start), ints(end), ints(axis - (trial % 2) * 3), ints(step)] }, reference.sliceAxis(x, axis, start, end, step))
    }
  const long = painted('float32', [1, 3, 12, 40])
  const twice = reference.sliceAxis(reference.sliceAxis(long, 2, 0n, most, 2n), 3, 1n, most, 2n)
  same({ op: 'Slice', inputs: [long, ints(0, 1), ints(most, most), ints(2, 3), ints(2, 2)] }, twice)
  refuses({ op: 'Slice', inputs: [long, ints(0), ints(1), ints(0), ints(0)] }, 'ATTRIBUTE_UNSUPPORTED')
  refuses({ op: 'Slice', inputs: [long, ints(0), ints(1, 2), ints(0)] }, 'SHAPE_MISMATCH')
})

test('Expand and Tile', () => {
  for (const dtype of DTYPES) {
    for (const [from, to] of [[[3, 1], [2, 3, 6]], [[1], [40]], [[], [3, 5]], [[2, 1, 3], [2, 17, 3]], [[1, 20], [9, 20]], [[4, 1, 1], [4, 5, 6]]] as const) {
      const x = painted(dtype, from)
      same({ op: 'Expand', inputs: [x, ints(...to)] }, reference.expand(x, to))
    }
    for (const [dims, repeats] of [[[2, 3], [2, 2]], [[5], [7]], [[1, 3, 1], [4, 1, 33]], [[2, 2, 2], [1, 3, 1]]] as const) {
      const x = painted(dtype, dims)
      same({ op: 'Tile', inputs: [x, ints(...repeats)] }, reference.tile(x, repeats))
    }
  }
  same({ op: 'Expand', inputs: [painted('float32', [3, 1]), ints(1, 4)] }, reference.expand(painted('float32', [3, 1]), [3, 4]))
  refuses({ op: 'Expand', inputs: [painted('float32', [3, 2]), ints(4)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Tile', inputs: [painted('float32', [3, 2]), ints(4)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Tile', inputs: [painted('float32', [3, 2]), ints(2 ** 20, 2 ** 20)] }, 'SHAPE_MISMATCH')
})

test('Pad: every mode, crops and pads mixed, pads longer than the axis', () => {
  const next = random(9)
  for (const mode of ['constant', 'edge', 'reflect', 'wrap'])
    for (const dtype of DTYPES)
      for (let trial = 0; trial < 60; trial++) {
        const dims = [1 + (next() % 3), 1 + (next() % 4), 3 + (next() % 5)]
        const amount = (d: number): number => (next() % 3 ? next() % 12 : -(next() % Math.ceil(d / 2)))
        const begin = dims.map(amount)
        const end = dims.map(amount)
        const x = painted(dtype, dims)
        const value = trial % 2 ? build(dtype, [], () => (dtype === 'int64' ? 42n : 42)) : null
        same({ op: 'Pad', attributes: { mode }, inputs: [x, ints(...begin, ...end), value] }, reference.pad(x, begin, end, mode, value ? value.data[0]! : dtype === 'int64' ? 0n : 0))
      }
  const x = painted('float32', [1, 3, 4, 5])
  same({ op: 'Pad', inputs: [x, ints(1, 2, 3, 4), null, ints(-1, 2)] }, reference.pad(x, [0, 0, 2, 1], [0, 0, 4, 3], 'constant', 0))
  refuses({ op: 'Pad', inputs: [x, ints(1, 2)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'Pad', attributes: { mode: 'edge' }, inputs: [painted('float32', [0]), ints(1, 1)] }, 'SHAPE_MISMATCH')
  same({ op: 'Pad', inputs: [painted('float32', [0]), ints(1, 1)] }, new Tensor('float32', [0, 0]))
})

test('DepthToSpace and SpaceToDepth', () => {
  for (const dtype of DTYPES)
    for (const b of [1, 2, 3]) {
      const deep = painted(dtype, [2, 2 * b * b, 3, 5])
      for (const mode of ['DCR', 'CRD']) same({ op: 'DepthToSpace', attributes: { blocksize: b, mode }, inputs: [deep] }, reference.depthToSpace(deep, b, mode))
      const wide = painted(dtype, [2, 3, 2 * b, 4 * b])
      same({ op: 'SpaceToDepth', attributes: { blocksize: b }, inputs: [wide] }, reference.spaceToDepth(wide, b))
    }
  refuses({ op: 'DepthToSpace', attributes: { blocksize: 2 }, inputs: [painted('float32', [1, 3, 2, 2])] }, 'SHAPE_MISMATCH')
})
