/** Every rewrite of an older form, as the nodes and constants that a model of that opset becomes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError } from '../../../src/errors.js'
import type { AttributeProto, TensorProto } from '../../../src/formats/onnx/schema.js'
import type { Graph } from '../../../src/graph/graph.js'
import { toInts } from '../../../src/value.js'
import { attr, floats, node, read, value } from './model.js'

type Shown = [op: string, inputs: unknown[], attributes: Record<string, unknown>]

/** The nodes of a graph, constants written as their contents ([] around one-dimensional ones) and made-up values as the operator behind them. */
function show(graph: Graph): Shown[] {
  const made = new Map(graph.nodes.flatMap((n) => n.outputs.map((o) => [o, n.op] as const)))
  const shown = (name: string): unknown => {
    const constant = graph.constants.get(name)
    if (!constant) return made.get(name) ?? name
    const values = constant.dtype === 'int64' ? toInts(constant) : Array.from(constant.data as Float32Array)
    return constant.dims.length ? values : values[0]
  }
  return graph.nodes.map((n) => [n.op, n.inputs.map(shown), n.attributes])
}

const upgraded = (opset: number, op: string, attributes: AttributeProto[], inputs = ['x'], more: { outputs?: string[]; initializers?: TensorProto[]; dtype?: 'float16' } = {}): Shown[] =>
  show(read(opset, {
    inputs: [value('x', [1], more.dtype), ...inputs.filter((n) => n && n !== 'x' && !more.initializers?.some((t) => t.name === n)).map((n) => value(n))],
    initializers: more.initializers ?? [], nodes: [node(op, inputs, more.outputs ?? ['y'], attributes)],
  }))

const same = (actual: unknown, expected: unknown): void => assert.deepStrictEqual(actual, expected)

test('Slice-1: starts, ends and axes', () => {
  same(upgraded(9, 'Slice', [attr.ints('starts', [1]), attr.ints('ends', [2 ** 60]), attr.ints('axes', [3])]), [['Slice', ['x', [1], [Number.MAX_SAFE_INTEGER], [3]], {}]])
  same(upgraded(9, 'Slice', [attr.ints('starts', [1]), attr.ints('ends', [2])]), [['Slice', ['x', [1], [2]], {}]])
  same(upgraded(10, 'Slice', [], ['x', 'a', 'b']), [['Slice', ['x', 'a', 'b'], {}]])
})

