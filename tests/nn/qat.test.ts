/** Modules of quantization-aware training against PyTorch 2.13: tests/golden/qat.json, in every tier. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Tensor } from '../../src/autograd/tensor.js'
import * as nn from '../../src/entry/torch/nn.js'
import * as intrinsic from '../../src/entry/torch/nn/intrinsic.js'
import * as nniqat from '../../src/entry/torch/nn/intrinsic/qat.js'
import * as qat from '../../src/entry/torch/nn/qat.js'
import * as dynamic from '../../src/entry/torch/nn/qat/dynamic.js'
import { defaultActivationOnlyQConfig, defaultDynamicQatQConfig, defaultEmbeddingQatQConfig, disableObserver, getDefaultQatQConfig, getDefaultQatQConfigMapping, propagateQConfig } from '../../src/entry/torch/quantization.js'
import { vectorText } from '../../src/nn/python.js'
import { eachTier } from '../quantization/golden.js'
import { testEager } from '../support/eager.js'
import { coded } from '../support/errors.js'
import { stateOf } from '../support/plain.js'
import { batchOf, close, closeState, golden, layerOf, qconfigOf, sameText, type ModuleCase } from './qat.js'

type Any = nn.Module & { toFloat(): nn.Module; enableSlowPathForBetterNumericalStability: boolean; freezeBnStats(): void; updateBnStats(): void }
const classOf = (name: string): { fromFloat(module: nn.Module): Any } => {
  if (name === 'dynamic.Linear') return dynamic.Linear as never
  return ((nniqat as Record<string, unknown>)[name] ?? (qat as Record<string, unknown>)[name]) as never
}

function made(c: ModuleCase): Any {
  const layers = c.layers.map(layerOf)
  const float = layers.length === 1 ? layers[0]! : new (intrinsic as unknown as Record<string, new (...layers: nn.Module[]) => nn.Module>)[c.name]!(...layers)
  float.loadStateDict(stateOf(c.float))
  float.qconfig = qconfigOf(c.qconfig)
  propagateQConfig(float)
  return classOf(c.name).fromFloat(float)
}

function step(module: Any, mode: string): void {
  if (mode === 'slow' || mode === 'fast') module.enableSlowPathForBetterNumericalStability = mode === 'slow'
  else if (mode === 'freeze') module.freezeBnStats()
  else if (mode === 'update') module.updateBnStats()
  else if (mode === 'still') module.apply(disableObserver)
  else module.train(mode === 'train')
}

testEager('modules of quantization-aware training give what PyTorch gives', () => eachTier(() => {
  let forwards = 0
  for (const c of golden.modules) {
    const module = made(c)
    const where = `${c.name}(${JSON.stringify(c.layers)}) ${c.qconfig}`
    assert.equal(String(module), c.initial, where)
    c.steps.forEach(({ mode, x, y }, i) => {
      step(module, mode)
      if (!y) return
      close(module(...x!.map(batchOf)) as Tensor, y, `${where} step ${i} ${mode}`)
      forwards++
    })
    closeState(module.stateDict(), c.state, where)
    sameText(String(module), c.repr, where)
    assert.deepEqual([...module.namedModules()].filter(([, m]) => m.training).map(([name]) => name), c.training, where)
    const back = module.toFloat()
    assert.equal(String(back), c.toFloat.repr, where)
    closeState(back.stateDict(), c.toFloat.state, where)
    module.loadStateDict(stateOf(c.state))
    const exact = module.toFloat().stateDict()
    for (const [key, value] of Object.entries(stateOf(c.toFloat.state))) assert.deepEqual((exact.get(key) as Tensor).toArray(), value.toArray(), `${where} toFloat ${key}`)
  }
  console.log(`modules in training: ${golden.modules.length} modules, ${forwards} forwards as PyTorch's`)
  assert.ok(golden.modules.length >= 52 && forwards >= 280)
}))

test('vectors print as PyTorch\'s', () => {
  const value = (text: string): number => ({ nan: NaN, inf: Infinity, '-inf': -Infinity })[text] ?? Number(text)
  for (const { values, dtype, text } of golden.texts) assert.equal(vectorText(dtype === 'float32' ? Float32Array.from(values, value) : values.map(value), dtype), text)
  assert.ok(golden.texts.length >= 28)
})

testEager('default mappings for training are PyTorch\'s', () => eachTier(() => {
  for (const [name, expected] of Object.entries(golden.mappings)) {
    const [engine, version] = name.split(' v') as [string, string]
    const dict = getDefaultQatQConfigMapping(engine, Number(version)).toDict()
    const short = (type: unknown): string => String(type).replace(/^(nn|F|torch)\./, '')
    const ours = new Map([['', dict[''] ?? null] as const, ...dict.object_type.map(([type, config]) => [short(type), config] as const)])
    assert.deepEqual([...ours.keys()].sort(), Object.keys(expected).sort())
    for (const [type, pair] of Object.entries(expected)) {
      const { activation, weight } = ours.get(type)!
      const text = (made: unknown): string => (made instanceof nn.Module ? String(made) : '')
      ;[activation(), weight()].forEach((made, i) => { if (text(made)) assert.equal(text(made), golden.shown[pair[i]!], `${name} ${type}`) })
    }
  }
}))

testEager('entries of version 1 are read', () => eachTier(() => {
  const options = { qconfig: getDefaultQatQConfig('qnnpack') }
  const module = new nniqat.ConvBn2d(2, 3, 1, options)
  const outer = new nn.Sequential(module)
  const old = new nn.StateDict()
  for (const [key, value] of outer.stateDict()) old.set(key.replace('0.bn.weight', '0.gamma').replace('0.bn.bias', '0.beta').replace('0.bn.', '0.'), value)
  assert.ok(old.has('0.gamma') && old.has('0.running_var'))
  const other = new nn.Sequential(new nniqat.ConvBn2d(2, 3, 1, options))
  const names = [...old.keys()]
  assert.deepEqual(other.loadStateDict(old), { missingKeys: [], unexpectedKeys: [] })
  assert.deepEqual([...old.keys()], names)
  assert.deepEqual((other.stateDict().get('0.bn.weight') as Tensor).toArray(), module.bn.weight!.toArray())
  // Entries of version 2 have no such names.
  old.metadata.set('0', { version: 2 })
  coded('STATE_DICT_MISMATCH', () => other.loadStateDict(old))
  old.delete('0.gamma')
  old.metadata.delete('0')
  coded('STATE_DICT_MISMATCH', () => other.loadStateDict(old))
}))

testEager('statistics freeze and thaw where PyTorch says', () => eachTier(() => {
  const options = { qconfig: getDefaultQatQConfig('fbgemm') }
  const model = new nn.Sequential(new nniqat.ConvBn1d(2, 2, 1, options), new nniqat.LinearBn1d(4, 4, options))
  const [conv, linear] = [...model] as [nniqat.ConvBn1d, nniqat.LinearBn1d]
  model.apply(nniqat.freezeBnStats)
  assert.deepEqual([conv.freezeBn, conv.bn.training, linear.freezeBn], [true, false, false])
  model.eval().train()
  assert.deepEqual([conv.training, conv.bn.training, linear.bn.training], [true, false, true])
  model.apply(nniqat.updateBnStats)
  assert.deepEqual([conv.freezeBn, conv.bn.training], [false, true])
  conv.bn.runningMean!.fill_(3)
  conv.resetRunningStats()
  assert.deepEqual([...conv.bn.runningMean!.toArray() as Float32Array], [0, 0])
  assert.equal(new nniqat.ConvBn2d(1, 1, 1, { ...options, freezeBn: true }).bn.training, false)
}))

testEager('what PyTorch refuses is refused', () => eachTier(() => {
  const qconfig = getDefaultQatQConfig('fbgemm')
  coded('MODULE_INVALID', () => new qat.Conv2d(1, 1, 1, {} as never))
  coded('MODULE_INVALID', () => new qat.Linear(1, 1, true as never))
  coded('MODULE_INVALID', () => new nniqat.ConvBn2d(1, 1, 1, {} as never))
  coded('MODULE_INVALID', () => qat.Conv2d.fromFloat(new nn.Conv2d(1, 1, 1)))
  coded('MODULE_INVALID', () => qat.Conv2d.fromFloat(Object.assign(new nn.Conv1d(1, 1, 1), { qconfig })))
  coded('MODULE_INVALID', () => nniqat.LinearBn1d.fromFloat(Object.assign(new nn.Linear(1, 1), { qconfig }) as never))
  coded('MODULE_INVALID', () => new intrinsic.ConvBn2d(new nn.Conv1d(1, 1, 1) as never, new nn.BatchNorm2d(1)))
  coded('OPTION_INVALID', () => new dynamic.Linear(1, 1, { qconfig }))
  coded('OPTION_INVALID', () => new qat.Embedding(2, 2, { qconfig }))
  coded('OPTION_INVALID', () => new qat.EmbeddingBag(2, 2, { qconfig: defaultActivationOnlyQConfig }))
  coded('OPTION_INVALID', () => new qat.Conv2d(1, 1, 1, { qconfig, groupz: 2 } as never))
  const untracked = new intrinsic.ConvBn2d(new nn.Conv2d(1, 1, 1), new nn.BatchNorm2d(1, { trackRunningStats: false }))
  untracked.qconfig = qconfig
  const module = nniqat.ConvBn2d.fromFloat(untracked)
  coded('MODULE_INVALID', () => module(batchOf({ seed: 1, dims: [1, 1, 2, 2] })))
  coded('MODULE_INVALID', () => module.toFloat())
  assert.ok(new dynamic.Linear(1, 1, { qconfig: defaultDynamicQatQConfig }) && new qat.Embedding(2, 2, { qconfig: defaultEmbeddingQatQConfig }))
}))
