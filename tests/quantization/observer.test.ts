import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HistogramObserver } from '../../src/quantization/histogram-observer.js'
import { MinMaxObserver, MovingAverageMinMaxObserver } from '../../src/quantization/min-max-observer.js'
import { MovingAveragePerChannelMinMaxObserver, PerChannelMinMaxObserver } from '../../src/quantization/per-channel-observer.js'
import { OctavoError } from '../../src/errors.js'
import { kernels } from '../../src/quantization/kernels.js'
import { Tally, dataOf, eachTier, golden, qparamsEqual, same, sha, tensorOf, type Plain } from './golden.js'
import { address } from '../../src/runtime/train.js'

const CLASSES = { MinMaxObserver, MovingAverageMinMaxObserver, PerChannelMinMaxObserver, MovingAveragePerChannelMinMaxObserver }
const list = (v: number | Float32Array): ArrayLike<number> => (typeof v === 'number' ? [v] : v)

test('running ranges and their qparams, as PyTorch', () => eachTier(({ tier }) => {
  const tally = new Tally()
  for (const c of golden.minmax) {
    const observer = new CLASSES[c.observer as keyof typeof CLASSES]({ axis: c.options['ch_axis'], averagingConstant: c.options['averaging_constant'] })
    c.steps.forEach((step, i) => {
      const x = tensorOf(step.batch, c.dims)
      assert.equal(observer.forward(x), x)
      const equal = same(list(observer.minVal), step.min) && same(list(observer.maxVal), step.max) && qparamsEqual(observer, step)
      tally.add(c.observer, equal, () => `step ${i} of ${JSON.stringify(c)}: ${[observer.minVal, observer.maxVal]}`)
    })
  }
  tally.check(tier, { MinMaxObserver: 60, MovingAverageMinMaxObserver: 60, PerChannelMinMaxObserver: 30, MovingAveragePerChannelMinMaxObserver: 30 })
}))

test('histograms, merges and searches, as PyTorch', () => eachTier(({ tier }) => {
  const tally = new Tally()
  golden.histograms.forEach((c, n) => {
    const { reduce_range: reduceRange, ...options } = c.options
    const observer = new HistogramObserver({ ...options, reduceRange })
    c.steps.forEach((step, i) => {
      const label = (): string => `case ${n}, step ${i}, ${JSON.stringify(c.options)} ${JSON.stringify(step)}: ${observer.minVal} ${observer.maxVal}`
      if (step.refused) {
        assert.throws(() => observer.forward(tensorOf(step.batch)), (e) => e instanceof OctavoError && e.code === 'CALIBRATION_INVALID')
        return
      }
      observer.forward(tensorOf(step.batch))
      const equal = same([observer.minVal], step.min) && same([observer.maxVal], step.max) && sha(observer.histogram) === step.histogram
      tally.add('HistogramObserver histograms', equal, label)
      if (step.merged) tally.add('HistogramObserver merges', equal, label)
      if (!step.low) return
      const [low, high] = observer.searchRange()
      tally.add('HistogramObserver searches', same([low], step.low) && same([high], step.high as Plain[]) && qparamsEqual(observer, step), () => `${label()} got ${low} ${high}`)
    })
  })
  tally.check(tier, { 'HistogramObserver merges': 100, 'HistogramObserver searches': 100 })
}))

test('bins of lattices, as torch.histc', () => eachTier(({ tier }) => {
  const tally = new Tally()
  for (const c of golden.histcs) {
    const got = kernels().histc(dataOf(c.batch), new Float32Array(c.bins), [c.low, c.high])
    tally.add('torch.histc', sha(got) === c.histogram, () => JSON.stringify(c))
  }
  tally.check(tier, { 'torch.histc': 60 })
}))

test('sums and points of linspace, as PyTorch', () => eachTier((module) => {
  const tally = new Tally()
  for (const c of golden.sums) {
    const { data } = tensorOf(c.batch), x = module.arena.allocate(data.byteLength), y = module.arena.allocate(4)
    module.floats(x, data.length).set(data as Float32Array)
    module.call('f32_sum', { x: address(x), y: address(y), count: data.length })
    tally.add('torch.sum', same(module.floats(y, 1), c.sum), () => JSON.stringify(c))
    module.arena.free(x, data.byteLength)
    module.arena.free(y, 4)
  }
  for (const c of golden.linspaces) {
    const y = module.arena.allocate(4 * c.count)
    module.call('f32_linspace', { y: address(y), count: c.count, start: c.start, end: c.end })
    tally.add('torch.linspace', sha(module.floats(y, c.count)) === c.points, () => JSON.stringify(c))
    module.arena.free(y, 4 * c.count)
  }
  tally.check(module.tier)
}))
