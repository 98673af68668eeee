import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntropyObserver, PercentileObserver } from '../../src/quantization/calibration-observer.js'
import { HistogramObserver } from '../../src/quantization/histogram-observer.js'
import { MinMaxObserver, MovingAverageMinMaxObserver } from '../../src/quantization/min-max-observer.js'
import { MovingAveragePerChannelMinMaxObserver, PerChannelMinMaxObserver } from '../../src/quantization/per-channel-observer.js'
import { FixedQParamsObserver, NoopObserver, PlaceholderObserver, RecordingObserver } from '../../src/quantization/plain-observers.js'
import { loadObserver, saveObserver, type SavedObserver } from '../../src/quantization/state.js'
import { OctavoError } from '../../src/errors.js'
import { Tensor } from '../../src/value.js'
import { dataOf, eachTier } from './golden.js'

const coded = (code: string, run: () => unknown): void => assert.throws(run, (e) => (e instanceof OctavoError && e.code === code) || assert.fail(String(e)))
const batch = (seed: number): Tensor => new Tensor('float32', dataOf({ seed, count: 240, kind: 'normal', scale: (seed % 7) + 1, shift: 0.25 }), [3, 80])
const MAKERS = [MinMaxObserver, MovingAverageMinMaxObserver, PerChannelMinMaxObserver, MovingAveragePerChannelMinMaxObserver, HistogramObserver, PercentileObserver, EntropyObserver]
const throughJson = (saved: SavedObserver): SavedObserver => JSON.parse(JSON.stringify(saved)) as SavedObserver

test('a saved state goes on as if it had never been saved', () => eachTier(() => {
  for (const Maker of MAKERS)
    for (const before of [0, 1, 3]) {
      const one = new Maker()
      for (let i = 1; i <= before; i++) one.forward(batch(i))
      const two = loadObserver(new Maker(), throughJson(saveObserver(one)))
      assert.deepEqual(two.stateDict(), one.stateDict(), Maker.name)
      for (const observer of [one, two]) for (let i = 8; i < 11; i++) observer.forward(batch(i))
      assert.deepEqual(two.stateDict(), one.stateDict(), Maker.name)
      assert.deepEqual(two.calculateQParams(), one.calculateQParams(), Maker.name)
    }
}))

test('ranges of shards merge to the bits of one process, in any order', () => eachTier(() => {
  for (const Maker of [MinMaxObserver, PerChannelMinMaxObserver]) {
    const whole = new Maker(), shards = Array.from({ length: 4 }, () => new Maker())
    for (let i = 0; i < 12; i++) for (const observer of [whole, shards[i % 3]!]) observer.forward(batch(100 + i)) // the fourth shard sees nothing
    for (const order of [[0, 1, 2, 3], [3, 2, 0, 1]]) {
      const merged = new Maker()
      for (const s of order) (merged as MinMaxObserver).merge(shards[s]! as MinMaxObserver)
      assert.deepEqual(merged.stateDict(), whole.stateDict())
      assert.deepEqual(merged.calculateQParams(), whole.calculateQParams())
    }
  }
}))

test('histograms of shards merge: counts and range stay, one range adds exactly', () => eachTier(() => {
  const fixed = new Tensor('float32', [-9, 9])
  const whole = new HistogramObserver(), a = new HistogramObserver(), b = new HistogramObserver()
  for (const observer of [whole, a, b]) observer.forward(fixed)
  for (let i = 0; i < 6; i++) for (const observer of [whole, i % 2 ? a : b]) observer.forward(batch(7 * i))
  a.merge(b)
  whole.forward(fixed) // both shards saw it
  assert.deepEqual(a.stateDict(), whole.stateDict())
  const wide = new HistogramObserver(), empty = new HistogramObserver()
  wide.forward(new Tensor('float32', dataOf({ seed: 5, count: 1000, kind: 'heavy', scale: 50, shift: 0 })))
  const [total, other] = [wide, a].map(({ histogram }) => histogram.reduce((sum, n) => sum + n, 0)) as [number, number]
  wide.merge(a)
  wide.merge(empty)
  assert.ok(Math.abs(wide.histogram.reduce((sum, n) => sum + n, 0) - total - other) < 1e-2)
  empty.merge(wide)
  assert.deepEqual(empty.stateDict(), wide.stateDict())
}))

test('percentile histograms of shards merge: counts stay, the range is that of one process to a bin, equal bins add exactly', () => eachTier(() => {
  for (const kinds of [['normal', 'relu'], ['relu', 'heavy'], ['heavy', 'normal'], ['steps', 'relu']])
    for (const percentile of [100, 99, 90]) {
      const make = (): PercentileObserver => new PercentileObserver({ percentile, bins: 256 })
      const whole = make(), shards = [make(), make(), make(), make()]
      for (let i = 0; i < 9; i++) {
        const x = new Tensor('float32', dataOf({ seed: 11 * i, count: 4000, kind: kinds[i % 2]!, scale: 1 + (i % 4), shift: 0 }))
        for (const observer of [whole, shards[i % 3]!]) observer.forward(x) // the fourth shard sees nothing
      }
      const width = Math.max(...shards.slice(0, 3).map(({ bins }) => bins!.edges[1]! - bins!.edges[0]!))
      const merged = make()
      for (const shard of shards) merged.merge(shard)
      assert.deepEqual([merged.minVal, merged.maxVal], [whole.minVal, whole.maxVal])
      assert.equal(merged.bins!.counts.reduce((a, b) => a + b), 9 * 4000)
      assert.ok(merged.bins!.counts.every((n) => Number.isInteger(n) && n >= 0))
      merged.searchRange().forEach((v, i) => assert.ok(Math.abs(v - whole.searchRange()[i]!) <= 2 * width, `${kinds} ${percentile}: ${merged.searchRange()} for ${whole.searchRange()}, bins of ${width}`))
    }
  const fixed = new Tensor('float32', [-9, 9]), whole = new PercentileObserver(), a = new PercentileObserver(), b = new PercentileObserver()
  for (const observer of [whole, a, b]) observer.forward(fixed)
  for (let i = 0; i < 6; i++) for (const observer of [whole, i % 2 ? a : b]) observer.forward(batch(7 * i))
  a.merge(b)
  whole.forward(fixed) // both shards saw it
  assert.deepEqual(a.stateDict(), whole.stateDict())
  const zeros = new PercentileObserver(), empty = new PercentileObserver()
  zeros.forward(new Tensor('float32', new Float32Array(50)))
  zeros.merge(a)
  a.merge(new PercentileObserver())
  assert.equal(zeros.bins!.counts.reduce((x, y) => x + y), a.bins!.counts.reduce((x, y) => x + y) + 50)
  assert.ok(zeros.bins!.counts[zeros.bins!.counts.length >> 1]! >= 50)
  empty.merge(a)
  assert.deepEqual(empty.stateDict(), a.stateDict())
  coded('CALIBRATION_INVALID', () => new PercentileObserver({ symmetricRange: true }).merge(new PercentileObserver({ symmetricRange: true })))
}))

