import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Tensor } from '../../../src/value.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { watchOf } from '../../../src/workflow/graph/activation-qparams.js'
import { BatchSource } from '../../../src/workflow/graph/batches.js'
import { observeGraph } from '../../../src/workflow/graph/calibrate.js'
import { Forms } from '../../../src/workflow/graph/forms.js'
import { loadModules } from '../../../src/workflow/graph/host.js'
import { measureGraphs } from '../../../src/workflow/graph/measure.js'
import { prepareModel } from '../../../src/workflow/graph/prepare-model.js'
import { settingsOf } from '../../../src/workflow/graph/settings.js'
import type { Batch, ProgressEvent, QuantizeStaticOptions } from '../../../src/workflow/graph/options.js'
import { quantizeGraph } from '../../../src/workflow/graph/quantize-static.js'
import { sensitivity } from '../../../src/workflow/graph/sensitivity.js'
import { relativeError } from '../../../src/workflow/graph/sqnr.js'
import { noise } from '../../graph/passes/small-graph.js'
import { DATA, skipWithoutData } from '../../support/data.js'
import { batchesFor, HOST, quantize, refuses, smallModel, tier, type SmallModel } from './small-model.js'

/** One element far from the rest, so that one scale for all costs much. */
const spiky = (dims: readonly number[], seed: number, spike: number): Tensor => new Tensor('float32', (noise(dims, 1, seed).data as Float32Array).map((v, i) => (i === 0 ? spike : v)), dims)

const NET = smallModel({ x: ['N', 3, 8, 8] }, {
  w: spiky([6, 3, 3, 3], 2, 4), b: noise([6], 1, 3), d: spiky([6, 1, 3, 3], 7, 30), e: spiky([6, 6, 1, 1], 8, 12), v: noise([5, 6], 1, 4), c: noise([5], 1, 5),
}, [
  ['Conv', 'x w b', 'y', { pads: [1, 1, 1, 1] }], ['Sigmoid', 'y', 'g'], ['Mul', 'y g', 'z'], ['Conv', 'z d', 'u', { group: 6, pads: [1, 1, 1, 1] }], ['Relu', 'u', 'r'], ['Add', 'z r', 's'], ['Conv', 's e', 't'],
  ['MaxPool', 't', 'm', { kernel_shape: [2, 2] }], ['GlobalAveragePool', 'm', 'p'], ['Flatten', 'p', 'f'], ['Gemm', 'f v c', 'out', { transB: 1 }],
], 'out')
/** What is quantized together: nodes by name. */
const UNITS = [['Conv0'], ['Sigmoid1', 'Mul2'], ['Conv3', 'Relu4'], ['Add5'], ['Conv6'], ['GlobalAveragePool8'], ['Gemm10']]

const OPTIONS = { perChannel: false, calibrateMethod: 'minmax', ...HOST } as const
const errorOf = async (model: SmallModel, batches: Batch[], options: QuantizeStaticOptions): Promise<number> => {
  const { report } = await quantizeGraph(model.graph, batches, { ...OPTIONS, ...options })
  return Math.max(...report.outputs.map((o) => relativeError(o.sqnr)))
}
const floats = (report: { layers: readonly { name: string; quantized: boolean; reason?: string }[] }): string[] => report.layers.filter((l) => /tolerance/.test(l.reason ?? '')).map((l) => l.name)

/** All that quantizeStatic tries on a model, with the scales that it finds. */
async function formsOf({ graph }: SmallModel, batches: readonly Batch[]): Promise<Forms> {
  await loadModules(HOST)
  const forms = new Forms(prepareModel(graph, batches[0]!, tier, OPTIONS), settingsOf(OPTIONS), {}, true)
  const observers = forms.observers()
  await observeGraph(forms.prepared.graph, watchOf(forms, observers), new BatchSource([...batches]), { tier })
  forms.observed(observers)
  return forms
}

