import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantizeNodes } from '../../../src/graph/passes/quantize-nodes.js'
import { Tensor } from '../../../src/value.js'
import { codes, f32, noise, s8, scalar, smallGraph, u8, type NodeSpec, type SmallGraph } from './small-graph.js'

const X = { x: codes('uint8', [1, 4, 5, 5]), a: codes('uint8', [3, 8]) }
const SX = Math.fround(0.02)
const PARAMS = {
  xs: scalar(SX), xz: u8(120), ys: scalar(0.05), yz: u8(100), w: codes('int8', [6, 4, 3, 3], 2), ws: scalar(0.01), wz: s8(0),
  wsPer: f32([0.01, 0.02, 0.03, 0.04, 0.05, 0.06]), wzPer: new Tensor('int8', [0, 0, 0, 0, 0, 0]),
  b: new Tensor('int32', [1, -2, 3, -4, 5, -6]), bs: scalar(SX * Math.fround(0.01)), bsPer: f32([0.0002, 0.0004, 0.0006, 0.0008, 0.001, 0.0012]), bz: new Tensor('int32', [0], []),
  bsWrong: scalar(0.001), bf: noise([6]), m: codes('int8', [8, 6], 3),
}
const DQ = (from: string, to: string, params: string, attributes = {}): NodeSpec => ['DequantizeLinear', `${from} ${params}`, to, attributes]
const Q: NodeSpec = ['QuantizeLinear', 'y ys yz', 'out']
const BEFORE = [DQ('x', 'xf', 'xs xz'), DQ('a', 'af', 'xs xz'), DQ('w', 'wf', 'ws wz'), DQ('m', 'mf', 'ws wz')]
const after = (...nodes: NodeSpec[]): SmallGraph => smallGraph(X, PARAMS, [...BEFORE, ...nodes], 'out').after(quantizeNodes)

test('Conv takes codes, per-channel scales and an int32 bias', () => {
  const made = after(DQ('w', 'wper', 'wsPer wzPer', { axis: 0 }), DQ('b', 'bper', 'bsPer -', { axis: 0 }), ['Conv', 'xf wper bper', 'y', { group: 1 }], Q)
  assert.equal(made.ops, 'QLinearConv')
  assert.deepEqual(made.node('QLinearConv').inputs, ['x', 'xs', 'xz', 'w', 'wsPer', 'wzPer', 'ys', 'yz', 'b'])
  assert.deepEqual(made.node('QLinearConv').attributes, { group: 1 })
})

test('a float bias is divided by x_scale · w_scale and rounded', () => {
  const made = after(['Conv', 'xf wf bf', 'y'], Q)
  assert.equal(made.ops, 'Mul Div Round Cast QLinearConv')
  const [bias] = smallGraph({}, made.graph.constants.has('bf') ? PARAMS : {}, [['Mul', 'xs ws', 's'], ['Div', 'bf s', 't'], ['Round', 't', 'u'], ['Cast', 'u', 'v', { to: 6 }]], 'v').run()
  const step = Math.fround(SX * Math.fround(0.01))
  bias!.data.forEach((code: number | bigint, i: number) => assert.ok(Math.abs(Number(code) * step - Number(PARAMS.bf.data[i])) <= step / 1.99))
})

test('a bias of another scale keeps Conv a float operator', () => {
  assert.equal(after(DQ('b', 'bias', 'bsWrong bz'), ['Conv', 'xf wf bias', 'y'], Q).ops, 'DequantizeLinear DequantizeLinear DequantizeLinear Conv QuantizeLinear')
  assert.equal(after(DQ('b', 'bias', 'bs bz'), ['Conv', 'xf wf bias', 'y'], Q).ops, 'QLinearConv')
})

