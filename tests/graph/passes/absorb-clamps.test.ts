import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absorbClamps } from '../../../src/graph/passes/absorb-clamps.js'
import { quantizeNodes } from '../../../src/graph/passes/quantize-nodes.js'
import { tabulate } from '../../../src/graph/passes/tabulate.js'
import { assertSameBits, codes, noise, s8, scalar, smallGraph, u8, type NodeSpec, type SmallGraph } from './small-graph.js'

const x = noise([1, 4, 6, 6], 8)
const chain = (zero: number, clamp: NodeSpec, high = 6): SmallGraph =>
  smallGraph({ x }, { s: scalar(6 / 255), z: u8(zero), low: scalar(0), high: scalar(high) }, [clamp, ['QuantizeLinear', 'y s z', 'out']], 'out')

test('a clamp that codes cannot leave vanishes', () => {
  for (const [zero, clamp] of [[0, ['Relu', 'x', 'y']], [0, ['Clip', 'x low high', 'y']], [0, ['Clip', 'x low', 'y']], [77, ['Clip', 'x', 'y']]] as [number, NodeSpec][]) {
    const before = chain(zero, clamp)
    const made = before.after(absorbClamps)
    assert.equal(made.ops, 'QuantizeLinear')
    assertSameBits(made, before)
  }
})

test('a clamp that cuts codes stays', () => {
  assert.equal(chain(1, ['Relu', 'x', 'y']).after(absorbClamps).ops, 'Relu QuantizeLinear')
  assert.equal(chain(0, ['Clip', 'x low high', 'y'], 5.9).after(absorbClamps).ops, 'Clip QuantizeLinear')
})

test('a clamp between ends that round to the last codes vanishes too', () => {
  const before = chain(0, ['Clip', 'x low high', 'y'], 5.99)
  const made = before.after(absorbClamps)
  assert.equal(made.ops, 'QuantizeLinear')
  assertSameBits(made, before)
})

test('behind an int8 operator, the codes are clamped', () => {
  const nodes: NodeSpec[] = [['DequantizeLinear', 'q s z', 'a'], ['DequantizeLinear', 'w s z', 'b'], ['Conv', 'a b', 'y'], ['Relu', 'y', 'r'], ['QuantizeLinear', 'r t z', 'out']]
  const graph = smallGraph({ q: codes('int8', [1, 2, 5, 5]) }, { w: codes('int8', [3, 2, 2, 2]), s: scalar(0.01), t: scalar(0.02), z: s8(0) }, nodes, 'out').after(absorbClamps, quantizeNodes)
  assert.equal(graph.ops, 'QLinearConv DequantizeLinear Relu QuantizeLinear')
  const made = graph.after(tabulate)
  assert.match(made.ops, /octavo:Lookup$/)
  assertSameBits(made, graph)
  const [y] = made.run()
  assert.ok(Array.from(y!.data as Int8Array).some((v) => v === 0) && Array.from(y!.data as Int8Array).every((v) => v >= 0))
})

test('clamping codes is clamping numbers', () => {
  for (const [low, high] of [[-0.3, 0.7], [0, 6], [-1e9, 0.013]] as const) {
    const constants = { s: scalar(0.0371), z: s8(-5), low: scalar(low), high: scalar(high) }
    const direct = smallGraph({ x }, constants, [['Clip', 'x low high', 'c'], ['QuantizeLinear', 'c s z', 'out']], 'out')
    const early = smallGraph({ x }, constants, [['QuantizeLinear', 'x s z', 'q'], ['DequantizeLinear', 'q s z', 'd'], ['Clip', 'd low high', 'c'], ['QuantizeLinear', 'c s z', 'out']], 'out')
    assertSameBits(early, direct)
  }
})
