/** What the writer chooses: opset, IR version, imports, kinds of attributes. That it reads back is in roundtrip.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError } from '../../../src/errors.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { encodeModel, type EncodeOptions } from '../../../src/formats/onnx/encode.js'
import { MODEL, type ModelProto } from '../../../src/formats/onnx/schema.js'
import { readMessage } from '../../../src/formats/onnx/wire.js'
import type { Graph, Node } from '../../../src/graph/graph.js'
import { Tensor } from '../../../src/value.js'

const one = (node: Partial<Node>): Graph => ({
  name: 'g', inputs: [{ name: 'x', dtype: 'float16', dims: [1, 'n', null] }], outputs: [{ name: 'y', dtype: 'int4', dims: null }], constants: new Map(),
  nodes: [{ name: 'n', op: 'Relu', domain: '', inputs: ['x', '', 'x'], outputs: ['y'], attributes: {}, ...node }],
})
const proto = (graph: Graph, options?: EncodeOptions): ModelProto => readMessage<ModelProto>(encodeModel(graph, options), MODEL)

test('opset: 21, or what the operators and attributes need; IR version to match', () => {
  const versions = (node: Partial<Node>, options?: EncodeOptions) => { const { irVersion, opsets } = proto(one(node), options); return [opsets![0]!.version, irVersion] }
  assert.deepEqual(versions({}), [21, 10])
  assert.deepEqual(versions({ op: 'RMSNormalization' }), [23, 11])
  assert.deepEqual(versions({ op: 'Swish' }), [24, 12])
  assert.deepEqual(versions({ op: 'CumProd' }), [26, 13])
  assert.deepEqual(versions({ op: 'Cast', attributes: { to: 1, round_mode: 'up' } }), [24, 12])
  assert.deepEqual(versions({ op: 'If', attributes: { then_branch: one({ op: 'Swish' }) } }), [24, 12])
  assert.deepEqual(versions({}, { opset: 22 }), [22, 10])
  for (const opset of [20, 28, NaN]) assert.throws(() => encodeModel(one({}), { opset }), (e) => e instanceof OctavoError && e.code === 'OPTION_INVALID')
  assert.throws(() => encodeModel(one({ op: 'Swish' }), { opset: 23 }), (e) => e instanceof OctavoError && e.code === 'OPTION_INVALID')
})

test('domains are imported, in subgraphs too, and the producer is named', () => {
  const graph = one({ op: 'If', attributes: { then_branch: one({ domain: 'com.microsoft', op: 'QLinearAdd' }) } })
  const model = proto(graph, { producer: 'me', producerVersion: '1.2' })
  assert.deepEqual(model.opsets!.map((o) => [o.domain ?? '', o.version]), [['', 21], ['com.microsoft', 1]])
  assert.deepEqual([model.producer, model.producerVersion], ['me', '1.2'])
})

test('attributes are written as the kind that the operator declares', () => {
  const attributes = { alpha: 1, axis: 1, epsilon: 0.5, scales: [1, 2], axes: [1, 2], some: [0.5, 1], mode: 'edge', strings: ['a', 'b'], empty: [], value: new Tensor('uint4', Uint8Array.of(1, 2, 3)) }
  const written = proto(one({ attributes })).graph!.nodes![0]!.attributes!
  assert.deepEqual(Object.fromEntries(written.map((a) => [a.name, a.type])), { alpha: 1, axis: 2, epsilon: 1, scales: 6, axes: 7, some: 6, mode: 3, strings: 8, empty: 7, value: 4 })
  assert.deepEqual(decodeModel(encodeModel(one({ attributes }))).nodes[0]!.attributes, attributes)
})

test('a seed is an integer in Dropout, a float elsewhere', () => {
  const typeOf = (op: string) => proto(one({ op, attributes: { seed: 3 } })).graph!.nodes![0]!.attributes![0]!.type
  assert.deepEqual([typeOf('Dropout'), typeOf('RandomNormal')], [2, 1])
})

test('dims that are symbols, open, or without a rank come back; so do metadata', () => {
  const graph: Graph = { ...one({}), metadata: new Map([['labels', 'äöü'], ['', 'x'.repeat(300)]]), constants: new Map([['c', new Tensor('bool', Uint8Array.of(1, 0))]]) }
  assert.deepEqual(decodeModel(encodeModel(graph)), graph)
})
