import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Graph } from '../../../src/graph/graph.js'
import { GraphSession, type Tensors } from '../../../src/session.js'
import { Tensor } from '../../../src/value.js'
import { observersFor, qparamsOf, watchOf } from '../../../src/workflow/graph/activation-qparams.js'
import { correctBiases, meanErrors } from '../../../src/workflow/graph/bias-correction.js'
import { observeGraph } from '../../../src/workflow/graph/calibrate.js'
import { cleanGraph } from '../../../src/workflow/graph/clean.js'
import { convertGraph } from '../../../src/workflow/graph/convert.js'
import { loadModules } from '../../../src/workflow/graph/host.js'
import type { Batch, QuantizeStaticOptions } from '../../../src/workflow/graph/options.js'
import { prepareGraph } from '../../../src/workflow/graph/prepare.js'
import { settingsOf } from '../../../src/workflow/graph/settings.js'
import { noise, scalar } from '../../graph/passes/small-graph.js'
import { batchesFor, HOST, smallModel, tier, type SmallModel } from './small-model.js'

/** Weights of which a few are large: one scale for all rounds the rest to little, and not evenly to both sides. */
function coarse(dims: readonly number[], seed: number): Tensor {
  const { data } = noise(dims, 1, seed)
  return new Tensor('float32', (data as Float32Array).map((v, i) => (i === 0 ? 40 : v + 0.4)), dims)
}

/** Every form of a bias: given, absent, scaled, one for all, behind a MatMul, on weights of either order. */
const NET = smallModel({ x: [2, 3, 8, 8] }, {
  w: coarse([6, 3, 3, 3], 2), b: noise([6], 1, 3), d: coarse([6, 1, 3, 3], 7), t: coarse([6, 4, 2, 2], 8), tb: noise([4], 1, 2), to: new Tensor('int64', [2n, -1n, 4n]),
  m: coarse([4, 5], 4), mb: noise([1, 1, 5], 1, 9), flat: new Tensor('int64', [-1n, 5n]), n: coarse([5, 7], 11), g: coarse([6, 7], 5), gb: noise([1, 6], 1, 6), h: coarse([6, 3], 12), hb: scalar(0.25),
}, [
  ['Conv', 'x w b', 'y', { pads: [1, 1, 1, 1] }], ['Relu', 'y', 'z'], ['Conv', 'z d', 'u', { group: 6 }], ['Relu', 'u', 'v'], ['ConvTranspose', 'v t tb', 'p', { strides: [2, 2] }], ['Reshape', 'p to', 'q'],
  ['MatMul', 'q m', 'r'], ['Add', 'r mb', 's'], ['Relu', 's', 'a'], ['Reshape', 'a flat', 'c'], ['MatMul', 'c n', 'e'], ['Gemm', 'e g gb', 'f', { transB: 1, beta: 2 }], ['Relu', 'f', 'i'], ['Gemm', 'i h hb', 'out', { beta: 0.5 }],
], 'out')

interface Steps { readonly float: Graph; readonly plain: Graph; readonly better: Graph; readonly means: ReadonlyMap<string, Float64Array>; readonly batches: readonly Batch[] }

async function steps(model: SmallModel, options: QuantizeStaticOptions = {}): Promise<Steps> {
  const batches = batchesFor(model, 6)
  const source = async function* (): AsyncGenerator<Batch> { yield* batches }
  await loadModules(HOST)
  const settings = settingsOf({ perChannel: false, calibrateMethod: 'minmax', ...options })
  const typed = cleanGraph(model.graph, batches[0]!, tier)
  const prepared = prepareGraph(typed, options)
  const observers = observersFor(prepared, settings)
  await observeGraph(prepared.graph, watchOf(prepared, observers), source(), { tier })
  const qparams = qparamsOf(prepared, observers, settings)
  const plain = convertGraph(prepared, qparams, settings)
  const means = await meanErrors(prepared, plain, source(), { tier })
  const better = convertGraph(correctBiases(prepared, means), qparams, settings)
  return { float: prepared.graph, plain, better, means, batches }
}

const run = (graph: Graph, names: readonly string[], feeds: Batch): Tensors =>
  new GraphSession({ ...graph, outputs: names.map((name) => ({ name, dtype: 'float32' as const, dims: null })) }, tier, 1 << 20).runSync(feeds)

