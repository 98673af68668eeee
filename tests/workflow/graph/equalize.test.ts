import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typesOf } from '../../../src/graph/infer/types.js'
import { elementCount } from '../../../src/dtype.js'
import { Tensor } from '../../../src/value.js'
import { equalize, type Equalized } from '../../../src/workflow/graph/equalize.js'
import { assertClose, f32, ints, noise, scalar, smallGraph, SmallGraph, type NodeSpec } from '../../graph/passes/small-graph.js'
import { batchesFor, HOST } from './small-model.js'
import { mobileNet } from './mobile-net.js'
import { quantizeGraph } from '../../../src/workflow/graph/quantize-static.js'
import type { QuantizeStaticOptions } from '../../../src/workflow/graph/options.js'
import { eachTier } from '../../quantization/golden.js'
import { random } from '../../tiers/harness.js'

/** Weights whose ranges differ by orders of magnitude along both axes of channels. */
function uneven(dims: readonly number[], seed: number): Tensor {
  const next = random(seed)
  const factor = (): number => 10 ** ((next() / 2 ** 32) * 3 - 1.5)
  const [rows, columns] = [Array.from({ length: dims[0]! }, factor), Array.from({ length: dims[1] ?? 1 }, factor)]
  const inner = elementCount(dims.slice(2))
  const { data } = noise(dims, 1, seed)
  return new Tensor('float32', (data as Float32Array).map((v, i) => v * rows[Math.floor(i / inner / columns.length)]! * columns[Math.floor(i / inner) % columns.length]!), dims)
}

const image = { x: noise([2, 3, 8, 8], 1, 5) }
const conv = (inputs: string, output: string, attributes = {}): NodeSpec => ['Conv', inputs, output, attributes]
const pads = { pads: [1, 1, 1, 1] }

interface Case { readonly constants: Record<string, Tensor>; readonly nodes: readonly NodeSpec[]; readonly changed: readonly string[]; readonly outputs?: readonly string[]; readonly inputs?: Record<string, Tensor> }

const w = (o: number, i: number, k = 1, seed = 1): Tensor => uneven([o, i, k, k], seed * 31 + o + i)
const b = (n: number, seed = 1): Tensor => noise([n], 0.5, seed)

