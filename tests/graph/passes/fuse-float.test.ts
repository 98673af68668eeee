import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shareCommonSubexpressions } from '../../../src/graph/passes/common-subexpressions.js'
import { foldBatchNorm } from '../../../src/graph/passes/fold-batch-norm.js'
import { fuseActivation } from '../../../src/graph/passes/fuse-activation.js'
import { fuseDynamicMatMul } from '../../../src/graph/passes/fuse-dynamic-matmul.js'
import { fuseMatMulBias } from '../../../src/graph/passes/fuse-matmul-bias.js'
import { fusePad } from '../../../src/graph/passes/fuse-pad.js'
import { fuseSwish } from '../../../src/graph/passes/fuse-swish.js'
import { mergeMovement } from '../../../src/graph/passes/merge-movement.js'
import { removeIdentities } from '../../../src/graph/passes/remove-identities.js'
import { Tensor } from '../../../src/value.js'
import { assertClose, assertSameBits, codes, f32, ints, noise, s8, scalar, smallGraph, u8, type NodeSpec } from './small-graph.js'

const x = noise([2, 4, 6, 5], 2, 7)
const positive = (n: number, seed: number): Tensor => f32(Array.from(noise([n], 0.4, seed).data as Float32Array, (v) => v + 0.6))
const CONSTANTS = {
  w: noise([3, 4, 3, 3], 1, 2), t: noise([4, 3, 2, 2], 1, 3), b: noise([3], 1, 4), scale: positive(3, 5), shift: noise([3], 1, 6), mean: noise([3], 1, 8), variance: positive(3, 9),
  perChannel: noise([3, 1, 1], 1, 10), one: scalar(0.7), zero: scalar(0), six: scalar(0.6), perColumn: noise([5], 1, 11), g: noise([4, 3], 1, 12), gt: noise([3, 4], 1, 13),
}
const BN = (from: string, to: string): NodeSpec => ['BatchNormalization', `${from} scale shift mean variance`, to, { epsilon: 1e-3 }]
const only = (ops: string): string => ops.split(' ').filter((op) => ['Conv', 'ConvTranspose', 'Gemm', 'BatchNormalization'].includes(op)).join(' ')

for (const [name, nodes] of Object.entries<NodeSpec[]>({
  'Conv with bias': [['Conv', 'x w b', 'y'], BN('y', 'out')],
  'Conv without bias': [['Conv', 'x w', 'y', { strides: [2, 1] }], BN('y', 'out')],
  ConvTranspose: [['ConvTranspose', 'x t b', 'y'], BN('y', 'out')],
  'Conv, Mul and Add': [['Conv', 'x w b', 'y'], ['Mul', 'perChannel y', 'z'], ['Add', 'z one', 'out']],
}))
  test(`batch norm folds into ${name}`, () => {
    const before = smallGraph({ x }, CONSTANTS, nodes, 'out')
    const made = before.after(foldBatchNorm)
    assert.equal(only(made.ops), nodes[0]![0])
    assert.equal(made.graph.nodes.at(-1)!.op, nodes[0]![0])
    assertClose(made, before)
  })

for (const [name, gemm] of Object.entries<NodeSpec>({ Gemm: ['Gemm', 'm g b', 'y'], 'transposed Gemm': ['Gemm', 'm gt b', 'y', { transB: 1, alpha: 0.5 }] }))
  test(`batch norm folds into ${name}`, () => {
    const before = smallGraph({ m: noise([5, 4]) }, CONSTANTS, [gemm, BN('y', 'out')], 'out')
    const made = before.after(foldBatchNorm)
    assert.equal(only(made.ops), 'Gemm')
    assertClose(made, before)
  })

test('batch norm stays where weights, or what is added, are not one constant per channel', () => {
  const untouched = (inputs: Record<string, Tensor>, ...nodes: NodeSpec[]): void => {
    const before = smallGraph(inputs, CONSTANTS, nodes, 'out')
    assert.equal(before.after(foldBatchNorm).ops, before.ops)
  }
  untouched({ x, v: CONSTANTS.w }, ['Conv', 'x v b', 'y'], BN('y', 'out'))
  untouched({ x }, ['Conv', 'x w b', 'y'], ['Mul', 'y b', 'out'])
  untouched({ x: noise([2, 4, 6, 7]) }, ['Conv', 'x w b', 'y'], ['Add', 'y perColumn', 'out'])
  const shared = smallGraph({ x }, CONSTANTS, [['Conv', 'x w b', 'y'], BN('y', 'z'), ['Conv', 'x w', 'v'], ['Add', 'y z', 'out']], 'out')
  assert.match(shared.after(foldBatchNorm).ops, /BatchNormalization/)
})

