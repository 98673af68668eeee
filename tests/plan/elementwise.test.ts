/** The rules of elementwise operators through a plan: what the kernels' own tests cannot see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { widen } from '../../src/graph/passes/widen.js'
import type { OctavoError } from '../../src/errors.js'
import { Tensor } from '../../src/value.js'
import { qbinaryReference } from '../reference/quantize.js'
import { f32, noise, s8, scalar, smallGraph, u8, type NodeSpec } from '../graph/passes/small-graph.js'

const one = (nodes: NodeSpec[], inputs: Record<string, Tensor>, constants: Record<string, Tensor> = {}): number[] =>
  Array.from(smallGraph(inputs, constants, nodes, 'y').after(widen).run()[0]!.data as Float32Array, Number)

test('Sum, Mean, Max and Min fold left to right and broadcast every input', () => {
  const inputs = { a: f32([1, 2, 3]), b: f32([10, 20], [2, 1]), c: f32([100]), d: f32([-1, 0, 1, 2, 3, 4], [2, 3]) }
  assert.deepEqual(one([['Sum', 'a b c d', 'y']], inputs), [110, 112, 114, 123, 125, 127])
  assert.deepEqual(one([['Mean', 'a b', 'y']], inputs), [5.5, 6, 6.5, 10.5, 11, 11.5])
  assert.deepEqual(one([['Max', 'a b d', 'y']], inputs), [10, 10, 10, 20, 20, 20])
  assert.deepEqual(one([['Min', 'd', 'y']], inputs), [-1, 0, 1, 2, 3, 4])
})

test('outputs may take the place of inputs, but never of one that is still to be read', () => {
  const x = f32([1, 2, 3, 4, 5])
  const start: NodeSpec[] = [['Neg', 'x', 'a'], ['Abs', 'x', 'b']]
  assert.deepEqual(one([...start, ['Sum', 'a b a', 'y']], { x }), [-1, -2, -3, -4, -5])
  assert.deepEqual(one([...start, ['Sum', 'a b b', 'y']], { x }), [1, 2, 3, 4, 5])
  assert.deepEqual(one([...start, ['Sum', 'b b b a', 'y']], { x }), [2, 4, 6, 8, 10])
  assert.deepEqual(one([...start, ['Mul', 'b b', 'c'], ['Sub', 'c a', 'y']], { x }), [2, 6, 12, 20, 30])
  assert.deepEqual(one([...start, ['Less', 'a b', 'm'], ['Where', 'm b a', 'y']], { x }), [1, 2, 3, 4, 5])
  assert.deepEqual(one([...start, ['Pow', 'b two', 'c'], ['Add', 'c b', 'y']], { x }, { two: scalar(2) }), [2, 6, 12, 20, 30])
})

test('Clip: constant bounds, bounds of a run, one bound, none, integers', () => {
  const x = f32([-3, -1, 0, 2, 9])
  const low = scalar(-1.5), high = scalar(2.5)
  assert.deepEqual(one([['Clip', 'x low high', 'y']], { x }, { low, high }), [-1.5, -1, 0, 2, 2.5])
  assert.deepEqual(one([['Neg', 'low', 'h'], ['Clip', 'x low h', 'y']], { x, low }), [-1.5, -1, 0, 1.5, 1.5])
  assert.deepEqual(one([['Clip', 'x - high', 'y']], { x }, { high }), [-3, -1, 0, 2, 2.5])
  assert.deepEqual(one([['Clip', 'x', 'y']], { x }), [-3, -1, 0, 2, 9])
  const bytes = new Tensor('int8', [-100, 5, 100])
  assert.deepEqual(one([['Clip', 'x low high', 'y']], { x: bytes }, { low: s8(-7), high: s8(50) }), [-7, 5, 50])
})

test('Pow by 2 and 3 are products; other exponents go through pow', () => {
  const x = f32([-3, 1.1, 7])
  const [a, b] = [Math.fround(1.1), Math.fround(Math.fround(1.1) * Math.fround(1.1))]
  assert.deepEqual(one([['Pow', 'x e', 'y']], { x }, { e: scalar(2) }), [9, b, 49])
  assert.deepEqual(one([['Pow', 'x e', 'y']], { x }, { e: scalar(3) }), [-27, Math.fround(b * a), 343])
  assert.deepEqual(one([['Pow', 'x e', 'y']], { x: f32([4, 9]) }, { e: scalar(0.5) }), [2, 3])
  assert.deepEqual(one([['Pow', 'x e', 'y']], { x: f32([4]) }, { e: f32([2, 3]) }), [16, 64])
})

test('Not, bitwise operators, shifts, Dropout with its mask, IsInf', () => {
  assert.deepEqual(one([['Not', 'x', 'y']], { x: new Tensor('bool', [0, 1, 1]) }), [1, 0, 0])
  const x = new Tensor('uint8', [0b1100, 255, 1]), w = new Tensor('uint8', [0b1010, 1, 9])
  assert.deepEqual(one([['BitwiseNot', 'x', 'y']], { x }), [243, 0, 254])
  assert.deepEqual(one([['BitwiseXor', 'x w', 'y']], { x, w }), [6, 254, 8])
  assert.deepEqual(one([['BitShift', 'x w', 'y', { direction: 'LEFT' }]], { x, w }), [0, 254, 0])
  assert.deepEqual(one([['BitShift', 'x w', 'y', { direction: 'RIGHT' }]], { x, w }), [0, 127, 0])
  const dropped = smallGraph({ x: f32([1, 2]) }, {}, [['Dropout', 'x', 'y m']], 'y', 'm').run()
  assert.deepEqual(dropped.map((t) => [...t.data]), [[1, 2], [1, 1]])
  const wild = f32([1, Infinity, -Infinity, NaN])
  assert.deepEqual(one([['IsInf', 'x', 'y', { detect_negative: 0 }]], { x: wild }), [0, 1, 0, 0])
  assert.deepEqual(one([['IsInf', 'x', 'y']], { x: wild }), [0, 1, 1, 0])
})

test('Cast says nothing twice: same bytes, bool, four bits', () => {
  const cast = (x: Tensor, to: number): Tensor => smallGraph({ x }, {}, [['Cast', 'x', 'y', { to }]], 'y').run()[0]!
  assert.deepEqual([...cast(new Tensor('int8', [-1, 5]), 2).data], [255, 5])
  assert.deepEqual([...cast(new Tensor('uint4', [15, 3]), 1).data], [15, 3])
  assert.deepEqual([...cast(new Tensor('bool', [1, 0]), 7).data], [1n, 0n])
  assert.deepEqual([...cast(f32([0, -0, 0.25, NaN]), 9).data], [0, 0, 1, 1])
  assert.deepEqual([...cast(new Tensor('int32', [-5, 16777217]), 1).data], [-5, 16777216])
})

test('QLinearAdd and QLinearMul in both arithmetics, the smaller operand on either side', () => {
  const x = new Tensor('uint8', Uint8Array.from({ length: 6 * 40 }, (_, i) => i * 41), [6, 40]), w = new Tensor('uint8', Uint8Array.from({ length: 6 }, (_, i) => i * 50), [6, 1])
  const parameters = { aScale: 0.5, aZero: 3, bScale: 0.25, bZero: 100, yScale: 0.5, yZero: 77, dtype: 'uint8' as const }
  const constants = { s: scalar(0.5), t: scalar(0.25), a: u8(3), b: u8(100), z: u8(77) }
  for (const op of ['add', 'mul'] as const)
    for (const arithmetic of ['onnx', 'mlas'])
      for (const inputs of ['x s a w t b s z', 'w t b x s a s z']) {
        const got = one([[`com.microsoft:QLinear${op === 'add' ? 'Add' : 'Mul'}`, inputs, 'y', { arithmetic }]], { x, w }, constants)
        const want = Array.from(x.data as Uint8Array, (v, i) => qbinaryReference(op, v, w.data[Math.floor(i / 40)] as number, { ...parameters, late: arithmetic === 'mlas' }))
        assert.deepEqual(got, want, `${op} ${arithmetic} ${inputs}`)
      }
})

test('QLinearSigmoid and QLinearLeakyRelu are what their parts give', () => {
  const x = new Tensor('int8', Int8Array.from({ length: 256 }, (_, i) => i - 128))
  const constants = { s: scalar(0.04), z: s8(-7), t: scalar(0.0038), v: s8(-128) }
  for (const [op, attributes] of [['Sigmoid', {}], ['LeakyRelu', { alpha: 0.1 }]] as const) {
    const parts = one([['DequantizeLinear', 'x s z', 'a'], [op, 'a', 'b', attributes], ['QuantizeLinear', 'b t v', 'y']], { x }, constants)
    assert.deepEqual(one([[`com.microsoft:QLinear${op}`, 'x s z t v', 'y', attributes]], { x }, constants), parts)
  }
})

test('DynamicQuantizeLinear gives codes, scale and zero point, each alone too', () => {
  const x = noise([3, 50], 4)
  const all = smallGraph({ x }, {}, [['DynamicQuantizeLinear', 'x', 'y s z']], 'y', 's', 'z').run()
  assert.deepEqual(all.map((t) => t.dims), [[3, 50], [], []])
  assert.deepEqual(smallGraph({ x }, {}, [['DynamicQuantizeLinear', 'x', 'y - z']], 'z').run()[0]!.data, all[2]!.data)
  const back = one([['DynamicQuantizeLinear', 'x', 'q s z'], ['DequantizeLinear', 'q s z', 'y']], { x })
  back.forEach((v, i) => assert.ok(Math.abs(v - (x.data[i] as number)) <= (all[1]!.data[0] as number) / 2 + 1e-6))
})

const fails = (code: string, nodes: NodeSpec[], inputs: Record<string, Tensor>): void =>
  assert.throws(() => one(nodes, inputs), (e: OctavoError) => e.code === code && e.message.includes(nodes[0]![0].split(':').at(-1)!), code)

test('what is refused says which node and why', () => {
  const x = f32([1, 2, 3]), w = f32([1, 2])
  fails('SHAPE_MISMATCH', [['Add', 'x w', 'y']], { x, w })
  fails('DTYPE_MISMATCH', [['Add', 'x w', 'y']], { x, w: new Tensor('int32', [1]) })
  fails('DTYPE_MISMATCH', [['Exp', 'x', 'y']], { x: new Tensor('int32', [1]) })
  fails('KERNEL_MISSING', [['Sin', 'x', 'y']], { x: new Tensor('float64', [1]) })
  fails('GRAPH_INVALID', [['Sub', 'x', 'y']], { x })
  fails('SHAPE_MISMATCH', [['PRelu', 'w x', 'y']], { x: f32([1, 2], [2, 1]), w })
  fails('SHAPE_MISMATCH', [['Clip', 'x w', 'y']], { x, w })
  fails('ATTRIBUTE_UNSUPPORTED', [['Mod', 'x x', 'y']], { x })
  fails('ATTRIBUTE_UNSUPPORTED', [['Gelu', 'x', 'y', { approximate: 'fast' }]], { x })
  fails('ATTRIBUTE_UNSUPPORTED', [['Celu', 'x', 'y', { alpha: -1 }]], { x })
  fails('ATTRIBUTE_UNSUPPORTED', [['BitShift', 'x x', 'y', { direction: 'UP' }]], { x: new Tensor('uint8', [1]) })
  fails('DTYPE_UNSUPPORTED', [['Cast', 'x', 'y', { to: 17 }]], { x })
  fails('SHAPE_MISMATCH', [['QuantizeLinear', 'x w', 'y', { axis: 0 }]], { x, w })
  fails('ATTRIBUTE_UNSUPPORTED', [['QuantizeLinear', 'x w', 'y', { axis: 3 }]], { x, w })
  fails('DTYPE_MISMATCH', [['com.microsoft:QLinearAdd', 'c s c d s d s c', 'y']], { c: u8(1), d: s8(1), s: scalar(1) })
})
