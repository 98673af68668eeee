import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { OctavoError, type ErrorCode } from '../../../src/errors.js'
import { encodeModel } from '../../../src/formats/onnx/encode.js'
import { Tensor } from '../../../src/value.js'
import { calibrate, mergeCalibrations, type CalibrateOptions } from '../../../src/workflow/graph/calibrate-model.js'
import { parseCalibration, type Calibration } from '../../../src/workflow/graph/calibration.js'
import { CALIBRATE_METHODS, type Batch } from '../../../src/workflow/graph/options.js'
import { quantizeStatic } from '../../../src/workflow/graph/quantize-static.js'
import { ints, noise, smallGraph } from '../../graph/passes/small-graph.js'

const MODEL = new Uint8Array(readFileSync('examples/digits/digits-float.onnx'))
const drawings = gunzipSync(readFileSync('examples/digits/drawings.bin.gz'))
const all: Batch[] = Array.from({ length: 24 }, (_, i) => ({ image: new Tensor('float32', Float32Array.from(drawings.subarray(i * 400, (i + 1) * 400), (v) => v / 255), [1, 1, 20, 20]) }))
const options = { wasmFolder: 'dist' }
const of = (batches: readonly Batch[], more: CalibrateOptions = {}): Promise<Calibration> => calibrate(MODEL, batches, { ...options, ...more })
const shardsOf = (count: number, more: CalibrateOptions = {}): Promise<Calibration[]> =>
  Promise.all(Array.from({ length: count }, (_, k) => of(all.filter((_, i) => i % count === k), { ...more, shard: { index: k + 1, count } })))