test('a layer alone costs what quantizing nothing else costs', async () => {
  const batches = batchesFor(NET, 4)
  const options = { ...OPTIONS, engine: 'qnnpack' } as const // leaves all eight bits to a value whoever reads it
  const { layers, outputs, worst, samples } = await sensitivity(NET.bytes, batches, options)
  const { report } = await quantize(NET, options, batches)
  assert.deepEqual(layers.map(({ sqnrAlone: _, ...layer }) => layer), report.layers)
  assert.deepEqual([outputs, worst, samples], [report.outputs, report.worst, 8])
  for (const names of UNITS) {
    const figures = layers.filter((l) => names.includes(l.name)).map((l) => l.sqnrAlone!)
    assert.ok(figures.length >= 1 && new Set(figures).size === 1, `${names}: ${figures}`)
    // what a MaxPool gives has its input's scale in the whole graph, so it goes along
    const only = names[0] === 'Gemm10' ? { nodesToExclude: UNITS.flat().filter((n) => n !== 'Gemm10').concat('MaxPool7', 'Flatten9') } : { nodesToQuantize: names[0] === 'GlobalAveragePool8' ? ['MaxPool7', ...names] : names }
    const error = await errorOf(NET, batches, { ...only, engine: 'qnnpack' })
    assert.ok(Math.abs(relativeError(figures[0]!) - error) < 1e-12, `${names}: ${relativeError(figures[0]!)} alone, ${error} when nothing else is asked for`)
  }
  const fewer = await sensitivity(NET.bytes, batches, { ...options, samples: 3 })
  assert.equal(fewer.worst.length, 2, 'whole batches of two')
})

test('the fewest layers stay float that any search could find', async () => {
  const batches = batchesFor(NET, 3)
  const forms = await formsOf(NET, batches)
  assert.deepEqual(forms.units.map((u) => u.names), UNITS)
  const errors = new Map<number, number>()
  for (let bits = 0; bits < 2 ** UNITS.length - 1; bits++) {
    const { outputs } = await measureGraphs(forms.prepared.graph, forms.without(forms.units.filter((_, i) => (bits >> i) & 1)), [], new BatchSource(batches), { tier })
    errors.set(bits, relativeError(outputs[0]!.sqnr))
  }
  const all = errors.get(0)!
  assert.equal(all, await errorOf(NET, batches, {}))
  const whole = (await quantizeGraph(NET.graph, batches, OPTIONS)).report.layers
  const count = (bits: number): number => [...bits.toString(2)].filter((b) => b === '1').length
  const least = (limit: number): number => Math.min(UNITS.length, ...[...errors].filter(([, error]) => error <= limit).map(([bits]) => count(bits)))
  const found: string[] = []
  for (const share of [1.01, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 1e-4]) {
    const tolerance = Math.min(0.99, all * share)
    const { report } = await quantizeGraph(NET.graph, batches, { ...OPTIONS, tolerance })
    const kept = UNITS.filter((names) => names.some((n) => floats(report).includes(n)))
    assert.ok(Math.max(...report.outputs.map((o) => relativeError(o.sqnr))) <= tolerance)
    assert.equal(kept.length, least(tolerance), `tolerance ${tolerance}: kept ${kept.join(' | ')}`)
    for (const l of report.layers) assert.equal(l.quantized, !kept.flat().includes(l.name) && l.reason === undefined, l.name)
    assert.deepEqual(report.layers.map((l) => [l.name, l.output]), whole.map((l) => [l.name, l.output]))
    found.push(`${tolerance.toPrecision(2)} keeps ${kept.length}`)
  }
  console.log(`# ${errors.size} forms tried; tolerance ${found.join(', ')}`)
})

test('what stays float stays so whole: no codes inside, and the rest runs on integers', async () => {
  const batches = batchesFor(NET, 3)
  const all = await errorOf(NET, batches, {})
  const made = await quantize(NET, { ...OPTIONS, tolerance: all * 0.5 }, batches)
  const kept = floats(made.report)
  assert.ok(kept.length > 0 && kept.length < UNITS.flat().length)
  for (const name of kept) {
    const node = made.graph.nodes.find((n) => n.name === name)!
    for (const input of node.inputs.slice(1)) assert.ok(!made.graph.nodes.some((n) => n.outputs.includes(input) && n.op === 'DequantizeLinear' && made.graph.constants.has(n.inputs[0]!)), `${name} reads float weights`)
  }
  assert.match(made.planned(batches[0]!), /QLinearConv/)
  assert.ok(made.report.layers.every((l) => l.name.startsWith('Softmax') || l.sqnrAlone !== undefined))
  assert.match(made.report.layers.find((l) => l.name === kept[0])!.reason!, /kept in float to meet the tolerance of 0\./)
})

