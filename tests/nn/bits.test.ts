/** Eager results are those of a plan of the same operator, and of every tier. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEager } from '../../src/autograd/runtime.js'
import { randn } from '../../src/autograd/random.js'
import { Tensor } from '../../src/autograd/tensor.js'
import type { Attribute, Graph } from '../../src/graph/graph.js'
import * as F from '../../src/entry/torch/nn/functional.js'
import { GraphSession } from '../../src/session.js'
import { Tensor as Value } from '../../src/value.js'
import { loadedTiers } from '../support/sessions.js'
import { decode, flat, golden, make } from './golden.js'

const bytesOf = (t: Tensor): Uint8Array => new Uint8Array(t.toArray().buffer)

test('every layer gives the same bits in every tier', () => {
  const results = loadedTiers().map(([, tier]) => {
    startEager(tier)
    return golden.modules.filter((c) => !(c.train && c.name.startsWith('Dropout'))).map((c) => {
      const layer = make(c.name, c.args).train(c.train)
      layer.loadStateDict(decode(c.state) as Record<string, Tensor>)
      return flat(layer(...decode(c.inputs) as unknown[])).map(bytesOf)
    })
  })
  for (const other of results.slice(1)) other.forEach((r, i) => assert.deepEqual(r, results[0]![i], `${golden.modules[i]!.name}(${JSON.stringify(golden.modules[i]!.args)})`))
  console.log(`${results[0]!.length} layers alike in ${loadedTiers().map(([name]) => name).join(', ')}`)
})

const value = (t: Tensor): Value => new Value('float32', t.toArray(), t.shape)

/** One ONNX node over float32 inputs, as a session runs it. */
function session(tier: Parameters<typeof startEager>[0], op: string, inputs: readonly Tensor[], attributes: Readonly<Record<string, Attribute>>): Value {
  const names = inputs.map((_, i) => `x${i}`)
  const graph: Graph = {
    name: op, nodes: [{ name: op, op, domain: '', inputs: names, outputs: ['y'], attributes }], outputs: [{ name: 'y', dtype: 'float32', dims: null }],
    inputs: [{ name: 'x0', dtype: 'float32', dims: [...inputs[0]!.shape] }], constants: new Map(inputs.slice(1).map((t, i) => [`x${i + 1}`, value(t)])),
  }
  return new GraphSession(graph, tier, 1 << 20).runSync({ x0: value(inputs[0]!) })['y']!
}

test('an operation gives the bits of a session over the same operator', () => {
  for (const [, tier] of loadedTiers()) {
    startEager(tier)
    const [image, weight, bias] = [randn([2, 5, 9, 8]), randn([7, 5, 3, 3]), randn([7])]
    const [rows, matrix, columns] = [randn([3, 19]), randn([6, 19]), randn([6])]
    const pairs: [Tensor, Value][] = [
      [F.conv2d(image, weight, bias, { stride: 2, padding: 1 }), session(tier, 'Conv', [image, weight, bias], { strides: [2, 2], pads: [1, 1, 1, 1] })],
      [F.conv2d(image.contiguous('channels_last'), weight, bias), session(tier, 'Conv', [image, weight, bias], {})],
      [F.linear(rows, matrix, columns), session(tier, 'Gemm', [rows, matrix, columns], { transB: 1 })],
      [F.softmax(rows, 1), session(tier, 'Softmax', [rows], { axis: 1 })],
      [F.gelu(image), session(tier, 'Gelu', [image], {})],
      [F.avgPool2d(image, 3, { stride: 2, padding: 1 }), session(tier, 'AveragePool', [image], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 })],
    ]
    for (const [eager, planned] of pairs) assert.deepEqual([eager.shape, bytesOf(eager)], [planned.dims, new Uint8Array(planned.data.buffer)])
  }
})