/** What is equalised, by the names of the layers whose weights change; everything computes the same as before. */
const CASES: Record<string, Case> = {
  'two layers': { constants: { w1: w(5, 3), b1: b(5), w2: w(4, 5) }, nodes: [conv('x w1 b1', 'a'), conv('a w2', 'y')], changed: ['Conv0', 'Conv1'] },
  'relu between': { constants: { w1: w(5, 3, 3), b1: b(5), w2: w(4, 5, 3), b2: b(4) }, nodes: [conv('x w1 b1', 'a', pads), ['Relu', 'a', 'r'], conv('r w2 b2', 'y', pads)], changed: ['Conv0', 'Conv2'] },
  'depthwise separable': {
    constants: { w1: w(6, 3), b1: b(6), w2: w(6, 1, 3), b2: b(6, 2), w3: w(4, 6) },
    nodes: [conv('x w1 b1', 'a'), ['LeakyRelu', 'a', 'r', { alpha: 0.1 }], conv('r w2 b2', 'd', { group: 6, ...pads }), ['Relu', 'd', 's'], conv('s w3', 'y')], changed: ['Conv0', 'Conv2', 'Conv4'],
  },
  'depthwise with a multiplier': { constants: { w1: w(4, 3), w2: w(8, 1, 3), b2: b(8), w3: w(3, 8) }, nodes: [conv('x w1', 'a'), conv('a w2 b2', 'd', { group: 4 }), conv('d w3', 'y')], changed: ['Conv0', 'Conv1', 'Conv2'] },
  'groups on both sides': { constants: { w1: w(6, 1), b1: b(6), w2: w(4, 3, 3, 2), w3: w(2, 4) }, nodes: [conv('x w1 b1', 'a', { group: 3 }), conv('a w2', 'd', { group: 2 }), conv('d w3', 'y')], changed: ['Conv0', 'Conv1', 'Conv2'] },
  'slopes by channel': { constants: { w1: w(5, 3), s: noise([5, 1, 1], 1, 8), w2: w(4, 5) }, nodes: [conv('x w1', 'a'), ['PRelu', 'a s', 'r'], conv('r w2', 'y')], changed: ['Conv0', 'Conv2'] },
  'pools and padding': {
    constants: { w1: w(5, 3), b1: b(5), w2: w(4, 5), pad: ints(0, 0, 1, 1, 0, 0, 0, 2) },
    nodes: [conv('x w1 b1', 'a'), ['MaxPool', 'a', 'm', { kernel_shape: [2, 2] }], ['AveragePool', 'm', 'v', { kernel_shape: [2, 2], strides: [2, 2] }], ['Pad', 'v pad', 'p'], conv('p w2', 'y')], changed: ['Conv0', 'Conv4'],
  },
  'flatten to a gemm': {
    constants: { w1: w(5, 3, 3), b1: b(5), w2: uneven([320, 7], 4), b2: noise([1, 7]), w3: uneven([3, 7], 5) },
    nodes: [conv('x w1 b1', 'a', pads), ['Relu', 'a', 'r'], ['Flatten', 'r', 'f', { axis: 1 }], ['Gemm', 'f w2 b2', 'g'], ['Relu', 'g', 'h'], ['Gemm', 'h w3', 'y', { transB: 1, alpha: 0.5 }]], changed: ['Conv0', 'Gemm3', 'Gemm5'],
  },
  'mean to a matrix, one bias for all': {
    constants: { w1: w(5, 3), axes: ints(2, 3), w2: uneven([5, 4], 4), b2: scalar(0.3), w3: uneven([4, 2], 6) },
    nodes: [conv('x w1', 'a'), ['ReduceMean', 'a axes', 'm', { keepdims: 0 }], ['Gemm', 'm w2 b2', 'g', { beta: 2 }], ['MatMul', 'g w3', 'y']], changed: ['Conv0', 'Gemm2', 'MatMul3'],
  },
  'a residual sum': {
    constants: { w0: w(5, 3), w1: w(6, 5), b1: b(6), w2: w(5, 6, 3), b2: b(5), w3: w(2, 5) },
    nodes: [conv('x w0', 'z'), conv('z w1 b1', 'a'), ['Relu', 'a', 'r'], conv('r w2 b2', 'c', pads), ['Add', 'z c', 's'], ['Relu', 's', 't'], conv('t w3', 'y')], changed: ['Conv0', 'Conv1', 'Conv3', 'Conv6'],
  },
  'two readers, joined again': {
    constants: { w0: w(4, 3), e1: w(6, 4), e3: w(5, 4, 3), b3: b(5), w2: w(2, 11) },
    nodes: [conv('x w0', 'z'), ['Relu', 'z', 's'], conv('s e1', 'a'), conv('s e3 b3', 'c', pads), ['Relu', 'a', 'ra'], ['Relu', 'c', 'rc'], ['Concat', 'ra rc', 'j', { axis: 1 }], conv('j w2', 'y')], changed: ['Conv0', 'Conv2', 'Conv3', 'Conv7'],
  },
  'a part of the input among channels': { constants: { w1: w(5, 3), w2: w(4, 8) }, nodes: [conv('x w1', 'a'), ['Concat', 'x a', 'j', { axis: 1 }], conv('j w2', 'y')], changed: ['Conv0', 'Conv2'] },
  'split in two': {
    constants: { w1: w(6, 3), n: ints(2, 4), w2: w(2, 2), w3: w(3, 4) },
    nodes: [conv('x w1', 'a'), ['Split', 'a n', 'p q', { axis: 1 }], conv('p w2', 'c'), conv('q w3', 'd'), ['Concat', 'c d', 'y', { axis: 1 }]], changed: ['Conv0', 'Conv2', 'Conv3'],
  },
  'added constants': {
    constants: { w1: w(5, 3), k: noise([5, 1, 1]), m: noise([1, 5, 8, 8]), one: scalar(0.25), w2: w(4, 5) },
    nodes: [conv('x w1', 'a'), ['Add', 'a k', 'c'], ['Sub', 'm c', 'd'], ['Relu', 'd', 'e'], ['Add', 'one e', 'f'], conv('f w2', 'y')], changed: ['Conv0', 'Conv5'],
  },
  'constant and gating factors': {
    constants: { w1: w(5, 3), k: noise([5, 1, 1]), g1: w(5, 3), w2: w(4, 5) },
    nodes: [conv('x w1', 'a'), ['Mul', 'a k', 'c'], conv('x g1', 'g'), ['Sigmoid', 'g', 'h'], ['Mul', 'h c', 'm'], ['Div', 'm k', 'n'], conv('n w2', 'y')], changed: ['Conv0', 'Conv6'],
  },
  'transposed convolution and resize': {
    constants: { w1: w(4, 3), w2: uneven([4, 5, 2, 2], 9), b2: b(5), scales: f32([1, 1, 2, 2]), w3: w(2, 5) },
    nodes: [conv('x w1', 'a'), ['ConvTranspose', 'a w2 b2', 'c', { strides: [2, 2] }], ['Resize', 'c - scales', 'd', { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }], conv('d w3', 'y')], changed: ['Conv0', 'ConvTranspose1', 'Conv3'],
  },
  'transposed to rows': {
    constants: { w1: w(6, 3), to: ints(0, 6, -1), w2: uneven([6, 4], 2), w3: uneven([4, 3], 7) },
    nodes: [conv('x w1', 'a'), ['Reshape', 'a to', 'r'], ['Transpose', 'r', 't', { perm: [0, 2, 1] }], ['MatMul', 't w2', 'm'], ['Relu', 'm', 'n'], ['MatMul', 'n w3', 'y']], changed: ['Conv0', 'MatMul3', 'MatMul5'],
  },
  'weights that two layers share': {
    constants: { w1: w(3, 3), b1: b(3), w2: w(4, 3) }, nodes: [conv('x w1 b1', 'a'), ['Relu', 'a', 'r'], conv('r w1 b1', 'c'), conv('c w2', 'y')], changed: ['Conv0', 'Conv2', 'Conv3'],
  },
  'a clip': { constants: { w1: w(5, 3), lo: scalar(0), hi: scalar(6), w2: w(4, 5) }, nodes: [conv('x w1', 'a'), ['Clip', 'a lo hi', 'r'], conv('r w2', 'y')], changed: [] },
  'a sigmoid beside': { constants: { w1: w(5, 3), w2: w(4, 5) }, nodes: [conv('x w1', 'a'), ['Sigmoid', 'a', 's'], conv('a w2', 'c'), ['GlobalAveragePool', 's', 'y']], changed: [], outputs: ['c', 'y'] },
  'a value that is handed out': { constants: { w1: w(5, 3), w2: w(4, 5) }, nodes: [conv('x w1', 'a'), ['Relu', 'a', 'r'], conv('r w2', 'y')], changed: [], outputs: ['r', 'y'] },
  'channels mixed': { constants: { w1: w(6, 3), to: ints(2, 3, 2, 8, 8), back: ints(2, 6, 8, 8), w2: w(4, 6) }, nodes: [conv('x w1', 'a'), ['Reshape', 'a to', 'r'], ['Transpose', 'r', 't', { perm: [0, 2, 1, 3, 4] }], ['Reshape', 't back', 'u'], conv('u w2', 'y')], changed: [] },
  'padded with ones': { constants: { w1: w(5, 3), pad: ints(0, 0, 1, 1, 0, 0, 1, 1), one: scalar(1), w2: w(4, 5) }, nodes: [conv('x w1', 'a'), ['Pad', 'a pad one', 'p'], conv('p w2', 'y')], changed: [] },
  'weights that are computed': { inputs: { ...image, w2: w(4, 5) }, constants: { w1: w(5, 3) }, nodes: [conv('x w1', 'a'), conv('a w2', 'y')], changed: [] },
  'squares': { constants: { w1: w(5, 3), w2: w(4, 5) }, nodes: [conv('x w1', 'a'), ['Mul', 'a a', 's'], conv('s w2', 'y')], changed: [] },
}