test('states that do not fit are refused', () => eachTier(() => {
  const saved = saveObserver(new MinMaxObserver())
  coded('CALIBRATION_INVALID', () => loadObserver(new HistogramObserver(), saved))
  coded('CALIBRATION_INVALID', () => loadObserver(new MinMaxObserver(), { ...saved, version: 2 as 3 }))
  coded('CALIBRATION_INVALID', () => loadObserver(new MinMaxObserver(), { ...saved, state: {} }))
  coded('CALIBRATION_INVALID', () => loadObserver(new MinMaxObserver(), { ...saved, state: { ...saved.state, min_val: { dtype: 'float32', dims: [], data: ['x'] } } }))
  coded('CALIBRATION_INVALID', () => loadObserver(new MinMaxObserver(), { ...saved, state: { ...saved.state, min_val: { dtype: 'float32', dims: [2], data: [1, 2] } } }))
  coded('CALIBRATION_INVALID', () => loadObserver(new HistogramObserver({ bins: 8 }), saveObserver(new HistogramObserver())))
  coded('CALIBRATION_INVALID', () => new HistogramObserver({ bins: 8 }).merge(new HistogramObserver({ bins: 9 })))
  coded('CALIBRATION_INVALID', () => new MovingAverageMinMaxObserver().merge(new MovingAverageMinMaxObserver()))
  coded('CALIBRATION_INVALID', () => new EntropyObserver().merge(new EntropyObserver()))
  const channels = new PerChannelMinMaxObserver()
  channels.forward(batch(1))
  coded('CALIBRATION_INVALID', () => channels.forward(new Tensor('float32', [1, 2], [2, 1])))
  coded('CALIBRATION_INVALID', () => new PerChannelMinMaxObserver({ axis: 2 }).forward(batch(1)))
  coded('DTYPE_MISMATCH', () => new MinMaxObserver().forward(new Tensor('int8', [1])))
}))

test('observers that observe nothing', () => {
  const x = new Tensor('float32', [1, 2, 3])
  for (const observer of [new PlaceholderObserver(), new NoopObserver(), new RecordingObserver()]) {
    assert.equal(observer.forward(x), x)
    coded('QPARAMS_INVALID', () => observer.calculateQParams())
  }
  const recording = new RecordingObserver()
  recording.forward(x)
  x.data[0] = 9
  assert.deepEqual([...recording.getTensorValue()[0]!.data], [1, 2, 3])
  const fixed = loadObserver(new FixedQParamsObserver({ scale: 1, zeroPoint: 0 }), throughJson(saveObserver(new FixedQParamsObserver({ scale: 1 / 256, zeroPoint: 3 }))))
  assert.deepEqual(fixed.calculateQParams(), { scale: Float32Array.of(1 / 256), zeroPoint: Int32Array.of(3) })
})

test('factories make observers of their own, with options set before or when they are made', () => {
  const make = HistogramObserver.withArgs({ reduceRange: true }).withArgs({ bins: 16 })
  assert.notEqual(make(), make())
  assert.deepEqual([make().quantMax, make().bins, make().constructor], [127, 16, HistogramObserver])
  let eps = 1
  const lazy = MinMaxObserver.withCallableArgs({ eps: () => eps }).withArgs({ dtype: 'qint8' })
  eps = 0.5
  assert.deepEqual([lazy().eps, lazy().dtype], [0.5, 'qint8'])
})

test('options that do not go together are refused', () => {
  coded('OPTION_INVALID', () => new MinMaxObserver({ qscheme: 'per_channel_affine' }))
  coded('OPTION_INVALID', () => new PerChannelMinMaxObserver({ qscheme: 'per_tensor_affine' }))
  coded('OPTION_INVALID', () => new MinMaxObserver({ qscheme: 'per_tensor_symmetric', reduceRange: true }))
  coded('OPTION_INVALID', () => new HistogramObserver({ isDynamic: true }))
  coded('OPTION_INVALID', () => new HistogramObserver({ dtype: 'float8_e5m2' }))
  coded('OPTION_INVALID', () => new MovingAverageMinMaxObserver({ isDynamic: true }))
  assert.ok(new MovingAverageMinMaxObserver({ isDynamic: true, averagingConstant: 1 }).isDynamic)
  coded('OPTION_INVALID', () => new PercentileObserver({ percentile: 101 }))
  coded('OPTION_INVALID', () => new EntropyObserver({ bins: 64 }))
})
