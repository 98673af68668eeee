import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import type { Graph } from '../../../src/graph/graph.js'
import { useTrainModule } from '../../../src/quantization/kernels.js'
import type { TrainModule } from '../../../src/runtime/train.js'
import { GraphSession, type Tensors } from '../../../src/session.js'
import { Tensor } from '../../../src/value.js'
import { BatchSource } from '../../../src/workflow/graph/batches.js'
import { measureGraphs, Watched } from '../../../src/workflow/graph/measure.js'
import type { Batch, ProgressEvent } from '../../../src/workflow/graph/options.js'
import { quantizeGraph } from '../../../src/workflow/graph/quantize-static.js'
import { noise } from '../../graph/passes/small-graph.js'
import { eachTier } from '../../quantization/golden.js'
import { sqnr } from '../../reference/sqnr.js'
import { DATA, skipWithoutData } from '../../support/data.js'
import { batchesFor, HOST, quantize, refuses, smallModel, tier } from './small-model.js'

const NET = smallModel({ x: ['N', 3, 8, 8] }, { w: noise([6, 3, 3, 3], 1, 2), b: noise([6], 1, 3), d: noise([6, 1, 3, 3], 1, 7), e: noise([6, 6, 1, 1], 1, 8), v: noise([5, 6], 1, 4), c: noise([5], 1, 5) }, [
  ['Conv', 'x w b', 'y', { pads: [1, 1, 1, 1] }], ['Relu', 'y', 'z'], ['Conv', 'z d', 'u', { group: 6, pads: [1, 1, 1, 1] }], ['Add', 'z u', 's'], ['Conv', 's e', 't'], ['MaxPool', 't', 'm', { kernel_shape: [2, 2] }],
  ['GlobalAveragePool', 'm', 'p'], ['Flatten', 'p', 'f'], ['Gemm', 'f v c', 'out', { transB: 1 }], ['Softmax', 'out', 'likely'],
], 'out likely')

const made = async (model = NET, batches = batchesFor(model, 5)): Promise<Awaited<ReturnType<typeof quantizeGraph>>> => quantizeGraph(model.graph, batches, { calibrateMethod: 'minmax', ...HOST })
/** Every value of a graph, through its own session. */
function valuesOf(graph: Graph, names: readonly string[], feeds: Batch): Tensors {
  const more = names.filter((n) => !graph.outputs.some((o) => o.name === n)).map((name) => ({ name, dtype: 'float32' as const, dims: null }))
  const session = new GraphSession({ ...graph, outputs: [...graph.outputs, ...more] }, tier, 1 << 20)
  return session.runSync(feeds)
}
const integers = (kernels: readonly string[]): string[] => kernels.filter((k) => /^(q|s8|u8|lut)|_(s8|u8)|q/.test(k) && !/dequantize/.test(k))

test('SQNR of layers, outputs and worst batches are those of a slow reference', async () => {
  const batches = batchesFor(NET, 5)
  ;(batches[2]!.x!.data as Float32Array).forEach((v, i, all) => { all[i] = v * 0.01 })
  const { prepared, converted } = await made(NET, batches)
  const names = prepared.layers.map((l) => l.output)
  assert.deepEqual(names, ['z', 'u', 's', 't', 'p', 'out', 'likely'])
  const events: ProgressEvent[] = []
  const source = async function* (): AsyncGenerator<Batch> { yield* batches }
  const measured = await measureGraphs(prepared.graph, converted, names, source(), { tier, total: 5, onProgress: (e) => events.push(e), worst: 3 })
  const float = batches.map((b) => valuesOf(prepared.graph, names, b)), int8 = batches.map((b) => valuesOf(converted, names, b))
  const pairs = (name: string, at = [...batches.keys()]): [Float32Array, Float32Array][] => at.map((i) => [float[i]![name]!.data as Float32Array, int8[i]![name]!.data as Float32Array])
  assert.equal(measured.batches, 5)
  for (const name of names) {
    const expected = sqnr(pairs(name))
    assert.ok(Math.abs(measured.values.get(name)! - expected) < 1e-9 * Math.abs(expected), `${name}: expected ${expected}, got ${measured.values.get(name)}`)
    assert.ok(expected > 10 && expected < 80, name)
  }
  assert.deepEqual(measured.outputs, ['out', 'likely'].map((name) => ({ name, sqnr: measured.values.get(name)! })))
  const byBatch = [...batches.keys()].map((index) => ({ index, sqnr: Math.min(sqnr(pairs('out', [index])), sqnr(pairs('likely', [index]))) })).sort((a, b) => a.sqnr - b.sqnr)
  assert.deepEqual(measured.worst.map((w) => w.index), byBatch.slice(0, 3).map((w) => w.index))
  measured.worst.forEach((w, i) => assert.ok(Math.abs(w.sqnr - byBatch[i]!.sqnr) < 1e-9))
  assert.equal(measured.worst[0]!.index, 2, 'the weak input loses most')
  assert.deepEqual(events, [0, 1, 2, 3, 4, 5].map((done) => ({ phase: 'measure', done, total: 5 })))
})

