/** What the reader makes of whole models: names, order, constants, subgraphs, functions, and what it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError, type ErrorCode } from '../../../src/errors.js'
import { decodeModel, openModel } from '../../../src/formats/onnx/decode.js'
import { EXTERNAL, type GraphProto, type TensorProto } from '../../../src/formats/onnx/schema.js'
import type { Graph } from '../../../src/graph/graph.js'
import { attr, floats, longs, modelBytes, node, read, value } from './model.js'

const fails = (code: ErrorCode, pattern: RegExp, run: () => unknown): void =>
  assert.throws(run, (e) => e instanceof OctavoError && e.code === code && pattern.test(e.message) || assert.fail(`expected ${code} ${pattern}, got ${e}`))

const relu = node('Relu', ['x'], ['y'])
const subgraph = (nodes: GraphProto['nodes'], output: string, more: GraphProto = {}): GraphProto => ({ name: 's', outputs: [{ name: output }], nodes, ...more })

test('inputs and outputs keep their types: numbers, symbols, nothing; no shape is an open rank', () => {
  const graph = read(21, { inputs: [value('x', [1, 'n', -1, '']), { name: 'z', type: { tensor: { dtype: 7 } } }], nodes: [relu], initializers: [] })
  assert.deepEqual(graph.inputs, [{ name: 'x', dtype: 'float32', dims: [1, 'n', null, null] }, { name: 'z', dtype: 'int64', dims: null }])
  assert.deepEqual(graph.outputs, [{ name: 'y', dtype: 'float32', dims: [1] }])
  assert.equal(read(21, { inputs: [value('x', [])], nodes: [relu] }).inputs[0]!.dims!.length, 0)
})

test('an initializer that is also listed as an input is a constant', () => {
  const graph = read(8, { inputs: [value('x'), value('w')], initializers: [floats('w', [3])], nodes: [node('Add', ['x', 'w'], ['y'])] }, { irVersion: 3 })
  assert.deepEqual(graph.inputs.map((i) => i.name), ['x'])
  assert.deepEqual(graph.constants.get('w')!.data, Float32Array.of(3))
})

test('nodes get unique names, made up where the file gives none', () => {
  const graph = read(21, { nodes: [node('Relu', ['x'], ['a']), node('Relu', ['a'], ['b'], [], { name: 'twin' }), node('Relu', ['b'], ['y'], [], { name: 'twin' })] })
  assert.deepEqual(graph.nodes.map((n) => n.name), ['Relu_a', 'twin', 'twin_1'])
})

test('the domain ai.onnx is the empty one', () => {
  const graph = read(21, { nodes: [node('Relu', ['x'], ['y'], [], { domain: 'ai.onnx' })] }, { opsets: [{ domain: 'ai.onnx', version: 21 }] })
  assert.equal(graph.nodes[0]!.domain, '')
})

test('Constant nodes become constants, in every form', () => {
  const constants: [Parameters<typeof node>[3], string, ArrayLike<number | bigint>, number[]][] = [
    [[attr.tensor('value', floats('', [1, 2]))], 'float32', [1, 2], [2]],
    [[attr.float('value_float', 0.5)], 'float32', [0.5], []],
    [[attr.floats('value_floats', [1, 0.25])], 'float32', [1, 0.25], [2]],
    [[attr.int('value_int', -3)], 'int64', [-3n], []],
    [[attr.ints('value_ints', [4, 5, 6])], 'int64', [4n, 5n, 6n], [3]],
    [[{ name: 'sparse_value', type: 11, sparse: { values: floats('', [7]), indices: longs('', [2]), dims: [4] } }], 'float32', [0, 0, 7, 0], [4]],
  ]
  for (const [attributes, dtype, data, dims] of constants) {
    const graph = read(21, { nodes: [node('Constant', [], ['c'], attributes), relu] })
    const tensor = graph.constants.get('c')!
    assert.deepEqual([tensor.dtype, Array.from(tensor.data as ArrayLike<number | bigint>), tensor.dims, graph.nodes.length], [dtype, Array.from(data), dims, 1])
  }
  fails('DTYPE_UNSUPPORTED', /strings/, () => read(21, { nodes: [node('Constant', [], ['c'], [attr.string('value_string', 's')]), relu] }))
  fails('ATTRIBUTE_UNSUPPORTED', /begins with "value"/, () => read(21, { nodes: [node('Constant', [], ['c']), relu] }))
})

test('attributes of every kind; those without a type are told by what they hold', () => {
  const all = [attr.int('i', -1), attr.float('f', 0.5), attr.string('s', 'é'), attr.ints('is', [1, -2]), attr.floats('fs', [1, 2]), { name: 'ss', type: 8, strings: ['a', ''] }, attr.tensor('t', longs('', [9]))]
  for (const attributes of [all, all.map(({ type: _, ...rest }) => rest)]) {
    const { t, ...rest } = read(21, { nodes: [node('Relu', ['x'], ['y'], attributes)] }).nodes[0]!.attributes
    assert.deepEqual(rest, { i: -1, f: 0.5, s: 'é', is: [1, -2], fs: [1, 2], ss: ['a', ''] })
    assert.ok(typeof t === 'object' && 'dtype' in t && t.dtype === 'int64')
  }
  fails('ATTRIBUTE_UNSUPPORTED', /"types".*type 13/, () => read(21, { nodes: [node('Relu', ['x'], ['y'], [{ name: 'types', type: 13 }])] }))
})

test('an attribute called __proto__ is an attribute', () => {
  const { attributes } = read(21, { nodes: [node('Relu', ['x'], ['y'], [attr.ints('__proto__', [1])])] }).nodes[0]!
  assert.equal(Object.getPrototypeOf(attributes), Object.prototype)
  assert.deepEqual(Object.keys(attributes), ['__proto__'])
})

test('integers beyond 2^53 are clamped in attributes and exact in tensors', () => {
  const graph = read(21, { initializers: [longs('w', [2n ** 63n - 1n, -(2n ** 63n), -1, 2 ** 53 + 2])], nodes: [node('Relu', ['x'], ['y'], [attr.int('end', 2 ** 62)])] })
  assert.equal(graph.nodes[0]!.attributes['end'], Number.MAX_SAFE_INTEGER)
  assert.deepEqual(graph.constants.get('w')!.data, BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), -1n, 2n ** 53n + 2n))
})

const ifNode = (thenBranch: GraphProto, elseBranch: GraphProto) => node('If', ['c'], ['y'], [attr.graph('then_branch', thenBranch), attr.graph('else_branch', elseBranch)])
const condition = value('c', [], 'bool')

test('subgraphs see the values around them; names written twice in a model are made unique', () => {
  const graph = read(21, {
    inputs: [value('x'), condition],
    nodes: [node('Relu', ['x'], ['a']), ifNode(subgraph([node('Neg', ['a'], ['t'])], 't'), subgraph([node('Abs', ['a'], ['t']), node('Neg', ['t'], ['z'])], 'z')), node('Relu', ['y'], ['z'])],
    outputs: [value('z')],
  })
  const [thenGraph, elseGraph] = [graph.nodes[1]!.attributes['then_branch'] as Graph, graph.nodes[1]!.attributes['else_branch'] as Graph]
  assert.deepEqual(thenGraph.nodes.map((n) => [n.inputs, n.outputs]), [[['a'], ['t']]])
  assert.deepEqual(elseGraph.nodes.map((n) => [n.inputs, n.outputs]), [[['a'], ['t_1']], [['t_1'], ['z_1']]])
  assert.deepEqual(elseGraph.outputs, [{ name: 'z_1', dtype: 'float32', dims: null }])
  assert.deepEqual(graph.outputs.map((o) => o.name), ['z'])
})

test('a subgraph does not see values of its sibling, of its own node, or of later ones', () => {
  const inner = (name: string) => ({ inputs: [value('x'), condition], nodes: [ifNode(subgraph([node('Neg', ['x'], ['t'])], 't'), subgraph([node('Neg', [name], ['e'])], 'e')), node('Relu', ['y'], ['later'])], outputs: [value('later')] })
  for (const name of ['t', 'y', 'later']) fails('GRAPH_INVALID', new RegExp(`reads "${name}"`), () => read(21, inner(name)))
  assert.ok(read(21, inner('x')))
})

const square = { name: 'Square', domain: 'mine', inputs: ['v'], outputs: ['w'], nodes: [node('Mul', ['v', 'v'], ['m']), node('Neg', ['m'], ['w'])], opsets: [{ domain: '', version: 21 }] }
const mine = (functions: object[]) => ({ functions, opsets: [{ domain: '', version: 21 }, { domain: 'mine', version: 1 }] })
const callSquare = (from: string, to: string) => node('Square', [from], [to], [], { domain: 'mine' })

test('functions are inlined, their values renamed', () => {
  const graph = read(21, { nodes: [callSquare('x', 'a'), callSquare('a', 'y')] }, mine([square]))
  assert.deepEqual(graph.nodes.map((n) => [n.op, n.inputs, n.outputs]), [
    ['Mul', ['x', 'x'], ['m']], ['Neg', ['m'], ['a']], ['Mul', ['a', 'a'], ['m_1']], ['Neg', ['m_1'], ['y']],
  ])
})

test('attributes of a function: given, defaulted, left out', () => {
  const leaky = {
    name: 'Leaky', domain: 'mine', inputs: ['v'], outputs: ['w'], defaults: [attr.float('slope', 0.5)],
    nodes: [node('LeakyRelu', ['v'], ['w'], [{ name: 'alpha', type: 1, reference: 'slope' }, { name: 'beta', type: 1, reference: 'absent' }])],
  }
  const alphaOf = (attributes: Parameters<typeof node>[3]) => read(21, { nodes: [node('Leaky', ['x'], ['y'], attributes, { domain: 'mine' })] }, mine([leaky])).nodes[0]!.attributes
  assert.deepEqual(alphaOf([attr.float('slope', 0.25)]), { alpha: 0.25 })
  assert.deepEqual(alphaOf([]), { alpha: 0.5 })
})

test('a function is read at its own opset, hands an input through, and may leave one out', () => {
  const old = { name: 'Old', domain: 'mine', inputs: ['v', 'gone'], outputs: ['w', 'v'], nodes: [node('Squeeze', ['v'], ['w'], [attr.ints('axes', [0])]), node('Clip', ['v', 'gone'], ['unused'])], opsets: [{ domain: '', version: 12 }] }
  const graph = read(21, { nodes: [node('Old', ['x'], ['y', 'copy'], [], { domain: 'mine' })], outputs: [value('y'), value('copy')] }, mine([old]))
  assert.deepEqual(graph.nodes.map((n) => [n.op, n.inputs.length, n.outputs]), [['Squeeze', 2, ['y']], ['Clip', 2, ['unused']], ['Identity', 1, ['copy']]])
  assert.equal(graph.nodes[1]!.inputs[1], '')
})

test('functions that call themselves, or each other without end, are refused', () => {
  const self = { ...square, nodes: [node('Square', ['v'], ['w'], [], { domain: 'mine' })] }
  fails('GRAPH_INVALID', /unfold/, () => read(21, { nodes: [callSquare('x', 'y')] }, mine([self])))
  const doubling = Array.from({ length: 25 }, (_, i) => ({ name: `F${i}`, domain: 'mine', inputs: ['v'], outputs: ['w'],
    nodes: [node(`F${i + 1}`, ['v'], ['m'], [], { domain: 'mine' }), node(`F${i + 1}`, ['m'], ['w'], [], { domain: 'mine' })] }))
  const last = { ...square, name: 'F25' }
  fails('GRAPH_INVALID', /unfold/, () => read(21, { nodes: [node('F0', ['x'], ['y'], [], { domain: 'mine' })] }, mine([...doubling, last])))
})

test('graphs that are wrong are refused by name', () => {
  fails('GRAPH_INVALID', /Relu "y" reads "b"/, () => read(21, { nodes: [node('Relu', ['b'], ['y']), node('Relu', ['x'], ['b'])] }))
  fails('GRAPH_INVALID', /writes "y", which is already written/, () => read(21, { nodes: [relu, relu] }))
  fails('GRAPH_INVALID', /writes "x"/, () => read(21, { nodes: [node('Relu', ['x'], ['x'])] }))
  fails('GRAPH_INVALID', /output "y"/, () => read(21, { nodes: [node('Relu', ['x'], ['z'])] }))
  fails('GRAPH_INVALID', /no outputs/, () => read(21, { nodes: [relu], outputs: [] }))
  fails('GRAPH_INVALID', /no op_type/, () => read(21, { nodes: [node('', ['x'], ['y'])] }))
  fails('GRAPH_INVALID', /input "".*no name/, () => read(21, { inputs: [{ ...value('') }], nodes: [relu] }))
  fails('GRAPH_INVALID', /no version of ai\.onnx/, () => read(21, { nodes: [relu] }, { opsets: [{ domain: 'mine', version: 1 }] }))
  fails('DTYPE_UNSUPPORTED', /input "x": expected a tensor, got no type/, () => read(21, { inputs: [{ name: 'x' }], nodes: [relu] }))
  fails('DTYPE_UNSUPPORTED', /got string/, () => read(21, { inputs: [{ name: 'x', type: { tensor: { dtype: 8 } } }], nodes: [relu] }))
  for (const opset of [0, 6, 28]) fails('OP_UNSUPPORTED', new RegExp(`opset ${opset}\\b`), () => read(opset, { nodes: [relu] }))
  assert.equal(read(1, { nodes: [node('Not', ['x'], ['y'])] }).nodes[0]!.op, 'Not', 'an operator that opset 7 left as it was is read from before it')
})

test('nesting without end is refused', () => {
  let graph: GraphProto = subgraph([node('Neg', ['x'], ['d'])], 'd')
  for (let i = 0; i < 60; i++) graph = subgraph([node('If', ['c'], [`d${i}`], [attr.graph('then_branch', graph)])], `d${i}`)
  fails('MODEL_MALFORMED', /nested/, () => read(21, { ...graph, inputs: [value('x'), condition] }))
})

test('bytes that are no model', () => {
  fails('MODEL_MALFORMED', /expected a graph, got none/, () => decodeModel(new Uint8Array(0)))
  fails('MODEL_TRUNCATED', /./, () => decodeModel(Uint8Array.of(0x3a, 0x80)))
  fails('MODEL_MALFORMED', /wire type 6/, () => decodeModel(Uint8Array.of(0x06)))
  fails('MODEL_MALFORMED', /wire type 0, expected 2/, () => decodeModel(Uint8Array.of(0x38, 0x01)))
  fails('MODEL_MALFORMED', /varint/, () => decodeModel(new Uint8Array(32).fill(0xff)))
  const whole = modelBytes(21, { initializers: [floats('w', [1, 2, 3])], nodes: [relu] })
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => decodeModel(whole.subarray(0, length)), (e) => e instanceof OctavoError && ['MODEL_TRUNCATED', 'MODEL_MALFORMED', 'GRAPH_INVALID'].includes(e.code), `cut at ${length}`)
  try { decodeModel(whole.subarray(0, whole.length - 1)) } catch (e) {
    const { offset, need, have } = (e as OctavoError).details as Record<string, number>
    assert.ok(need! > have! && offset! <= whole.length)
  }
})

test('bytes may be a Buffer in the middle of another, and unknown fields are skipped', () => {
  const bytes = modelBytes(21, { initializers: [floats('w', [1, 2, 3])], nodes: [relu] })
  const extra = Buffer.concat([Buffer.from('xyz'), bytes, Buffer.from([0xf8, 0x7f, 0x05, 0xfa, 0x7f, 0x02, 1, 2, 0xfd, 0x7f, 1, 2, 3, 4])])
  assert.deepEqual(decodeModel(extra.subarray(3)), decodeModel(bytes))
})

test('metadata are kept', () => {
  assert.deepEqual(read(21, { nodes: [relu] }, { metadata: [{ key: 'labels', value: 'a,b' }] }).metadata, new Map([['labels', 'a,b']]))
  assert.equal(read(21, { nodes: [relu] }).metadata, undefined)
})

test('external data: read where they are given, refused outside the file or the folder', () => {
  const external = (entries: Record<string, string>, dims = [2]): TensorProto =>
    ({ name: 'w', dims, dtype: 1, location: EXTERNAL, external: Object.entries(entries).map(([key, value]) => ({ key, value })) })
  const graph = (tensor: TensorProto) => ({ initializers: [tensor], nodes: [relu] })
  const file = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer)
  const decode = (entries: Record<string, string>, dims?: number[]) => read(21, graph(external(entries, dims)), {}, { externalData: new Map([['w.bin', file]]) }).constants.get('w')!
  assert.deepEqual(decode({ location: './w.bin', offset: '4', length: '8' }).data, Float32Array.of(2, 3))
  assert.deepEqual(decode({ location: 'w.bin' }, [4]).data, Float32Array.of(1, 2, 3, 4))
  assert.equal(decode({ location: 'w.bin' }, [4]).data.buffer, file.buffer)
  fails('SOURCE_UNREADABLE', /"other\.bin"/, () => decode({ location: 'other.bin' }))
  fails('MODEL_TRUNCATED', /expected 8 bytes, got 4/, () => decode({ location: 'w.bin', offset: '12', length: '8' }))
  fails('MODEL_TRUNCATED', /expected 8 bytes, got 0/, () => decode({ location: 'w.bin', offset: '99', length: '8' }))
  fails('MODEL_MALFORMED', /offset -4/, () => decode({ location: 'w.bin', offset: '-4', length: '8' }))
  fails('MODEL_MALFORMED', /offset NaN/, () => decode({ location: 'w.bin', offset: 'x', length: '8' }))
  for (const location of ['', '/etc/passwd', '../w.bin', 'a/../../w.bin', 'c:\\w.bin', 'a\\b', 'http://host/w', 'a/..', '%2E%2e/w', 'a/.%2e/w'])
    fails('MODEL_MALFORMED', /not below the model's folder/, () => decode({ location }))
  assert.deepEqual(openModel(modelBytes(21, graph(external({ location: './data/w.bin' })))).externalFiles(), ['data/w.bin'])
})
