import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EntropyObserver, PercentileObserver } from '../../src/quantization/calibration-observer.js'
import { OctavoError } from '../../src/errors.js'
import { Tensor } from '../../src/value.js'
import { Tally, eachTier, golden, same, sha, tensorOf, type Plain } from './golden.js'

test('percentile and entropy ranges, as ONNX Runtime', () => eachTier(({ tier }) => {
  const tally = new Tally()
  golden.calibration.forEach((c, n) => {
    const { bins, percentile, quantizedBins, symmetric } = c.options
    const observer = c.method === 'entropy' ? new EntropyObserver({ bins, quantizedBins }) : new PercentileObserver({ bins, percentile, symmetricRange: symmetric })
    c.steps.forEach((step, i) => {
      observer.forward(tensorOf(step.batch))
      const { counts, edges } = observer.bins!
      const label = (): string => `case ${n}, step ${i} ${JSON.stringify(c.options)} ${JSON.stringify(step)}: ${counts.length} bins, ${observer.searchRange()}`
      const kind = `${c.method}${symmetric ? ' symmetric' : ''}`
      tally.add(`${kind} counts`, counts.length === step.bins && sha(counts) === step.counts, label)
      tally.add(`${kind} edges`, sha(edges) === step.edges, label)
      const [low, high] = observer.searchRange()
      tally.add(`${kind} ranges`, same([low], step.low as Plain[]) && same([high], step.high as Plain[]), label)
    })
  })
  tally.check(tier, { 'percentile ranges': 40, 'entropy ranges': 40, 'percentile symmetric ranges': 40 })
}))

test('what has no bin is refused, and the state stays', () => eachTier(() => {
  for (const observer of [new EntropyObserver(), new PercentileObserver(), new PercentileObserver({ symmetricRange: true })]) {
    observer.forward(new Tensor('float32', [1, -2]))
    for (const bad of [NaN, Infinity, -Infinity]) {
      assert.throws(() => observer.forward(new Tensor('float32', [bad, 1])), (e) => e instanceof OctavoError && e.code === 'CALIBRATION_INVALID')
      assert.deepEqual([observer.minVal, observer.maxVal], [-2, 1])
    }
    assert.throws(() => observer.forward(new Tensor('float32', [3e38])), (e) => e instanceof OctavoError && e.code === 'CALIBRATION_INVALID')
  }
}))
