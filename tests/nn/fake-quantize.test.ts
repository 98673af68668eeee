/** Fake-quantize modules of every QAT preset against PyTorch 2.13: tests/golden/fake-quantize.json, in every tier. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromArray } from '../../src/autograd/create.js'
import type { Tensor } from '../../src/autograd/tensor.js'
import { FakeQuantize, FixedQParamsFakeQuantize, FusedMovingAvgObsFakeQuantize, disableFakeQuant, disableObserver, enableFakeQuant, enableObserver } from '../../src/nn/observing/fake-quantize.js'
import * as qat from '../../src/nn/observing/qat-qconfig.js'
import { HistogramObserver } from '../../src/quantization/histogram-observer.js'
import { PlaceholderObserver } from '../../src/quantization/plain-observers.js'
import { coded } from '../support/errors.js'
import { testEager } from '../support/eager.js'
import { Tally, eachTier, same, sha } from '../quantization/golden.js'

interface Step { seed: number; scale: number; shift: number; observe: boolean; round: boolean; y: string; buffers: Record<string, number[]>; qscale: number[]; qzero: number[] }
const golden = JSON.parse(readFileSync('tests/golden/fake-quantize.json', 'utf8')) as { torch: string; cases: { config: string; kind: 'activation' | 'weight' | 'single'; dims: number[]; keys: string[]; steps: Step[] }[] }

const CONFIGS: Record<string, qat.QatQConfig> = {
  default_qat_qconfig: qat.defaultQatQConfig, default_qat_qconfig_v2: qat.defaultQatQConfigV2, default_dynamic_qat_qconfig: qat.defaultDynamicQatQConfig,
  default_symmetric_qnnpack_qat_qconfig: qat.defaultSymmetricQnnpackQatQConfig, default_per_channel_symmetric_qnnpack_qat_qconfig: qat.defaultPerChannelSymmetricQnnpackQatQConfig,
}
const SINGLE = {
  default_fixed_qparams_range_0to1_fake_quant: qat.defaultFixedQParamsRange0to1FakeQuant, default_fixed_qparams_range_neg1to1_fake_quant: qat.defaultFixedQParamsRangeNeg1to1FakeQuant,
  default_histogram_fake_quant: qat.defaultHistogramFakeQuant,
}

function make(config: string, kind: 'activation' | 'weight' | 'single'): FakeQuantize {
  if (kind === 'single') return SINGLE[config as keyof typeof SINGLE]()
  const [engine, version] = config.split(' v')
  return (CONFIGS[config] ?? qat.getDefaultQatQConfig(engine, Number(version)))[kind]() as FakeQuantize
}

/** What fake-quantize.py calls data(). */
function data({ seed, scale, shift }: Step, count: number): Float32Array {
  let x = seed >>> 0
  const next = (): number => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
  return Float32Array.from({ length: count }, () => (0 + next() + next() + next() - 1.5) * scale + shift)
}

testEager('fake-quantize modules give what PyTorch gives', () => eachTier(({ tier }) => {
  const tally = new Tally()
  for (const { config, kind, dims, keys, steps } of golden.cases) {
    const module = make(config, kind)
    steps.forEach((step, i) => {
      module.apply(step.observe ? enableObserver : disableObserver).apply(step.round ? enableFakeQuant : disableFakeQuant)
      const y = module(fromArray(data(step, dims.reduce((n, d) => n * d, 1)), dims))
      const state = module.stateDict()
      const { scale, zeroPoint } = module.calculateQParams()
      const buffers = Object.entries(step.buffers).every(([key, value]) => same(Array.from((state.get(key) as Tensor).toArray() as Float32Array, Number), value))
      const equal = sha(y.toArray()) === step.y && buffers && same(scale, step.qscale) && same(zeroPoint, step.qzero) && `${[...state.keys()].sort()}` === `${[...keys].sort()}`
      tally.add(kind === 'single' ? module.constructor.name : `${kind}s by ${config}`, equal, () => `step ${i} of ${config} ${kind} [${dims}]: ${JSON.stringify(step)} got ${String(module)}`)
    })
    const other = make(config, kind)
    other.loadStateDict(module.stateDict())
    assert.deepEqual([...other.stateDict()].map(([key, value]) => [key, (value as Tensor).toArray()]), [...module.stateDict()].map(([key, value]) => [key, (value as Tensor).toArray()]))
  }
  tally.check(tier)
  assert.ok(golden.cases.length >= 84)
}))

testEager('fake-quantize modules refuse what PyTorch refuses', () => {
  coded('OPTION_INVALID', () => new FakeQuantize({ quantMin: 0, quantMax: 256 }))
  coded('OPTION_INVALID', () => new FakeQuantize({ observer: PlaceholderObserver }))
  coded('OPTION_INVALID', () => new FusedMovingAvgObsFakeQuantize({ observer: HistogramObserver }))
  coded('OPTION_INVALID', () => new FixedQParamsFakeQuantize({ observer: HistogramObserver }))
  coded('OPTION_INVALID', () => qat.getDefaultQatQConfig('x86', 2))
  coded('ENGINE_UNKNOWN', () => qat.getDefaultQatQConfig('none'))
})