test('axes of Squeeze, Unsqueeze and ReduceSum become inputs at 13, those of other reductions at 18', () => {
  const axes = [attr.ints('axes', [0, -1]), attr.int('keepdims', 0)]
  for (const op of ['Squeeze', 'Unsqueeze', 'ReduceSum']) same(upgraded(12, op, axes), [[op, ['x', [0, -1]], { keepdims: 0 }]])
  for (const op of ['ReduceMax', 'ReduceMin', 'ReduceMean', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceSumSquare'])
    same(upgraded(17, op, axes), [[op, ['x', [0, -1]], { keepdims: 0 }]])
  same(upgraded(13, 'ReduceSum', [], ['x', 'axes']), [['ReduceSum', ['x', 'axes'], {}]])
  same(upgraded(18, 'ReduceMean', [], ['x', 'axes']), [['ReduceMean', ['x', 'axes'], {}]])
})

test('no axes, or an empty list of them, still means all', () => {
  same(upgraded(12, 'ReduceMean', []), [['ReduceMean', ['x'], {}]])
  same(upgraded(12, 'ReduceMean', [attr.ints('axes', [])]), [['ReduceMean', ['x'], {}]])
  same(upgraded(7, 'Squeeze', []), [['Squeeze', ['x'], {}]])
})

test('Split: sizes become an input; equal parts are counted by the outputs', () => {
  const outputs = ['y', 'z']
  same(upgraded(11, 'Split', [attr.ints('split', [1, 3]), attr.int('axis', 1)], ['x'], { outputs }), [['Split', ['x', [1, 3]], { axis: 1 }]])
  same(upgraded(12, 'Split', [attr.int('axis', 1)], ['x'], { outputs }), [['Split', ['x'], { axis: 1, num_outputs: 2 }]])
  same(upgraded(13, 'Split', [], ['x'], { outputs }), [['Split', ['x'], { num_outputs: 2 }]])
  same(upgraded(13, 'Split', [], ['x', 's'], { outputs }), [['Split', ['x', 's'], {}]])
  same(upgraded(18, 'Split', [attr.int('num_outputs', 2)], ['x'], { outputs }), [['Split', ['x'], { num_outputs: 2 }]])
})

test('TopK-1: k', () => {
  same(upgraded(9, 'TopK', [attr.int('k', 3), attr.int('axis', 0)], ['x'], { outputs: ['y', 'i'] }), [['TopK', ['x', [3]], { axis: 0 }]])
})

test('Clip-6: bounds become scalars of the type of the input, absent ones stay absent', () => {
  same(upgraded(10, 'Clip', [attr.float('min', 0), attr.float('max', 6)]), [['Clip', ['x', 0, 6], {}]])
  same(upgraded(7, 'Clip', [attr.float('max', 6)]), [['Clip', ['x', '', 6], {}]])
  same(upgraded(7, 'Clip', [attr.float('min', 1)]), [['Clip', ['x', 1], {}]])
  same(upgraded(7, 'Clip', []), [['Clip', ['x'], {}]])
  same(upgraded(10, 'Clip', [attr.float('min', 1)], ['x'], { dtype: 'float16' }), [['CastLike', [1, 'x'], {}], ['Clip', ['x', 'CastLike'], {}]])
})

test('a cast to float16 anywhere in the model makes new scalars follow the type of their neighbour', () => {
  const graph = read(10, { nodes: [node('Cast', ['x'], ['h'], [attr.int('to', 10)]), node('Clip', ['h'], ['c'], [attr.float('min', 0)]), node('Cast', ['c'], ['y'], [attr.int('to', 1)])] })
  same(graph.nodes.map((n) => n.op), ['Cast', 'CastLike', 'Clip', 'Cast'])
})

test('Pad-2: pads, and a value other than zero', () => {
  same(upgraded(10, 'Pad', [attr.ints('pads', [0, 1]), attr.string('mode', 'edge')]), [['Pad', ['x', [0, 1]], { mode: 'edge' }]])
  same(upgraded(10, 'Pad', [attr.ints('pads', [0, 1]), attr.float('value', 2)]), [['Pad', ['x', [0, 1], 2], {}]])
  same(upgraded(10, 'Pad', [attr.ints('pads', [0, 1]), attr.float('value', 0)]), [['Pad', ['x', [0, 1]], {}]])
})

test('Softmax, LogSoftmax and Hardmax flattened before 13, from axis 1 on where none is given', () => {
  for (const op of ['Softmax', 'LogSoftmax', 'Hardmax']) {
    const matrix = (axis: number): Shown[] => [['Shape', ['x'], {}], ['Flatten', ['x'], { axis }], [op, ['Flatten'], { axis: 1 }], ['Reshape', [op, 'Shape'], { allowzero: 1 }]]
    same(upgraded(12, op, []), matrix(1))
    same(upgraded(7, op, [attr.int('axis', 2)]), matrix(2))
    same(upgraded(11, op, [attr.int('axis', -2)]), matrix(-2))
    same(upgraded(11, op, [attr.int('axis', -1)]), [[op, ['x'], { axis: -1 }]])
    same(upgraded(13, op, []), [[op, ['x'], {}]])
  }
})

const asymmetric = (mode: string, nearest_mode: string) => ({ mode, coordinate_transformation_mode: 'asymmetric', nearest_mode })

test('Upsample-7 and -9 are Resize, asymmetric, to the floor', () => {
  same(upgraded(8, 'Upsample', [attr.floats('scales', [1, 1, 2, 2]), attr.string('mode', 'linear')]), [['Resize', ['x', '', [1, 1, 2, 2]], asymmetric('linear', 'floor')]])
  same(upgraded(9, 'Upsample', [], ['x', 's']), [['Resize', ['x', '', 's'], asymmetric('nearest', 'floor')]])
})

test('Resize-10 takes the ceiling where it shrinks', () => {
  const scaled = (values: number[], attributes: AttributeProto[] = []) => upgraded(10, 'Resize', attributes, ['x', 's'], { initializers: [floats('s', values)] })
  same(scaled([1, 2]), [['Resize', ['x', '', [1, 2]], asymmetric('nearest', 'floor')]])
  same(scaled([1, 0.5]), [['Resize', ['x', '', [1, 0.5]], asymmetric('nearest', 'ceil')]])
  same(scaled([0.5, 0.25], [attr.string('mode', 'linear')]), [['Resize', ['x', '', [0.5, 0.25]], asymmetric('linear', 'floor')]])
  for (const [shown, s] of [[scaled([0.5, 2]), [0.5, 2]], [upgraded(10, 'Resize', [], ['x', 's']), 's']] as const)
    same(shown, [['Min', [s, 1], {}], ['Max', [s, 1], {}], ['Resize', ['x', '', 'Min'], asymmetric('nearest', 'ceil')], ['Resize', ['Resize', '', 'Max'], asymmetric('nearest', 'floor')]])
})

test('Resize-11: empty tensors for what is absent', () => {
  const initializers = [floats('e', []), floats('n', [4])]
  same(upgraded(11, 'Resize', [attr.string('mode', 'linear')], ['x', 'e', 'e', 'n'], { initializers }), [['Resize', ['x', '', '', [4]], { mode: 'linear' }]])
})

test('BatchNormalization drops spatial and the outputs of training; per-position means are refused', () => {
  const inputs = ['x', 's', 'b', 'm', 'v']
  const graph = read(8, { inputs: inputs.map((n) => value(n)), nodes: [node('BatchNormalization', inputs, ['y', 'a', 'b2'], [attr.int('spatial', 1), attr.float('epsilon', 0.5)])] })
  same(graph.nodes.map((n) => [n.outputs, n.attributes]), [[['y'], { epsilon: 0.5 }]])
  assert.throws(() => upgraded(7, 'BatchNormalization', [attr.int('spatial', 0)], inputs), (e) => e instanceof OctavoError && e.code === 'ATTRIBUTE_UNSUPPORTED')
})

test('GroupNormalization-18: what is given for a group goes to its channels', () => {
  same(upgraded(18, 'GroupNormalization', [attr.int('num_groups', 2)], ['x', 's', 'b']), [
    ['Shape', ['x'], { start: 1, end: 2 }], ['Div', ['Shape', [2]], {}], ['Concat', [[2], 'Div'], { axis: 0 }],
    ['Unsqueeze', ['s', [1]], {}], ['Expand', ['Unsqueeze', 'Concat'], {}], ['Reshape', ['Expand', [-1]], {}],
    ['Unsqueeze', ['b', [1]], {}], ['Expand', ['Unsqueeze', 'Concat'], {}], ['Reshape', ['Expand', [-1]], {}],
    ['GroupNormalization', ['x', 'Reshape', 'Reshape'], { num_groups: 2 }],
  ])
  same(upgraded(21, 'GroupNormalization', [attr.int('num_groups', 2)], ['x', 's', 'b']), [['GroupNormalization', ['x', 's', 'b'], { num_groups: 2 }]])
})

test('names and defaults that changed', () => {
  same(upgraded(9, 'Scatter', [attr.int('axis', 1)], ['x', 'i', 'u']), [['ScatterElements', ['x', 'i', 'u'], { axis: 1 }]])
  same(upgraded(10, 'Dropout', [attr.float('ratio', 0.5)]), [['Dropout', ['x'], {}]])
  same(upgraded(12, 'Dropout', [], ['x', 'r']), [['Dropout', ['x', 'r'], {}]])
  same(upgraded(17, 'DFT', [attr.int('axis', 2), attr.int('inverse', 1)]), [['DFT', ['x', '', 2], { inverse: 1 }]])
  same(upgraded(17, 'DFT', [], ['x', 'n']), [['DFT', ['x', 'n', 1], {}]])
  same(upgraded(16, 'GridSample', [attr.string('mode', 'bicubic')], ['x', 'g']), [['GridSample', ['x', 'g'], { mode: 'cubic' }]])
  same(upgraded(16, 'GridSample', [], ['x', 'g']), [['GridSample', ['x', 'g'], { mode: 'linear' }]])
  same(upgraded(20, 'GridSample', [], ['x', 'g']), [['GridSample', ['x', 'g'], {}]])
  same(upgraded(10, 'RoiAlign', [], ['x', 'r', 'b']), [['RoiAlign', ['x', 'r', 'b'], { coordinate_transformation_mode: 'output_half_pixel' }]])
  same(upgraded(16, 'RoiAlign', [], ['x', 'r', 'b']), [['RoiAlign', ['x', 'r', 'b'], {}]])
})

test('attributes of the wrong kind are refused, not guessed', () => {
  for (const wrong of [attr.floats('axes', [0.5]), attr.float('axes', Infinity), attr.string('axes', '1')])
    assert.throws(() => upgraded(9, 'Squeeze', [wrong]), (e) => e instanceof OctavoError && e.code === 'ATTRIBUTE_UNSUPPORTED' && /axes/.test(e.message))
  assert.throws(() => upgraded(8, 'Scan', []), (e) => e instanceof OctavoError && e.code === 'ATTRIBUTE_UNSUPPORTED')
})

test('rewrites inside subgraphs keep their constants there', () => {
  const inner = { outputs: [{ name: 't' }], nodes: [node('Squeeze', ['x'], ['t'], [attr.ints('axes', [0])])] }
  const graph = read(12, { inputs: [value('x'), value('c', [], 'bool')], nodes: [node('If', ['c'], ['y'], [attr.graph('then_branch', inner), attr.graph('else_branch', inner)])] })
  const [a, b] = ['then_branch', 'else_branch'].map((name) => graph.nodes[0]!.attributes[name] as Graph)
  same(show(a!), [['Squeeze', ['x', [0]], {}]])
  same(show(b!), show(a!))
  same(graph.constants.size, 0)
  assert.notEqual(a!.nodes[0]!.inputs[1], b!.nodes[0]!.inputs[1])
})

test('operators of other domains are left as they are', () => {
  const graph = read(7, { nodes: [node('Softmax', ['x'], ['y'], [], { domain: 'com.microsoft' })] }, { opsets: [{ domain: '', version: 7 }, { domain: 'com.microsoft', version: 1 }] })
  same(graph.nodes.map((n) => [n.op, n.domain]), [['Softmax', 'com.microsoft']])
})

test('an operator named like a property of every object is only a name', () => {
  for (const op of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) same(upgraded(7, op, []), [[op, ['x'], {}]])
})
