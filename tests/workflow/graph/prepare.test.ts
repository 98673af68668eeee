/** What cleaning leaves, which nodes work on codes, and which values share their qparams. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { opKey, type Graph, type Node } from '../../../src/graph/graph.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { Tensor } from '../../../src/value.js'
import { cleanGraph } from '../../../src/workflow/graph/clean.js'
import type { Batch } from '../../../src/workflow/graph/options.js'
import { prepareGraph, type PreparedGraph } from '../../../src/workflow/graph/prepare.js'
import type { Choices } from '../../../src/workflow/graph/selection.js'
import { attr, floats, modelBytes, node, value } from '../../formats/onnx/model.js'
import { f32, ints, noise, scalar } from '../../graph/passes/small-graph.js'
import { batchesFor, quantize, refuses, runFloat, smallModel, sqnr, tier, type SmallModel } from './small-model.js'

const clean = (model: SmallModel, open = 2): Graph => cleanGraph(model.graph, batchesFor(model, 1, open)[0] as Batch, tier).graph
const ops = ({ nodes }: Graph): string => nodes.map(opKey).join(' ')
const prepared = (model: SmallModel, choices: Choices = {}): PreparedGraph => prepareGraph(cleanGraph(model.graph, batchesFor(model, 1)[0] as Batch, tier), choices)
const groups = (p: PreparedGraph): string[] => p.groups.map(({ values, watch, multiplied, fixed }) => `${values.join(' ')} <- ${fixed ?? watch.join(' ')}${multiplied ? ' *' : ''}`)

const IMAGE = { x: ['N', 4, 6, 6] } as const
const W = { w: noise([4, 4, 1, 1], 1, 21), v: noise([3, 4, 1, 1], 1, 22), u: noise([4, 4, 1, 1], 1, 23) }

test('constants of constants are computed, and what follows from dims that are fixed', () => {
  const model = smallModel({ x: ['N', 4, 6] }, { a: f32([1, 2]), b: f32([3, 4]), one: ints(1), minus: ints(-1), i: ints(2) }, [
    ['Add', 'a b', 'c'], ['ReduceSum', 'c', 'c0', { keepdims: 0 }],
    ['Shape', 'x', 's'], ['Gather', 's i', 'last'], ['Concat', 'minus last', 't', { axis: 0 }], ['Reshape', 'x t', 'r'], ['Gather', 'r one', 'g', { axis: 0 }], ['Mul', 'g c0', 'y'],
  ], 'y')
  const graph = clean(model)
  assert.equal(ops(graph), 'Reshape Gather Mul')
  assert.deepEqual(graph.constants.get('t'), ints(-1, 6))
  assert.deepEqual(graph.constants.get('c0')!.data, Float32Array.of(10))
})

test('what follows from an open dim stays open, also when the first batch has it as 1', () => {
  const model = smallModel({ x: ['N', 8] }, { zero: ints(0), minus: ints(-1), m: noise([8, 3]) }, [['Shape', 'x', 's'], ['Gather', 's zero', 'n'], ['Concat', 'n minus', 't', { axis: 0 }], ['MatMul', 'x m', 'h'], ['Reshape', 'h t', 'y']], 'y')
  assert.equal(ops(clean(model, 1)), 'Shape Gather Concat MatMul Reshape')
})

test('an open dim that other dims are fixed against', () => {
  const model = smallModel({ x: ['N', 4], z: [2, 4] }, { one: ints(1), m: noise([4, 3]), a: f32([1]), b: f32([2]) }, [['Add', 'a b', 'c'], ['Mul', 'x c', 'p'], ['Sub', 'p z', 'q'], ['MatMul', 'q m', 'y']], 'y')
  const graph = clean(model)
  assert.equal(ops(graph), 'Mul Sub MatMul')
  assert.deepEqual(graph.constants.get('c')!.data, Float32Array.of(3))
})

test('BatchNormalization and constant factors go into weights, which get readable names', () => {
  const model = smallModel(IMAGE, { ...W, s: noise([4]), t: noise([4]), m: noise([4]), q: f32([1, 2, 3, 4]), k: scalar(0.5) }, [['Conv', 'x w', 'a'], ['BatchNormalization', 'a s t m q', 'n'], ['Mul', 'n k', 'y']], 'y')
  const graph = clean(model)
  assert.equal(ops(graph), 'Conv')
  assert.deepEqual(graph.nodes[0]!.inputs, ['x', 'Conv0/weight', 'Conv0/bias'])
})

test('an If whose condition is known is the branch that it takes', async () => {
  const bytes = (yes: number): Uint8Array => modelBytes(18, {
    inputs: [value('x', [1, 4])], outputs: [value('y', [1, 2])], initializers: [{ name: 'yes', dims: [], dtype: 9, int32s: [yes] }, floats('m', Array.from(noise([8]).data as Float32Array), [4, 2])],
    nodes: [node('If', ['yes'], ['y'], [
      attr.graph('then_branch', { outputs: [value('t', [1, 2])], nodes: [node('MatMul', ['x', 'm'], ['h']), node('If', ['yes'], ['t'], [
        attr.graph('then_branch', { outputs: [value('t2', [1, 2])], nodes: [node('Neg', ['h'], ['t2'])] }), attr.graph('else_branch', { outputs: [value('e2', [1, 2])], nodes: [node('Abs', ['h'], ['e2'])] }),
      ])] }),
      attr.graph('else_branch', { outputs: [value('e', [1, 2])], initializers: [floats('k', [1, 2, 3, 4, 5, 6, 7, 8], [4, 2])], nodes: [node('MatMul', ['x', 'k'], ['e'])] }),
    ])],
  })
  for (const [yes, expected] of [[1, 'MatMul Neg Identity'], [0, 'MatMul Identity']] as const) {
    const model = { graph: decodeModel(bytes(yes)), bytes: bytes(yes) }
    const batches = [1, 2].map((seed) => ({ x: noise([1, 4], 2, seed) }))
    const made = await quantize(model, {}, batches)
    assert.equal(made.ops, expected)
    assert.ok(made.report.layers[0]!.quantized)
    assert.ok(sqnr(runFloat(model, batches[0]!), made.run(batches[0]!)) > 25)
  }
})

test('a mean and variance within the model stay float, with what they normalise', () => {
  const model = smallModel(IMAGE, { ...W, e: scalar(1e-5) }, [
    ['Conv', 'x w', 'a'], ['GlobalAveragePool', 'a', 'mean'], ['Sub', 'a mean', 'd'], ['Mul', 'd d', 'sq'], ['GlobalAveragePool', 'sq', 'var'], ['Add', 'var e', 've'], ['Sqrt', 've', 'sd'], ['Div', 'd sd', 'n'], ['Conv', 'n v', 'y'],
  ], 'y')
  const { layers } = prepared(model)
  assert.deepEqual(layers.filter((l) => l.quantized).map((l) => l.node.op), ['Conv', 'Conv'])
  assert.equal(layers.find((l) => l.node.op === 'Sub')!.reason, 'Sub of two values is computed in float')
})

test('what only moves elements shares qparams; a Concat is looked at instead of its parts', () => {
  const model = smallModel(IMAGE, W, [
    ['Conv', 'x w', 'a'], ['Relu', 'a', 'r'], ['MaxPool', 'r', 'p', { kernel_shape: [2, 2] }], ['Conv', 'p u', 'b'], ['Relu', 'b', 's'], ['Concat', 'p s', 'c', { axis: 2 }], ['Transpose', 'c', 't', { perm: [0, 1, 3, 2] }], ['Conv', 't v', 'y'],
  ], 'y')
  assert.deepEqual(groups(prepared(model)), ['x <- x *', 'r p s c t <- r s *', 'y <- y'])
  const whole = smallModel(IMAGE, W, [['Conv', 'x w', 'a'], ['Conv', 'x u', 'b'], ['Concat', 'a b', 'c', { axis: 2 }], ['Conv', 'c v', 'y']], 'y')
  assert.deepEqual(groups(prepared(whole)), ['x <- x *', 'a b c <- c *', 'y <- y'])
})

test('Softmax is known to lie between 0 and 1, unless it shares its codes', () => {
  const rows = { x: ['N', 8] } as const, m = { m: noise([8, 8]), k: noise([8, 5]), j: noise([16, 5]) }
  assert.deepEqual(groups(prepared(smallModel(rows, m, [['MatMul', 'x m', 'a'], ['Softmax', 'a', 's'], ['MatMul', 's k', 'y']], 'y'))), ['x <- x *', 'a <- a', 's <- 0,1 *'])
  assert.deepEqual(groups(prepared(smallModel(rows, m, [['MatMul', 'x m', 'a'], ['Softmax', 'a', 's'], ['Concat', 'a s', 'c', { axis: 1 }], ['MatMul', 'c j', 'y']], 'y'))), ['x <- x *', 'a s c <- c *'])
})

test('an input that floats read too is rounded only for those that multiply it', async () => {
  const model = smallModel({ x: ['N', 8] }, { m: noise([8, 8]) }, [['MatMul', 'x m', 'a'], ['Exp', 'x', 'e'], ['Div', 'a e', 'y']], 'y')
  const made = await quantize(model)
  assert.deepEqual(made.graph.nodes.find((n) => n.op === 'Exp')!.inputs, ['x'])
  assert.deepEqual(made.graph.nodes.find((n) => n.op === 'MatMul')!.inputs[0], 'x/dequantized')
})

test('names and op types are those of the file, whatever became of their nodes', async () => {
  const model = smallModel({ x: ['N', 8] }, { m: noise([8, 8]), b: noise([8]), k: noise([8, 4]) }, [['Identity', 'x', 'i'], ['MatMul', 'i m', 'a'], ['Add', 'a b', 'c'], ['Relu', 'c', 'r'], ['MatMul', 'r k', 'y']], 'y')
  const reasons = (choices: Choices): unknown[] => prepared(model, choices).layers.map((l) => [l.node.name, l.node.op, l.reason])
  assert.deepEqual(reasons({}), [['MatMul1', 'Gemm', undefined], ['MatMul4', 'MatMul', undefined]])
  assert.deepEqual(reasons({ nodesToExclude: ['Add2'] })[0], ['MatMul1', 'Gemm', 'excluded by name'])
  assert.deepEqual(reasons({ nodesToExclude: ['MatMul1'] })[0], ['MatMul1', 'Gemm', 'excluded by name'])
  assert.deepEqual(reasons({ opTypesToExclude: ['MatMul'] }).map((r) => (r as unknown[])[2]), ['MatMul is excluded', 'reads floats', 'MatMul is excluded'])
  assert.deepEqual(reasons({ opTypesToQuantize: ['MatMul', 'Relu'] }), reasons({}))
  assert.deepEqual(reasons({ nodesToExclude: ['Identity0'] }), reasons({}), 'it was only a copy')
  await refuses(quantize(model, { nodesToExclude: ['Add9'] }), 'OPTION_INVALID', /no node has the name Add9/)
})

test('leaving a node out keeps the names and numbers of the other values', async () => {
  const model = smallModel(IMAGE, W, [['Conv', 'x w', 'a'], ['Relu', 'a', 'r'], ['Conv', 'r u', 'b'], ['Add', 'r b', 's'], ['Relu', 's', 't'], ['Conv', 't v', 'y']], 'y')
  const all = await quantize(model, { engine: 'qnnpack' })
  const known = new Map(all.report.values.map((v) => [v.name, v.scale]))
  for (const name of ['Conv0', 'Conv2', 'Add3', 'Conv5']) {
    const made = await quantize(model, { engine: 'qnnpack', nodesToExclude: [name] })
    for (const { name: value, scale } of made.report.values) assert.equal(scale, known.get(value), `${value} without ${name}`)
  }
})

test('long chains and wide joins take no recursion', () => {
  const chain: Node[] = Array.from({ length: 20000 }, (_, i) => ({ name: `s${i}`, op: 'Sigmoid', domain: '', inputs: [i ? `c${i - 1}` : 'a'], outputs: [`c${i}`], attributes: {} }))
  const moves: Node[] = Array.from({ length: 40 }, (_, i) => ({ name: `m${i}`, op: 'Concat', domain: '', inputs: [i ? `d${i - 1}` : 'c19999', i ? `d${i - 1}` : 'c19999'], outputs: [`d${i}`], attributes: { axis: 1 } }))
  const conv = (name: string, x: string, y: string): Node => ({ name, op: 'Conv', domain: '', inputs: [x, 'w'], outputs: [y], attributes: {} })
  const graph: Graph = {
    name: 'long', inputs: [{ name: 'x', dtype: 'float32', dims: null }], outputs: [{ name: 'y', dtype: 'float32', dims: null }], constants: new Map([['w', noise([1, 1, 1, 1])]]),
    nodes: [conv('first', 'x', 'a'), ...chain, ...moves, conv('last', 'd39', 'y')],
  }
  const { groups: found } = prepareGraph({ graph, typeOf: () => new Tensor('float32', [0]) })
  assert.deepEqual(found.map((g) => g.values.length), [1, 1, 41, 1])
})