/** Σ (float − int8) of a layer's channels ÷ their elements: the layer alone, on its float input, cut out of the converted graph. */
function ownErrors(name: string, float: Graph, converted: Graph, batches: readonly Batch[]): Float64Array {
  const node = float.nodes.find((n) => n.name === name)!, product = converted.nodes.find((n) => n.name === name)!
  const before = (value: string): Graph['nodes'] => converted.nodes.filter((n) => n.outputs[0] === value)
  const round = before(product.inputs[0]!)[0]!
  const rest = product.inputs.slice(1).flatMap(before)
  const alone: Graph = { ...converted, inputs: [{ name: 'in', dtype: 'float32', dims: null }], outputs: [], nodes: [{ ...round, op: 'QuantizeLinear', inputs: ['in', ...round.inputs.slice(1)], outputs: ['codes'] }, { ...round, inputs: ['codes', ...round.inputs.slice(1)] }, ...rest, product] }
  let sums: Float64Array | undefined, count = 0
  for (const batch of batches) {
    const values = run(float, [node.inputs[0]!, node.outputs[0]!], batch)
    const x = values[node.outputs[0]!]!, y = run(alone, [product.outputs[0]!], { in: values[node.inputs[0]!]! })[product.outputs[0]!]!
    const channels = /Conv/.test(node.op) ? x.dims[1]! : x.dims.at(-1)!
    const inner = /Conv/.test(node.op) ? x.dims[2]! * x.dims[3]! : 1
    sums ??= new Float64Array(channels)
    for (let i = 0; i < x.size; i++) sums[Math.floor(i / inner) % channels]! += (x.data[i] as number) - (y.data[i] as number)
    count += x.size / channels
  }
  return sums!.map((v) => v / count)
}

test('after correction a layer\'s own mean error is within half a step of its bias', async () => {
  const { float, plain, better, means, batches } = await steps(NET)
  assert.deepEqual([...means.keys()], ['Conv0', 'Conv2', 'ConvTranspose4', 'MatMul6', 'MatMul10', 'Gemm11', 'Gemm13'])
  let channels = 0
  for (const [name, before] of means) {
    const node = better.nodes.find((n) => n.name === name)!
    const dequantize = better.nodes.find((n) => n.outputs[0] === node.inputs[2])
    const scale = dequantize ? better.constants.get(dequantize.inputs[1]!)!.data as Float32Array : Float32Array.of(0)
    assert.equal(!!dequantize, name !== 'MatMul6', `${name} has a bias of codes`)
    const left = name === 'MatMul6' ? undefined : ownErrors(name, float, better, batches)
    left?.forEach((error, c) => {
      const step = scale[scale.length > 1 ? c : 0]!
      assert.ok(Math.abs(error) <= 0.5 * step + 1e-5, `${name}[${c}]: ${before[c]} before, ${error} after, steps of ${step}`)
      channels++
    })
    if (left) assert.ok(Math.hypot(...left) < 0.5 * Math.hypot(...before), `${name}: ${before} before, ${left} after`)
  }
  assert.equal(better.nodes.find((n) => n.name === 'MatMul10')!.op, 'Gemm')
  assert.equal(plain.nodes.find((n) => n.name === 'MatMul10')!.op, 'MatMul')
  console.log(`# corrected channels: ${channels}`)
})

test('mean errors are those of a slow reference', async () => {
  const { float, plain, means, batches } = await steps(NET)
  for (const name of ['MatMul6', 'MatMul10']) // without a bias of their own: what is left is all there is
    ownErrors(name, float, plain, batches).forEach((expected, c) => assert.ok(Math.abs(means.get(name)![c]! - expected) < 1e-5 * Math.abs(expected) + 1e-6, `${name}[${c}]: expected ${expected}, got ${means.get(name)![c]}`))
  const add = (graph: Graph): Float32Array => graph.constants.get(graph.nodes.find((n) => n.op === 'Add')!.inputs[1]!)!.data as Float32Array
  const { better } = await steps(NET)
  add(better).forEach((b, c) => assert.ok(Math.abs(b - add(float)[c]! - means.get('MatMul6')![c]!) < 1e-4, 'the bias behind a MatMul takes its mean'))
})

test('the whole network\'s mean error shrinks', async () => {
  for (const options of [{}, { engine: 'qnnpack' as const }, { perChannel: true }, { activationType: 'int8' as const }]) {
    const { float, plain, better, batches } = await steps(NET, options)
    const mean = (graph: Graph): number => {
      const sums = new Float64Array(3)
      for (const batch of batches) {
        const [x, y] = [run(float, ['out'], batch)['out']!, run(graph, ['out'], batch)['out']!]
        x.data.forEach((v: number | bigint, i: number) => { sums[i % 3]! += (Number(v) - Number(y.data[i])) / (x.size / 3) / batches.length })
      }
      return Math.hypot(...sums)
    }
    const [before, after] = [mean(plain), mean(better)]
    console.log(`# mean error of the output, ${JSON.stringify(options)}: ${before.toPrecision(3)} before, ${after.toPrecision(3)} after`)
    assert.ok(after < before, `${JSON.stringify(options)}: ${before} before, ${after} after`)
  }
})

test('layers that stay float keep their biases', async () => {
  const { means, better, float } = await steps(NET, { nodesToExclude: ['Conv2', 'MatMul10'] })
  assert.ok(!means.has('Conv2') && !means.has('MatMul10'))
  for (const name of ['Conv2', 'MatMul10']) assert.deepEqual(better.nodes.find((n) => n.name === name)!.inputs.slice(1), float.nodes.find((n) => n.name === name)!.inputs.slice(1))
})