test('MatMul and Gemm take codes; without QuantizeLinear their result is float', () => {
  assert.equal(after(['MatMul', 'af mf', 'y'], Q).ops, 'QLinearMatMul')
  const gemm = after(DQ('b', 'bias', 'bs bz'), ['Gemm', 'af mf bias', 'y'], Q).node('com.microsoft:QGemm')
  assert.deepEqual(gemm.inputs, ['a', 'xs', 'xz', 'm', 'ws', 'wz', 'b', 'ys', 'yz'])
  assert.deepEqual(after(['MatMul', 'af mf', 'out']).node('com.microsoft:MatMulIntegerToFloat').inputs, ['a', 'm', 'xs', 'ws', 'xz', 'wz'])
  assert.deepEqual(after(['Gemm', 'af mf -', 'out']).node('com.microsoft:QGemm').inputs, ['a', 'xs', 'xz', 'm', 'ws', 'wz', ''])
})

test('a Gemm that scales its bias or counts down stays float', () => {
  assert.match(after(DQ('b', 'bias', 'bs bz'), ['Gemm', 'af mf bias', 'y', { beta: 0.5 }], Q).ops, / Gemm /)
  assert.match(after(['Gemm', 'af mf', 'y', { alpha: -1 }], Q).ops, / Gemm /)
})

test('Add, Mul and averages take codes of one type', () => {
  assert.equal(after(['Add', 'xf xf', 'y'], Q).ops, 'com.microsoft:QLinearAdd')
  assert.equal(after(['Mul', 'xf xf', 'y'], Q).ops, 'com.microsoft:QLinearMul')
  assert.equal(after(['GlobalAveragePool', 'xf', 'y'], Q).ops, 'com.microsoft:QLinearGlobalAveragePool')
  assert.deepEqual(after(['AveragePool', 'xf', 'y', { kernel_shape: [2, 2] }], Q).node('com.microsoft:QLinearAveragePool').attributes, { kernel_shape: [2, 2] })
  const mixed = smallGraph(X, { ...PARAMS, yz: s8(0) }, [...BEFORE, ['Add', 'xf xf', 'y'], Q], 'out').after(quantizeNodes)
  assert.equal(mixed.ops, 'DequantizeLinear Add QuantizeLinear')
})

test('a sum that is also read as a float stays float', () => {
  const chain = smallGraph(X, PARAMS, [...BEFORE, ['Add', 'xf xf', 'y'], Q, DQ('out', 'z', 'ys yz'), ['Add', 'y z', 'end']], 'end').after(quantizeNodes)
  assert.equal(chain.ops, 'DequantizeLinear Add QuantizeLinear DequantizeLinear Add')
  const handed = smallGraph(X, PARAMS, [...BEFORE, ['Add', 'xf xf', 'y'], Q], 'out', 'y').after(quantizeNodes)
  assert.equal(handed.ops, 'DequantizeLinear Add QuantizeLinear')
})

test('a zero point left out is zero, of the type of the codes', () => {
  const made = smallGraph(X, PARAMS, [['DequantizeLinear', 'x xs', 'xf'], DQ('w', 'wf', 'ws wz'), ['Conv', 'xf wf', 'y'], ['QuantizeLinear', 'y ys', 'out']], 'out').after(quantizeNodes)
  const conv = made.node('QLinearConv')
  for (const i of [2, 7]) assert.deepEqual(made.graph.constants.get(conv.inputs[i]!), u8(0))
})

test('parameters computed in the run, and other axes, keep operators float', () => {
  const computed = smallGraph({ ...X, s: scalar(0.1) }, PARAMS, [['DequantizeLinear', 'x s xz', 'xf'], DQ('w', 'wf', 'ws wz'), ['Conv', 'xf wf', 'y'], Q], 'out').after(quantizeNodes)
  assert.match(computed.ops, / Conv /)
  const nodes = [DQ('x', 'xf', 'xs xz'), DQ('w', 'wf', 'wsPer wzPer', { axis: 1 }), ['Conv', 'xf wf', 'y'] as NodeSpec, Q]
  const axis = smallGraph(X, { ...PARAMS, wsPer: f32([1, 2, 3, 4]), wzPer: new Tensor('int8', [0, 0, 0, 0]) }, nodes, 'out').after(quantizeNodes)
  assert.match(axis.ops, / Conv /)
})