test('Relu and Clip become bounds of the operator before them', () => {
  for (const [op, inputs, min, max] of [['Relu', 'y', 0, undefined], ['Clip', 'y zero six', 0, Math.fround(0.6)], ['Clip', 'y - six', undefined, Math.fround(0.6)]] as const)
    for (const source of [['Conv', 'x w b', 'y'], ['ConvTranspose', 'x t', 'y'], ['Gemm', 'm g b', 'y'], ['MatMul', 'm g', 'y']] as NodeSpec[]) {
      const before = smallGraph({ x, m: noise([5, 4]) }, CONSTANTS, [source, [op, inputs, 'out']], 'out')
      const made = before.after(fuseActivation)
      assert.equal(made.ops, source[0])
      const { activation_min, activation_max } = made.node(source[0]).attributes
      assert.deepEqual([activation_min, activation_max], [min, max])
      assertSameBits(made, before)
    }
})

test('a second clamp stays, and so does one whose input has other readers', () => {
  assert.equal(smallGraph({ x }, CONSTANTS, [['Conv', 'x w', 'y'], ['Relu', 'y', 'z'], ['Clip', 'z zero six', 'out']], 'out').after(fuseActivation).ops, 'Conv Clip')
  assert.equal(smallGraph({ x }, CONSTANTS, [['Conv', 'x w', 'y'], ['Relu', 'y', 'z'], ['Add', 'y z', 'out']], 'out').after(fuseActivation).ops, 'Conv Relu Add')
})

test('x · Sigmoid(x) is Swish, x · HardSigmoid(x) HardSwish', () => {
  const chains: [string, NodeSpec][] = [['Swish', ['Sigmoid', 'x', 'y']], ['HardSwish', ['HardSigmoid', 'x', 'y', { alpha: Math.fround(1 / 6) }]]]
  for (const [op, gate] of chains)
    for (const order of ['x y', 'y x']) {
      const before = smallGraph({ x }, {}, [gate, ['Mul', order, 'out']], 'out')
      assert.equal(before.after(fuseSwish).ops, op)
      assertSameBits(before.after(fuseSwish), before)
    }
  assert.equal(smallGraph({ x, z: x }, {}, [['Sigmoid', 'x', 'y'], ['Mul', 'z y', 'out']], 'out').after(fuseSwish).ops, 'Sigmoid Mul')
  assert.equal(smallGraph({ x }, {}, [['HardSigmoid', 'x', 'y'], ['Mul', 'x y', 'out']], 'out').after(fuseSwish).ops, 'HardSigmoid Mul')
})

test('zeros around an image become padding of the convolution', () => {
  const pads = { pads: ints(0, 0, 1, 2, 0, 0, 0, 1), all: ints(0, 1, 1, 2, 0, 0, 0, 1), axes: ints(-1, 2), two: ints(1, 0, 0, 2) }
  const padded = (pad: NodeSpec, attributes = {}): string => {
    const before = smallGraph({ x }, { ...CONSTANTS, ...pads }, [pad, ['Conv', 'p w', 'out', attributes]], 'out')
    const made = before.after(fusePad)
    assertSameBits(made, before)
    return `${made.ops} ${made.graph.nodes.at(-1)!.attributes.pads}`
  }
  assert.equal(padded(['Pad', 'x pads', 'p']), 'Conv 1,2,0,1')
  assert.equal(padded(['Pad', 'x pads zero', 'p'], { pads: [0, 1, 1, 0] }), 'Conv 1,3,1,1')
  assert.equal(padded(['Pad', 'x two - axes', 'p']), 'Conv 0,1,2,0')
  assert.match(padded(['Pad', 'x pads one', 'p']), /^Pad Conv/)
  assert.match(padded(['Pad', 'x pads', 'p', { mode: 'edge' }]), /^Pad Conv/)
  assert.match(padded(['Pad', 'x pads', 'p'], { auto_pad: 'SAME_UPPER' }), /^Pad Conv/)
})

test('zero points around codes become padding of an int8 convolution', () => {
  const constants = { s: scalar(0.1), z: u8(7), w: codes('int8', [3, 4, 3, 3]), wz: s8(0), pads: ints(0, 0, 1, 1, 0, 0, 1, 1), other: u8(8) }
  const graph = (value: string) => smallGraph({ q: codes('uint8', [1, 4, 5, 5]) }, constants, [['Pad', `q pads ${value}`, 'p'], ['QLinearConv', 'p s z w s wz s z', 'out']], 'out')
  assert.equal(graph('z').after(fusePad).ops, 'QLinearConv')
  assertSameBits(graph('z').after(fusePad), graph('z'))
  assert.equal(graph('other').after(fusePad).ops, 'Pad QLinearConv')
})