function apply({ constants, nodes, outputs = ['y'], inputs = image }: Case): { before: SmallGraph; after: SmallGraph; made: Equalized } {
  const feeds = inputs
  const before = smallGraph(feeds, constants, nodes, ...outputs)
  const types = typesOf(before.graph, new Map(Object.entries(feeds)))
  const made = equalize(before.graph, (name) => types.typeOf(name))
  return { before, after: new SmallGraph(made.graph, new Map(Object.entries(feeds))), made }
}

test('what can be equalised is, and every graph computes the same', () => {
  eachTier(() => {
    for (const [name, c] of Object.entries(CASES)) {
      const { before, after, made } = apply(c)
      assert.deepEqual([...made.layers].sort(), [...c.changed].sort(), name)
      assertClose(after, before)
      if (!c.changed.length) assert.equal(made.graph, before.graph, name)
    }
  })
  console.log(`# equalised graphs: ${Object.keys(CASES).length}`)
})

/** Largest magnitude along an axis of weights. */
function ranges({ data, dims }: Tensor, axis: 0 | 1): number[] {
  const inner = elementCount(dims.slice(2))
  const most = new Array<number>(dims[axis]!).fill(0)
  ;(data as Float32Array).forEach((v, i) => {
    const at = axis === 0 ? Math.floor(i / inner / dims[1]!) : Math.floor(i / inner) % dims[1]!
    most[at] = Math.max(most[at]!, Math.abs(v))
  })
  return most
}