const throughJson = (c: Calibration): Calibration => parseCalibration(JSON.stringify(c))
const rejects = (run: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> =>
  assert.rejects(run, (e) => (e instanceof OctavoError && e.code === code && (assert.match(e.message, words), true)) || assert.fail(String(e)))

test('quantizing from a saved calibration gives the file that quantizing from the data gives', async () => {
  for (const calibrateMethod of CALIBRATE_METHODS) {
    const calibration = throughJson(await of(all, { calibrateMethod }))
    assert.deepEqual([calibration.batches, calibration.samples, calibration.calibrateMethod, calibration.engine], [24, 24, calibrateMethod, 'fbgemm'])
    for (const engine of ['fbgemm', 'qnnpack'] as const) {
      const [direct, later] = [await quantizeStatic(MODEL, all, { ...options, calibrateMethod, engine }), await quantizeStatic(MODEL, calibration, { ...options, engine })]
      assert.deepEqual(later.model, direct.model, `${calibrateMethod} ${engine}`)
      assert.deepEqual([later.report.batches, later.report.samples, later.report.calibrateMethod, later.report.engine], [24, 24, calibrateMethod, engine])
    }
  }
})

test('channels that were evened out are evened out again', async () => {
  const calibration = throughJson(await of(all, { equalize: true }))
  assert.deepEqual((await quantizeStatic(MODEL, calibration, options)).model, (await quantizeStatic(MODEL, all, { ...options, equalize: true })).model)
  await rejects(quantizeStatic(MODEL, await of(all), { ...options, equalize: true }), 'CALIBRATION_INVALID', /equalize: the calibration was made with false/)
})

test('min-max ranges of shards are those of one process to the bit, whatever the split and the order', async () => {
  const whole = await of(all, { calibrateMethod: 'minmax' })
  for (const count of [1, 2, 5, 24]) {
    const parts = (await shardsOf(count, { calibrateMethod: 'minmax' })).map(throughJson)
    assert.deepEqual(parts[count - 1]!.shards, { count, present: [count] })
    for (const order of [parts, [...parts].reverse()]) {
      const { shards, ...merged } = await mergeCalibrations(order, options)
      assert.deepEqual(merged, whole, `${count} shards`)
      assert.deepEqual(shards, { count, present: Array.from({ length: count }, (_, i) => i + 1) })
    }
  }
})

test('histograms and percentiles of shards merge close to one process, in the same way whatever the order', async () => {
  for (const calibrateMethod of ['histogram', 'percentile'] as const) {
    const parts = await shardsOf(4, { calibrateMethod })
    const merged = await mergeCalibrations(parts, options)
    assert.deepEqual(await mergeCalibrations([parts[2]!, parts[0]!, parts[3]!, parts[1]!], options), merged)
    const [one, many] = [await quantizeStatic(MODEL, all, { ...options, calibrateMethod }), await quantizeStatic(MODEL, merged, options)]
    one.report.values.forEach((value, i) => {
      const other = many.report.values[i]!
      assert.deepEqual([other.name, other.seen], [value.name, value.seen])
      assert.ok(Math.abs(other.scale / value.scale - 1) < 0.02, `${calibrateMethod} ${value.name}: ${value.scale} and ${other.scale}`)
    })
  }
})

test('parts of parts merge, and an incomplete set is not quantized from', async () => {
  const parts = await shardsOf(4, { calibrateMethod: 'minmax' })
  const [ab, cd] = [await mergeCalibrations(parts.slice(0, 2), { ...options, partial: true }), await mergeCalibrations(parts.slice(2), { ...options, partial: true })]
  assert.deepEqual(ab.shards, { count: 4, present: [1, 2] })
  assert.deepEqual(await mergeCalibrations([cd, ab], options), await mergeCalibrations(parts, options))
  await rejects(quantizeStatic(MODEL, ab, options), 'CALIBRATION_INVALID', /lacks shard 3, 4 of 4/)
  await rejects(mergeCalibrations(parts.slice(1), options), 'CALIBRATION_INVALID', /shard 1 of 4 is missing/)
  await rejects(mergeCalibrations([...parts, parts[2]!], options), 'CALIBRATION_INVALID', /shard 3 of 4 is in part 3 and in part 5/)
  await rejects(mergeCalibrations([parts[0]!, (await shardsOf(2, { calibrateMethod: 'minmax' }))[1]!], options), 'CALIBRATION_INVALID', /numbers of shards 4 and 2/)
})

test('what does not go together is refused', async () => {
  const minmax = await of(all.slice(0, 2), { calibrateMethod: 'minmax' })
  const other = { ...minmax, model: { name: 'other', sha256: '00' } }
  await rejects(mergeCalibrations([], options), 'CALIBRATION_INVALID', /nothing to merge/)
  await rejects(mergeCalibrations([minmax, other], { ...options, names: ['a.json', 'b.json'] }), 'CALIBRATION_INVALID', /a\.json and b\.json do not go together: their models/)
  await rejects(mergeCalibrations([minmax, await of(all.slice(2, 4))], options), 'CALIBRATION_INVALID', /calibrateMethod minmax and histogram/)
  await rejects(mergeCalibrations([minmax, await of(all.slice(2, 4), { calibrateMethod: 'minmax', engine: 'qnnpack' })], options), 'CALIBRATION_INVALID', /engine fbgemm and qnnpack/)
  await rejects(mergeCalibrations([minmax, await of(all.slice(2, 4), { calibrateMethod: 'minmax', opTypesToQuantize: ['Conv'] })], options), 'CALIBRATION_INVALID', /they observed/)
  for (const calibrateMethod of ['movingAverage', 'entropy'] as const) await rejects(mergeCalibrations(await shardsOf(2, { calibrateMethod }), options), 'CALIBRATION_INVALID', /cannot be merged/)
  await rejects(quantizeStatic(MODEL, other, options), 'CALIBRATION_INVALID', /of another model/)
  await rejects(quantizeStatic(MODEL, minmax, { ...options, calibrateMethod: 'histogram' }), 'CALIBRATION_INVALID', /made with minmax/)
  await rejects(quantizeStatic(MODEL, minmax, { ...options, tolerance: 0.1 }), 'CALIBRATION_INVALID', /tolerance needs data/)
  await rejects(of(all, { shard: { index: 3, count: 2 } }), 'CALIBRATION_INVALID', /index from 1 to count/)
  await rejects(of([]), 'CALIBRATION_INVALID', /no batches/)
})

test('nodes may be left out later; nodes that were left out before were not observed', async () => {
  const last = (await quantizeStatic(MODEL, all.slice(0, 1), options)).report.layers.filter((l) => l.op === 'Gemm').at(-1)
  const nodesToExclude = [last!.name]
  const later = await quantizeStatic(MODEL, await of(all), { ...options, nodesToExclude })
  assert.deepEqual(later.model, (await quantizeStatic(MODEL, all, { ...options, nodesToExclude })).model)
  await rejects(quantizeStatic(MODEL, await of(all, { opTypesToQuantize: ['Gemm', 'MatMul'] }), options), 'CALIBRATION_INVALID', /was not observed/)
})

test('contents that decide shapes are kept', async () => {
  const x = noise([1, 12]), shape = ints(1, 3, 4)
  const { graph } = smallGraph({ x, shape }, { w: noise([4, 5], 1, 3) }, [['Reshape', 'x shape', 'r'], ['MatMul', 'r w', 'y']], 'y')
  const model = encodeModel(graph)
  const calibration = throughJson(await calibrate(model, [{ x, shape }], options))
  assert.deepEqual(calibration.inputs, { x: { dtype: 'float32', dims: [1, 12] }, shape: { dtype: 'int64', dims: [3], data: ['1', '3', '4'] } })
  assert.deepEqual((await quantizeStatic(model, calibration, options)).model, (await quantizeStatic(model, [{ x, shape }], options)).model)
})

test('a file that is no calibration is refused, field by field', async () => {
  const good = await of(all.slice(0, 1))
  assert.equal(parseCalibration(good), good)
  const bad: readonly (readonly [unknown, RegExp])[] = [
    ['{', /x\.json is not JSON/], [{}, /no calibration/], [[], /no calibration/], [null, /no calibration/], [{ ...good, version: 2 }, /version 1, got 2/], [{ ...good, model: 'm' }, /field model/],
    [{ ...good, engine: 'toString' }, /field engine/], [{ ...good, calibrateMethod: 'best' }, /field calibrateMethod/], [{ ...good, equalize: 1 }, /field equalize/], [{ ...good, batches: -1 }, /fields batches/],
    [{ ...good, shards: { count: 2, present: [3] } }, /field shards/], [{ ...good, inputs: { image: { dtype: 'float32', dims: [-1] } } }, /field inputs/], [{ ...good, inputs: { image: { dtype: 'int64', dims: [1], data: ['1.5'] } } }, /field inputs/],
    [{ ...good, groups: { image: { watch: 'image', state: {} } } }, /field groups/],
  ]
  for (const [value, words] of bad) assert.throws(() => parseCalibration(value, 'x.json'), (e) => e instanceof OctavoError && e.code === 'CALIBRATION_INVALID' && (assert.match(e.message, words), true))
  const [name] = Object.keys(good.groups)
  await rejects(quantizeStatic(MODEL, { ...good, groups: { ...good.groups, [name!]: { ...good.groups[name!]!, state: { observer: 'HistogramObserver', version: 3, state: {} } } } }, options), 'CALIBRATION_INVALID', /state of HistogramObserver/)
  await rejects(quantizeStatic(MODEL, { ...good, inputs: {} }, options), 'CALIBRATION_INVALID', /no input "image"/)
})
