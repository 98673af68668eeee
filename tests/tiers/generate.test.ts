import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gather } from '../../src/graph/infer/gather.js'
import { generate } from '../../src/graph/infer/generate.js'
import { NodeView } from '../../src/graph/node-view.js'
import type { Attribute } from '../../src/graph/graph.js'
import { Tensor } from '../../src/value.js'
import { build, ints, painted } from '../reference/build.js'
import { refuses, same } from './op.js'

test('ConstantOfShape fills with one element of any type', () => {
  for (const value of [new Tensor('float32', [1.5]), new Tensor('int64', [-7n]), new Tensor('uint8', [9]), new Tensor('float16', [0x3c00])])
    for (const dims of [[3, 5], [1], [67], []]) same({ op: 'ConstantOfShape', attributes: { value }, inputs: [ints(...dims)] }, build(value.dtype, dims, () => value.data[0]!))
  same({ op: 'ConstantOfShape', inputs: [ints(2, 2)] }, new Tensor('float32', [0, 0, 0, 0], [2, 2]))
  same({ op: 'ConstantOfShape', inputs: [ints(0)] }, new Tensor('float32', [], [0]))
  refuses({ op: 'ConstantOfShape', inputs: [ints(-1)] }, 'SHAPE_MISMATCH')
  refuses({ op: 'ConstantOfShape', inputs: [ints(2 ** 40)] }, 'SHAPE_MISMATCH')
})

test('EyeLike: every diagonal, its own type and others', () => {
  for (const k of [-9, -2, 0, 1, 4, 9])
    for (const [dtype, code] of [['float32', 1], ['float64', 11], ['int64', 7], ['uint8', 2]] as const)
      same({ op: 'EyeLike', attributes: { k, dtype: code }, inputs: [painted('int32', [4, 5])] }, build(dtype, [4, 5], ([r, c]) => (dtype === 'int64' ? BigInt(+(c! - r! === k)) : +(c! - r! === k))))
  same({ op: 'EyeLike', inputs: [painted('int32', [3, 3])] }, build('int32', [3, 3], ([r, c]) => +(r === c)))
})

test('Range: every type, both directions, nothing at all', () => {
  const scalar = (dtype: 'float32' | 'int64' | 'int16', v: number): Tensor => new Tensor(dtype, [dtype === 'int64' ? BigInt(v) : v] as never, [])
  const range = (dtype: 'float32' | 'int64' | 'int16', ...v: [number, number, number]) => ({ op: 'Range', inputs: v.map((x) => scalar(dtype, x)) })
  same(range('float32', 1, 5, 2), new Tensor('float32', [1, 3]))
  same(range('int16', 10, 6, -3), new Tensor('int16', [10, 7]))
  same(range('int64', 0, 5, 1), new Tensor('int64', [0n, 1n, 2n, 3n, 4n]))
  same(range('int64', 5, 0, 1), new Tensor('int64', []))
  const f = Math.fround
  same(range('float32', 0.1, 3, 0.1), build('float32', [29], ([i]) => f(f(0.1) + f(i! * f(0.1)))))
  const half = (bits: number): Tensor => new Tensor('float16', [bits], [])
  same({ op: 'Range', inputs: [half(0x3c00), half(0x4500), half(0x4000)] }, new Tensor('float16', [0x3c00, 0x4200]))
  refuses(range('int64', 0, 5, 0), 'SHAPE_MISMATCH')
  refuses({ ...range('int64', 0, 5, 1), dynamic: [1] }, 'OP_UNSUPPORTED')
})

test('Shape, Size and Constant are values before anything runs', () => {
  const x = painted('float32', [3, 4, 5])
  const fold = (op: string, attributes: Record<string, Attribute>): Tensor => {
    const view = new NodeView({ name: 'it', op, domain: '', inputs: ['x'], outputs: ['y'], attributes }, { typeOf: () => x, constantOf: () => undefined })
    const [y] = { ...gather, ...generate }[op]!.fold!(view)!
    assert.deepEqual({ ...gather, ...generate }[op]!.infer(view), [{ dtype: y!.dtype, dims: y!.dims }])
    return y!
  }
  const shape = (start: number, end?: number): number[] => Array.from(fold('Shape', { start, ...(end === undefined ? {} : { end }) }).data, Number)
  assert.deepEqual([shape(0), shape(1), shape(-1), shape(1, -1), shape(-10, 2), shape(2, 10), shape(2, 1)], [[3, 4, 5], [4, 5], [5], [4], [3, 4], [5], []])
  assert.deepEqual(fold('Size', {}).data, BigInt64Array.of(60n))
  assert.equal(fold('Constant', { value: x }), x)
  assert.deepEqual(fold('Constant', { value_ints: [1, 2] }).data, BigInt64Array.of(1n, 2n))
  assert.deepEqual(fold('Constant', { value_float: 0.5 }).dims, [])
})