test('what writes a channel and what reads it end with the same range, in every tier the same bits', () => {
  const results: Tensor[][] = []
  eachTier(() => {
    const { made } = apply(CASES['depthwise separable']!)
    const weights = made.graph.nodes.filter((n) => n.op === 'Conv').map((n) => made.graph.constants.get(n.inputs[1]!)!)
    for (const [first, second] of [[ranges(weights[0]!, 0), ranges(weights[1]!, 0)], [ranges(weights[1]!, 0), ranges(weights[2]!, 1)]] as const)
      first.forEach((range, i) => assert.ok(Math.abs(range / second[i]! - 1) < 5e-3, `channel ${i}: ${range} written, ${second[i]} read`))
    assert.ok(made.sweeps > 1 && made.sweeps < 100)
    results.push(weights)
  })
  assert.deepEqual(results[0], results[1])
})

test('a channel that nobody writes or reads keeps its scale', () => {
  const w1 = w(3, 3), w2 = w(2, 3)
  ;(w1.data as Float32Array).fill(0, 0, 3)
  w2.data[1] = 0
  w2.data[4] = 0
  const { before, after, made } = apply({ constants: { w1, b1: b(3), w2 }, nodes: [conv('x w1 b1', 'a'), conv('a w2', 'y')], changed: [] })
  assertClose(after, before)
  const bias = made.graph.constants.get(made.graph.nodes[0]!.inputs[2]!)!
  assert.deepEqual(bias.data.slice(0, 2), b(3).data.slice(0, 2))
  assert.notEqual(bias.data[2], b(3).data[2])
})

test('equalising again changes next to nothing', () => {
  const { after } = apply(CASES['two readers, joined again']!)
  const types = typesOf(after.graph, new Map(Object.entries(image)))
  const again = equalize(after.graph, (name) => types.typeOf(name))
  for (const node of again.graph.nodes.filter((n) => n.op === 'Conv')) {
    const [now, then] = [again.graph, after.graph].map((g) => g.constants.get(g.nodes.find((n) => n.name === node.name)!.inputs[1]!)!.data as Float32Array)
    now!.forEach((v, i) => assert.ok(Math.abs(v - then![i]!) <= 0.02 * Math.abs(then![i]!)))
  }
})

test('a depthwise network whose channels differ by orders of magnitude: one scale for all weights serves again', async () => {
  const rows: string[] = []
  for (const [decades, gain] of [[1.5, 10], [3, 15]] as const) {
    const model = mobileNet(4, 16, decades)
    const batches = batchesFor(model, 4)
    const sqnrOf = async (options: QuantizeStaticOptions): Promise<number> => (await quantizeGraph(model.graph, batches, { calibrateMethod: 'minmax', ...HOST, ...options })).report.outputs[0]!.sqnr
    const [plain, even, channels] = [await sqnrOf({ perChannel: false }), await sqnrOf({ perChannel: false, equalize: true }), await sqnrOf({ perChannel: true })]
    rows.push(`${decades} decades: ${plain.toFixed(1)} dB, equalised ${even.toFixed(1)}, per channel ${channels.toFixed(1)}`)
    assert.ok(even - plain > gain, rows.at(-1))
  }
  console.log(`# ${rows.join('; ')}`)
})