test('every tier of the sums gives the same bits', async () => {
  const batches = batchesFor(NET, 3)
  const { prepared, converted } = await made(NET, batches)
  const modules: TrainModule[] = []
  eachTier((module) => { modules.push(module) })
  const results: unknown[] = []
  for (const module of modules) {
    useTrainModule(module)
    const measured = await measureGraphs(prepared.graph, converted, ['z', 't'], (async function* () { yield* batches })(), { tier })
    results.push({ ...measured, values: [...measured.values] })
  }
  assert.equal(results.length, 2)
  assert.deepEqual(results[0], results[1])
})

test('reading a layer behind DequantizeLinear leaves the integer kernels and the outputs as they are', async () => {
  const { prepared, converted } = await made()
  const names = prepared.layers.map((l) => l.output)
  const plain = new Watched(converted, [], tier), watched = new Watched(converted, names, tier)
  const [batch] = batchesFor(NET, 1) as [Batch]
  const [a, b] = [plain.run(batch, 0), watched.run(batch, 0)]
  for (const { name } of converted.outputs) assert.deepEqual(a[name], b[name])
  assert.ok(integers(plain.kernels).length >= 6, plain.kernels.join(' '))
  assert.deepEqual(integers(watched.kernels), integers(plain.kernels))
})

test('quantizeStatic measures unless told not to, and says when it saw less than all', async () => {
  const { report } = await quantize(NET)
  assert.ok(report.layers.every((l) => l.sqnr! > 10), JSON.stringify(report.layers))
  assert.deepEqual(report.outputs.map((o) => o.name), ['out', 'likely'])
  assert.equal(report.worst.length, 4)
  assert.ok(report.seconds['measure']! > 0)
  const without = await quantize(NET, { measure: false })
  assert.ok(without.report.layers.every((l) => l.sqnr === undefined) && !without.report.outputs.length && !without.report.worst.length)
  const once = await quantize(NET, {}, batchesFor(NET)[Symbol.iterator]() as never)
  assert.deepEqual(once.report.outputs, report.outputs)
  const some = (keep: number): BatchSource => new BatchSource(batchesFor(NET)[Symbol.iterator]() as never, undefined, keep)
  const two = 2 * 2 * 3 * 8 * 8 * 4
  assert.equal((await quantize(NET, {}, some(two) as never)).report.outputs.length, 0)
  const part = await quantize(NET, { measure: true }, some(two) as never)
  assert.equal(part.report.worst.length, 2)
  assert.match(part.report.warnings.join(), /first 2 of 4 batches/)
  await refuses(quantize(NET, { measure: true }, some(10) as never), 'CALIBRATION_INVALID', /read once only/)
})

test('results of other dims, errors that are no numbers, and outputs that are no floats', async () => {
  const same = smallModel({ x: [2, 3] }, {}, [['Relu', 'x', 'y']], 'y').graph
  const feed = { x: new Tensor('float32', [1, 2, 3, 4, 5, 6], [2, 3]) }
  const source = async function* (): AsyncGenerator<Batch> { yield feed }
  const measure = (other: Graph): ReturnType<typeof measureGraphs> => measureGraphs(same, other, ['y', 'none'], source(), { tier })
  const equal = await measure(same)
  assert.deepEqual([equal.values.get('y'), equal.outputs[0]!.sqnr, equal.values.has('none')], [Infinity, Infinity, false])
  const flat = await measure(smallModel({ x: [2, 3] }, {}, [['Flatten', 'x', 'y', { axis: 0 }]], 'y').graph)
  assert.equal(flat.outputs[0]!.sqnr, 0)
  const broken = await measure(smallModel({ x: [2, 3] }, { k: new Tensor('float32', [-1]) }, [['Mul', 'x k', 'n'], ['Sqrt', 'n', 'y']], 'y').graph)
  assert.equal(broken.outputs[0]!.sqnr, -Infinity)
  await refuses(measureGraphs(same, same, [], (async function* () { yield feed; yield {} })(), { tier }), 'INPUT_MISSING', /^INPUT_MISSING: batch 1: /)
})

for (const name of ['resnet20-cifar10', 'ultraface', 'yunet'])
  test(`${name}: watching every layer leaves the integer kernels as they are`, { skip: skipWithoutData }, async () => {
    const { model } = JSON.parse(readFileSync(join(DATA!, 'recipes', `${name}.json`), 'utf8')) as { model: string }
    const graph = decodeModel(new Uint8Array(readFileSync(join(DATA!, model))))
    const [input] = graph.inputs
    const dims = input!.dims!.map((d) => (typeof d === 'number' ? d : 1))
    const batches = [{ [input!.name]: noise(dims, 1, 3) }]
    const { prepared, converted, report } = await quantizeGraph(graph, batches, { calibrateMethod: 'minmax', ...HOST })
    const plain = new Watched(converted, [], tier), watched = new Watched(converted, prepared.layers.map((l) => l.output), tier)
    const [a, b] = [plain.run(batches[0]!, 0), watched.run(batches[0]!, 0)]
    for (const { name: output } of converted.outputs) assert.deepEqual(a[output], b[output])
    assert.deepEqual(integers(watched.kernels), integers(plain.kernels))
    assert.ok(report.layers.every((l) => l.sqnr !== undefined))
  })