test('biases are corrected in every form that is tried', async () => {
  const batches = batchesFor(NET, 3)
  const tolerance = 0.5 * await errorOf(NET, batches, {})
  const { report } = await quantizeGraph(NET.graph, batches, { ...OPTIONS, biasCorrection: true, equalize: true, tolerance })
  assert.ok(Math.max(...report.outputs.map((o) => relativeError(o.sqnr))) <= tolerance)
})

test('batches beyond those searched on count: more stays float, or a warning says so', async () => {
  const batches = batchesFor(NET, 14)
  batches.slice(8).forEach(({ x }) => (x!.data as Float32Array).forEach((v, i, all) => { all[i] = v * 0.05 }))
  const first = await errorOf(NET, batches.slice(0, 8), {}), all = await errorOf(NET, batches, {})
  const tolerance = first * 0.8
  const { report } = await quantizeGraph(NET.graph, batches, { ...OPTIONS, tolerance })
  const error = Math.max(...report.outputs.map((o) => relativeError(o.sqnr)))
  assert.ok(error <= tolerance || report.warnings.some((w) => /tolerance/.test(w)), `${first} on the first, ${all} on all; ${error} left`)
  assert.equal(report.worst.length, 10)
})

test('progress of a search goes up to its end, and an abort stops it', async () => {
  const batches = batchesFor(NET, 2), events: ProgressEvent[] = [], abort = new AbortController()
  const tolerance = 0.5 * await errorOf(NET, batches, {})
  await quantizeGraph(NET.graph, batches, { ...OPTIONS, tolerance, onProgress: (e) => events.push(e) })
  const search = events.filter((e) => e.phase === 'search')
  search.forEach((e, i) => assert.ok(e.done <= e.total! && (i === 0 || e.done >= search[i - 1]!.done), JSON.stringify(search)))
  assert.equal(search.at(-1)!.done, search.at(-1)!.total)
  const stop = (e: ProgressEvent): void => { if (e.phase === 'search' && e.done === 3) abort.abort() }
  await refuses(quantizeGraph(NET.graph, batches, { ...OPTIONS, tolerance, signal: abort.signal, onProgress: stop }), 'ABORTED', /abort/)
})

test('wrong tolerances, samples and models are refused', async () => {
  for (const tolerance of [0, 1, -0.1, NaN, '0.1' as never]) await refuses(quantize(NET, { tolerance }), 'OPTION_INVALID', /option tolerance/)
  for (const samples of [0, 1.5, NaN]) await refuses(sensitivity(NET.bytes, batchesFor(NET), { ...OPTIONS, samples }), 'OPTION_INVALID', /option samples/)
  const labels = smallModel({ x: ['N', 3, 8, 8] }, { w: noise([6, 3, 3, 3], 1, 2) }, [['Conv', 'x w', 'y'], ['ArgMax', 'y', 'out', { axis: 1 }]], 'out', { out: 'int64' })
  await refuses(quantize(labels, { tolerance: 0.1 }), 'OPTION_INVALID', /no float32 output.*out \(int64\)/)
})

test('a real network meets a tolerance that int8 alone does not', { skip: skipWithoutData }, async () => {
  const graph = decodeModel(new Uint8Array(readFileSync(join(DATA!, 'models/onnx-float/resnet20-cifar10.onnx'))))
  const batches = [1, 2, 3, 4].map((seed) => ({ input: noise([2, 3, 32, 32], 1, seed) }))
  const model = { graph, bytes: new Uint8Array() }
  const tolerance = 0.6 * await errorOf(model, batches, {})
  const { report } = await quantizeGraph(graph, batches, { ...OPTIONS, tolerance })
  assert.ok(Math.max(...report.outputs.map((o) => relativeError(o.sqnr))) <= tolerance)
  assert.ok(floats(report).length > 0 && floats(report).length < report.layers.length / 2)
})
