import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseQParams } from '../../src/quantization/choose-qparams.js'
import { MinMaxObserver } from '../../src/quantization/min-max-observer.js'
import { PerChannelMinMaxObserver } from '../../src/quantization/per-channel-observer.js'
import { calculateQMinQMax, calculateQParams, roundEven } from '../../src/quantization/qparams.js'
import { isPerChannel } from '../../src/quantization/qscheme.js'
import { OctavoError } from '../../src/errors.js'
import { Tally, golden, number, qparamsEqual } from './golden.js'

const coded = (code: string, run: () => unknown): void => assert.throws(run, (e) => e instanceof OctavoError && e.code === code)

test('qparams of ranges, every dtype and qscheme, as PyTorch', () => {
  const tally = new Tally()
  for (const c of golden.qparams) {
    const options = { dtype: c.dtype, qscheme: c.qscheme, reduceRange: c.reduceRange, eps: c.eps, quantMin: c.quantMin ?? undefined, quantMax: c.quantMax ?? undefined }
    const make = (): MinMaxObserver | PerChannelMinMaxObserver => (isPerChannel(c.qscheme) ? new PerChannelMinMaxObserver(options) : new MinMaxObserver(options))
    if (c.refused) {
      coded('OPTION_INVALID', make)
      tally.add('qparams refused', true, () => '')
      continue
    }
    const o = make()
    assert.deepEqual([o.quantMin, o.quantMax], c.range)
    const [min, max] = [Float32Array.from(c.min, number), Float32Array.from(c.max, number)]
    tally.add(`qparams ${c.qscheme}`, qparamsEqual({ calculateQParams: () => calculateQParams(min, max, o, !isPerChannel(c.qscheme)) }, c), () => JSON.stringify(c))
    tally.add('qparams', qparamsEqual({ calculateQParams: () => calculateQParams(min, max, o, !isPerChannel(c.qscheme)) }, c), () => JSON.stringify(c))
  }
  tally.check('host', { qparams: 300 })
})

test('given code ranges, as PyTorch', () => {
  for (const c of golden.qranges) {
    const run = (): number[] => calculateQMinQMax(c.dtype, c.reduceRange, c.quantMin, c.quantMax)
    if (c.error) coded('OPTION_INVALID', run)
    else assert.deepEqual(run(), c.range, JSON.stringify(c))
  }
  console.log(`# code ranges: ${golden.qranges.length}/${golden.qranges.length}`)
})

test('qparams chosen at run time, as PyTorch', () => {
  const tally = new Tally()
  for (const c of golden.choose) {
    const got = chooseQParams(c.min, c.max, ...c.range, c.sparse, c.reduce)
    const scale = c.scale === undefined ? Math.fround(got.scale) === c.scale32 : got.scale === c.scale
    tally.add(c.scale === undefined ? 'fused fake-quantize' : '_choose_qparams_per_tensor', scale && got.zeroPoint === c.zeroPoint, () => `${JSON.stringify(c)} got ${JSON.stringify(got)}`)
  }
  tally.check('host')
})

test('rounding is to the nearest, ties to even', () => {
  for (const [v, r] of [[0.5, 0], [1.5, 2], [2.5, 2], [-0.5, 0], [-1.5, -2], [-2.5, -2], [0.49999997, 0], [-127.49999, -127], [3, 3]] as const) assert.equal(roundEven(v) + 0, r)
})
