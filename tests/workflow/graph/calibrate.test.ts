import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError, type ErrorCode } from '../../../src/errors.js'
import type { Graph } from '../../../src/graph/graph.js'
import { HistogramObserver } from '../../../src/quantization/histogram-observer.js'
import { MinMaxObserver, MovingAverageMinMaxObserver } from '../../../src/quantization/min-max-observer.js'
import type { ObserverBase } from '../../../src/quantization/observer-base.js'
import { saveObserver } from '../../../src/quantization/state.js'
import { GraphSession } from '../../../src/session.js'
import { Tensor } from '../../../src/value.js'
import { observeGraph, type ObserveOptions, type Watch } from '../../../src/workflow/graph/calibrate.js'
import type { Batch, Batches } from '../../../src/workflow/graph/options.js'
import { noise, smallGraph } from '../../graph/passes/small-graph.js'
import { eachTier } from '../../quantization/golden.js'
import { loadedTiers } from '../../support/sessions.js'

eachTier(() => undefined)
const tiers = loadedTiers()
const [, tier] = tiers[0]!

const DIMS = [1, 3, 7, 5]
const { graph } = smallGraph({ x: noise(DIMS) }, { w: noise([6, 3, 3, 3], 1, 2), b: noise([6], 1, 3), v: noise([4, 6, 1, 1], 1, 4) }, [
  ['Conv', 'x w b', 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ['Relu', 'c', 'r'],
  ['Conv', 'r v', 'd', { kernel_shape: [1, 1] }],
  ['GlobalAveragePool', 'd', 'g'],
  ['Flatten', 'g', 'y', { axis: 1 }],
], 'y')

const batchesOf = (count: number): Batch[] => Array.from({ length: count }, (_, i) => ({ x: noise(DIMS, 1 + (i % 3), 7 + i) }))
const observe = (watch: Watch, batches: Batches, options: Partial<ObserveOptions> = {}, of: Graph = graph): ReturnType<typeof observeGraph> => observeGraph(of, watch, batches, { tier, ...options })
const minMax = (...names: string[]): Map<string, MinMaxObserver[]> => new Map(names.map((name) => [name, [new MinMaxObserver()]]))
const rejects = (run: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> =>
  assert.rejects(run, (e) => e instanceof OctavoError && e.code === code && (assert.match(e.message, words), true))

test('every watched value is seen as the graph computes it', async () => {
  for (const [name, loaded] of tiers) {
    const names = ['x', 'r', 'd', 'y'], makers: (() => ObserverBase)[] = [() => new MinMaxObserver(), () => new MovingAverageMinMaxObserver(), () => new HistogramObserver({ bins: 64 })]
    const watch = new Map(names.map((value) => [value, makers.map((make) => make())]))
    const batches = batchesOf(4)
    assert.deepEqual(await observe(watch, batches, { tier: loaded }), { batches: 4, samples: 4 }, name)
    const session = new GraphSession({ ...graph, outputs: names.map((value) => ({ name: value, dtype: 'float32', dims: null })) }, loaded, 0)
    const expected = new Map(names.map((value) => [value, makers.map((make) => make())]))
    for (const batch of batches) for (const [value, tensor] of Object.entries(session.runSync(batch))) for (const observer of expected.get(value)!) observer.forward(tensor)
    for (const value of names) assert.deepEqual(watch.get(value)!.map(saveObserver), expected.get(value)!.map(saveObserver), `${name} ${value}`)
  }
})

test('batches come from arrays, generators and functions; progress counts them', async () => {
  const sources: [string, () => Batches][] = [
    ['array', () => batchesOf(3)], ['function', () => () => batchesOf(3)], ['generator', function* () { yield* batchesOf(3) }],
    ['async', async function* () { yield* batchesOf(3) }], ['async function', () => async function* () { yield* batchesOf(3) }],
  ]
  for (const [name, source] of sources) {
    const watch = minMax('r'), events: unknown[] = []
    await observe(watch, source(), { total: 3, onProgress: ({ phase, done, total }) => events.push(`${phase} ${done}/${total}`) })
    assert.deepEqual(events, [0, 1, 2, 3].map((n) => `calibrate ${n}/3`), name)
    assert.ok(watch.get('r')![0]!.maxVal > 0, name)
  }
})

test('bad data is a coded error that names the batch and the value', async () => {
  await rejects(observe(minMax('r'), []), 'CALIBRATION_INVALID', /no batches.*at least one/)
  await rejects(observe(minMax('r'), [{}]), 'INPUT_MISSING', /batch 0: .*"x"/)
  await rejects(observe(minMax('r'), [...batchesOf(1), { z: noise(DIMS) }]), 'INPUT_MISMATCH', /batch 1: .*"z"/)
  await rejects(observe(minMax('r'), [{ x: new Tensor('int32', [1]) }]), 'INPUT_MISMATCH', /batch 0: .*float32.*int32/)
  for (const bad of [NaN, Infinity, -Infinity]) {
    const x = noise(DIMS)
    x.data[50] = bad
    await rejects(observe(minMax('x', 'r'), [...batchesOf(2), { x }]), 'CALIBRATION_INVALID', /batch 2: value "x" holds NaN or an infinity/)
  }
  const hidden = smallGraph({ x: noise([4]), m: noise([4]) }, {}, [['Relu', 'x', 'r'], ['Add', 'r m', 'y']], 'y').graph
  const feeds = (bad: number): Batch => ({ x: noise([4]), m: new Tensor('float32', [0, bad, 0, 0]) })
  await rejects(observe(minMax('r'), [feeds(0), feeds(NaN)], {}, hidden), 'CALIBRATION_INVALID', /batch 1: input "m" holds NaN/)
  await observe(minMax('r'), [feeds(-Infinity)], {}, hidden)
  await rejects(observe(minMax('r'), (function* () { yield* batchesOf(2); throw new Error('disk on fire') })()), 'CALIBRATION_INVALID', /batch 2: .*disk on fire/)
})

test('an abort stops between batches and closes their source', async () => {
  const controller = new AbortController()
  let made = 0, closed = false
  const source = function* (): Generator<Batch> {
    try {
      for (const batch of batchesOf(10)) {
        if (made++ === 3) controller.abort(new Error('enough'))
        yield batch
      }
    } finally { closed = true }
  }
  await rejects(observe(minMax('r'), source(), { signal: controller.signal }), 'ABORTED', /aborted/)
  assert.deepEqual([made, closed], [4, true])
  await rejects(observe(minMax('r'), batchesOf(1), { signal: AbortSignal.abort() }), 'ABORTED', /aborted/)
})

test('values are not copied into the host: batches leave next to nothing behind', async () => {
  const wide = [1, 16, 128, 128], megabytes = 16 * 128 * 128 * 4 / 2 ** 20
  const { graph: large } = smallGraph({ x: noise(wide) }, { w: noise([16, 16, 1, 1], 1, 2) }, [['Conv', 'x w', 'c', { kernel_shape: [1, 1] }], ['Relu', 'c', 'r'], ['Conv', 'r w', 'd', { kernel_shape: [1, 1] }]], 'd')
  const x = noise(wide)
  const repeat = function* (count: number): Generator<Batch> { for (let i = 0; i < count; i++) yield { x } }
  const observers = () => new Map(['x', 'r', 'd'].map((name) => [name, [new MinMaxObserver(), new HistogramObserver()]]))
  await observe(observers(), repeat(2), {}, large)
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  await observe(observers(), repeat(40), { onProgress: () => { most = Math.max(most, process.memoryUsage().arrayBuffers - before) } }, large)
  assert.ok(most / 2 ** 20 < 6 * megabytes, `${(most / 2 ** 20).toFixed(1)} MiB more than before, values are ${megabytes} MiB each`)
})
