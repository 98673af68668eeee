import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moveQuantization } from '../../../src/graph/passes/move-quantization.js'
import { quantizeNodes } from '../../../src/graph/passes/quantize-nodes.js'
import { Tensor } from '../../../src/value.js'
import { assertClose, assertSameBits, codes, f32, ints, noise, s8, scalar, smallGraph, u8, type NodeSpec } from './small-graph.js'

const CONSTANTS = { s: scalar(0.03), z: u8(99), t: scalar(0.05), v: u8(3), shape: ints(2, 18), pads: ints(0, 0, 1, 0, 0, 1, 0, 2), from: ints(1), to: ints(3), axis: ints(2), one: scalar(1) }
const inputs = { x: codes('uint8', [1, 4, 3, 3]), y: codes('uint8', [1, 4, 3, 3], 2) }
const DQ: NodeSpec = ['DequantizeLinear', 'x s z', 'a']

for (const [name, node] of Object.entries<NodeSpec>({
  Reshape: ['Reshape', 'a shape', 'b'], Transpose: ['Transpose', 'a', 'b', { perm: [0, 2, 3, 1] }], Slice: ['Slice', 'a from to axis', 'b'],
  Pad: ['Pad', 'a pads', 'b'], MaxPool: ['MaxPool', 'a', 'b', { kernel_shape: [2, 2] }], Flatten: ['Flatten', 'a', 'b'],
}))
  test(`${name} moves codes`, () => {
    const before = smallGraph(inputs, CONSTANTS, [DQ, node, ['QuantizeLinear', 'b s z', 'out']], 'out')
    const made = before.after(moveQuantization)
    assert.equal(made.ops, `${name} Identity`)
    assertSameBits(made, before)
    const other = smallGraph(inputs, CONSTANTS, [DQ, node, ['QuantizeLinear', 'b t v', 'out']], 'out')
    assert.equal(other.after(moveQuantization).ops, `${name} DequantizeLinear QuantizeLinear`)
    assertSameBits(other.after(moveQuantization), other)
    const float = smallGraph(inputs, CONSTANTS, [DQ, node], 'b')
    assert.equal(float.after(moveQuantization).ops, `${name} DequantizeLinear`)
    assertSameBits(float.after(moveQuantization), float)
  })

test('chains of movement are crossed, and Split gives every part its own DequantizeLinear', () => {
  const nodes: NodeSpec[] = [DQ, ['Transpose', 'a', 'b', { perm: [0, 1, 3, 2] }], ['Split', 'b', 'c d', { axis: 1, num_outputs: 2 }], ['QuantizeLinear', 'c s z', 'out'], ['QuantizeLinear', 'd t v', 'last']]
  const before = smallGraph(inputs, CONSTANTS, nodes, 'out', 'last')
  const made = before.after(moveQuantization)
  assert.equal(made.ops, 'Transpose Split DequantizeLinear Identity QuantizeLinear')
  assertSameBits(made, before)
})

test('padding with another number than zero stays float', () => {
  assert.equal(smallGraph(inputs, CONSTANTS, [DQ, ['Pad', 'a pads one', 'b']], 'b').after(moveQuantization).ops, 'DequantizeLinear Pad')
})

test('Concat brings every input to the parameters of the output', () => {
  const nodes: NodeSpec[] = [DQ, ['DequantizeLinear', 'y t v', 'b'], ['Concat', 'a b', 'c', { axis: 1 }], ['QuantizeLinear', 'c s z', 'out']]
  const before = smallGraph(inputs, CONSTANTS, nodes, 'out')
  const made = before.after(moveQuantization)
  assert.equal(made.ops, 'DequantizeLinear QuantizeLinear Concat')
  assertSameBits(made, before)
})

test('Concat of equal parameters joins codes, whoever reads it', () => {
  const nodes: NodeSpec[] = [DQ, ['DequantizeLinear', 'y s z', 'b'], ['Concat', 'a b', 'c', { axis: 1 }]]
  const before = smallGraph(inputs, CONSTANTS, nodes, 'c')
  assert.equal(before.after(moveQuantization).ops, 'Concat DequantizeLinear')
  assertSameBits(before.after(moveQuantization), before)
})

test('QuantizeLinear crosses movement to an operator that can then take codes', () => {
  const w = { w: codes('int8', [2, 4, 2, 2], 3), wz: s8(0) }
  const nodes: NodeSpec[] = [DQ, ['DequantizeLinear', 'w s wz', 'f'], ['Conv', 'a f', 'c'], ['MaxPool', 'c', 'm', { kernel_shape: [2, 2] }], ['Flatten', 'm', 'g'], ['QuantizeLinear', 'g t v', 'out']]
  assert.equal(smallGraph(inputs, { ...CONSTANTS, ...w }, nodes, 'out').after(moveQuantization, quantizeNodes).ops, 'QLinearConv MaxPool Flatten')
})

test('per-channel parameters follow a Transpose and nothing else', () => {
  const w = { w: codes('int8', [5, 4], 3), ws: f32([0.1, 0.2, 0.3, 0.4, 0.5]) }
  const nodes = (node: NodeSpec): NodeSpec[] => [['DequantizeLinear', 'w ws -', 'f', { axis: 0 }], node]
  const before = smallGraph({ m: noise([3, 4]) }, { ...CONSTANTS, ...w }, nodes(['Transpose', 'f', 'g', { perm: [1, 0] }]), 'g')
  const made = before.after(moveQuantization)
  assert.equal(made.ops, 'Transpose DequantizeLinear')
  assert.equal(made.node('DequantizeLinear').attributes.axis, 1)
  assertSameBits(made, before)
  assert.equal(smallGraph({ m: noise([3, 4]) }, { ...CONSTANTS, ...w }, nodes(['Flatten', 'f', 'g']), 'g').after(moveQuantization).ops, 'DequantizeLinear Flatten')
})

test('a product by transposed weights takes codes, per channel too', () => {
  const constants = { ...CONSTANTS, w: codes('int8', [5, 3], 3), ws: f32([0.1, 0.2, 0.3, 0.4, 0.5]), wz: new Tensor('int8', [0, 0, 0, 0, 0]) }
  const nodes: NodeSpec[] = [DQ, ['DequantizeLinear', 'w ws wz', 'f', { axis: 0 }], ['Transpose', 'f', 'g', { perm: [1, 0] }], ['MatMul', 'a g', 'out']]
  const made = smallGraph(inputs, constants, nodes, 'out').after(moveQuantization, quantizeNodes)
  assert.equal(made.ops, 'Transpose com.microsoft:MatMulIntegerToFloat')
  assertClose(made, smallGraph(inputs, constants, nodes, 'out'))
})
