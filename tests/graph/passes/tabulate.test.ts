import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tabulate } from '../../../src/graph/passes/tabulate.js'
import { Tensor } from '../../../src/value.js'
import { assertSameBits, codes, scalar, smallGraph, s8, u8, type NodeSpec } from './small-graph.js'

/** Every code once. */
const every = (dtype: 'uint8' | 'int8'): Tensor => new Tensor(dtype, Array.from({ length: 256 }, (_, i) => (dtype === 'int8' ? i - 128 : i)), [2, 8, 16])

const CONSTANTS = { s: scalar(0.04), z: u8(120), n: s8(-7), t: scalar(0.03), v: u8(9), two: new Tensor('float32', [2], [1, 1, 1]), low: scalar(-1), high: scalar(1.5) }
const chains: Record<string, NodeSpec[]> = {
  nothing: [['Identity', 'a', 'y']],
  Sigmoid: [['Sigmoid', 'a', 'y']],
  LeakyRelu: [['LeakyRelu', 'a', 'y', { alpha: 0.1 }]],
  'x · Sigmoid(x)': [['Sigmoid', 'a', 'b'], ['Mul', 'b a', 'y']],
  'x · Clip(x + 2) / 2': [['Add', 'two a', 'b'], ['Clip', 'b low high', 'c'], ['Mul', 'a c', 'd'], ['Div', 'd two', 'y']],
}

for (const [name, chain] of Object.entries(chains))
  for (const [from, to] of [['z', 'v'], ['n', 'n'], ['n', 'v']] as const)
    test(`${name} of codes is a table (${from} to ${to})`, () => {
      const before = smallGraph({ x: every(from === 'z' ? 'uint8' : 'int8') }, CONSTANTS, [['DequantizeLinear', `x s ${from}`, 'a'], ...chain, ['QuantizeLinear', `y t ${to}`, 'out']], 'out')
      const made = before.after(tabulate)
      assert.match(made.ops, /octavo:Lookup$/)
      assert.deepEqual(made.node('octavo:Lookup').inputs[0], 'x')
      assertSameBits(made, before)
    })

test('what depends on two codes, or grows, is no table', () => {
  const two: NodeSpec[] = [['DequantizeLinear', 'x s z', 'a'], ['DequantizeLinear', 'w s z', 'b'], ['Sub', 'a b', 'y'], ['QuantizeLinear', 'y t v', 'out']]
  assert.doesNotMatch(smallGraph({ x: codes('uint8', [4]), w: codes('uint8', [4]) }, CONSTANTS, two, 'out').after(tabulate).ops, /Lookup/)
  const grows: NodeSpec[] = [['DequantizeLinear', 'x s z', 'a'], ['Add', 'a two', 'y'], ['QuantizeLinear', 'y t v', 'out']]
  assert.doesNotMatch(smallGraph({ x: codes('uint8', [4]) }, CONSTANTS, grows, 'out').after(tabulate).ops, /Lookup/)
})

test('a long chain is left alone, however long', () => {
  const links = Array.from({ length: 20_000 }, (_, i): NodeSpec => ['Relu', `v${i}`, `v${i + 1}`])
  const nodes: NodeSpec[] = [['DequantizeLinear', 'x s z', 'v0'], ...links, ['QuantizeLinear', 'v20000 t v', 'out']]
  assert.doesNotMatch(smallGraph({ x: codes('uint8', [4]) }, CONSTANTS, nodes, 'out').after(tabulate).ops, /Lookup/)
})