test('movement in a row becomes one', () => {
  const constants = { shape: ints(4, 60), back: ints(2, 4, 30) }
  const turned = smallGraph({ x }, constants, [['Transpose', 'x', 'y', { perm: [0, 2, 3, 1] }], ['Transpose', 'y', 'out', { perm: [1, 0, 3, 2] }]], 'out')
  assert.equal(turned.after(mergeMovement).ops, 'Transpose')
  assertSameBits(turned.after(mergeMovement), turned)
  const reversed = smallGraph({ x }, constants, [['Transpose', 'x', 'y'], ['Transpose', 'y', 'z'], ['Relu', 'z', 'out']], 'out').after(mergeMovement, removeIdentities)
  assert.equal(reversed.ops, 'Relu')
  const shaped = smallGraph({ x }, constants, [['Reshape', 'x shape', 'y'], ['Flatten', 'y', 'z'], ['Reshape', 'z back', 'out']], 'out')
  assert.equal(shaped.after(mergeMovement).ops, 'Reshape')
  assertSameBits(shaped.after(mergeMovement), shaped)
})

test('what hands a value on vanishes; what the graph hands out keeps its name', () => {
  const nodes: NodeSpec[] = [['Identity', 'x', 'a'], ['Cast', 'a', 'b', { to: 1 }], ['Transpose', 'b', 'c', { perm: [0, 1, 2, 3] }], ['Relu', 'c', 'd'], ['Identity', 'd', 'out']]
  const before = smallGraph({ x }, {}, nodes, 'out')
  assert.equal(before.after(removeIdentities).ops, 'Relu Identity')
  assertSameBits(before.after(removeIdentities), before)
  const ones = smallGraph({ x: noise([1, 3, 1, 5]) }, { from: ints(-1), to: ints(-100), axis: ints(3), step: ints(-1) }, [['Slice', 'x from to axis step', 'y'], ['Relu', 'y', 'out']], 'out')
  assert.equal(ones.after(removeIdentities).ops, 'Slice Relu')
})

test('nodes that compute the same become one, and outputs keep their names', () => {
  const nodes: NodeSpec[] = [['Clip', 'x zero', 'a'], ['Clip', 'x nil', 'b'], ['LeakyRelu', 'a', 'c', { alpha: 0.1 }], ['LeakyRelu', 'b', 'd', { alpha: 0.2 }], ['LeakyRelu', 'b', 'out', { alpha: 0.1 }], ['Add', 'c d', 'e']]
  const before = smallGraph({ x }, { zero: scalar(0), nil: scalar(0) }, nodes, 'out', 'e')
  const made = before.after(shareCommonSubexpressions)
  assert.equal(made.ops, 'Clip LeakyRelu LeakyRelu Identity Add')
  assertSameBits(made, before)
})

test('constants of other types or signs of zero are not the same', () => {
  const before = smallGraph({ x }, { zero: scalar(0), minus: scalar(-0) }, [['Div', 'x zero', 'a'], ['Div', 'x minus', 'b'], ['Add', 'a b', 'out']], 'out')
  assert.equal(before.after(shareCommonSubexpressions).ops, before.ops)
})

test('a dynamically quantized product is one node, whichever way its factors are written', () => {
  const constants = { w: codes('int8', [8, 5]), ws: f32([0.01, 0.02, 0.03, 0.04, 0.05]), wz: s8(3), bias: noise([5]) }
  for (const [scales, product, sum] of [['as ws', 'c s', 'f bias'], ['ws as', 's c', 'bias f']] as const) {
    const nodes: NodeSpec[] = [['DynamicQuantizeLinear', 'a', 'q as az'], ['Mul', scales, 's'], ['MatMulInteger', 'q w az wz', 'i'], ['Cast', 'i', 'c', { to: 1 }], ['Mul', product, 'f'], ['Add', sum, 'out']]
    const before = smallGraph({ a: noise([3, 8]) }, constants, nodes, 'out')
    const made = before.after(fuseDynamicMatMul, fuseMatMulBias)
    assert.equal(made.ops, 'DynamicQuantizeLinear com.microsoft:MatMulIntegerToFloat')
    assertSameBits(made, before)
  }
})
