import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as observers from '../../src/quantization/observers.js'
import * as qconfigs from '../../src/quantization/qconfig.js'
import { QConfig, defaultQConfig, defaultSymmetricQnnpackQConfig, getDefaultQConfig, qconfigEquals, type QConfigAny } from '../../src/quantization/qconfig.js'
import { QConfigMapping, getDefaultQConfigMapping } from '../../src/quantization/qconfig-mapping.js'
import { ENGINES } from '../../src/quantization/engines/engine.js'
import type { ObserverFactory } from '../../src/quantization/observer-base.js'
import { MinMaxObserver } from '../../src/quantization/min-max-observer.js'
import { OctavoError } from '../../src/errors.js'
import { golden } from './golden.js'

interface Described { observer: string; args: Record<string, unknown>; made: Record<string, unknown> }
interface Pair { activation: Described; weight: Described }
const configs = golden.configs as { qconfigs: Record<string, Pair>; observers: Record<string, Described>; default: Record<string, Pair>; mapping: Record<string, { global: Pair; objectType: [string, Pair][] }> }

/** default_float_qparams_observer_4bit → defaultFloatQParamsObserver4Bit */
const camel = (name: string): string => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()).replace('Qconfig', 'QConfig').replace('Qparams', 'QParams').replace('4bit', '4Bit')
const NAMES: Record<string, string> = { ch_axis: 'axis', scale: 'scale', zero_point: 'zeroPoint' }
const value = (v: unknown): unknown => (ArrayBuffer.isView(v) ? (v as Float32Array)[0] : v)

/** What PyTorch's observer was given and what it is made of, against ours. */
function assertObserver(factory: ObserverFactory, expected: Described, label: string): void {
  assert.equal(factory.observer.name, expected.observer, label)
  for (const [name, v] of Object.entries(expected.args)) assert.deepEqual(factory.args[NAMES[name] ?? camel(name)], v, `${label} ${name}`)
  assert.equal(Object.keys(factory.args).length, Object.keys(expected.args).length, label)
  const made = factory() as unknown as Record<string, unknown>
  for (const [name, v] of Object.entries(expected.made)) assert.deepEqual(value(made[NAMES[name] ?? camel(name)]) ?? null, v, `${label}, made: ${name}`)
}

function assertPair(config: QConfigAny, expected: Pair, label: string): void {
  assertObserver(config!.activation, expected.activation, `${label} activation`)
  assertObserver(config!.weight, expected.weight, `${label} weight`)
}

test('default observers and qconfigs are PyTorch\'s, and so is what they make', () => {
  for (const [name, expected] of Object.entries(configs.observers)) assertObserver((observers as Record<string, unknown>)[camel(name)] as ObserverFactory, expected, name)
  for (const [name, expected] of Object.entries(configs.qconfigs)) assertPair((qconfigs as Record<string, unknown>)[camel(name)] as QConfig, expected, name)
  for (const [engine, expected] of Object.entries(configs.default)) assertPair(getDefaultQConfig(engine), expected, engine)
  assert.deepEqual(Object.keys(ENGINES).sort(), Object.keys(configs.default).sort())
  console.log(`# default observers: ${Object.keys(configs.observers).length}, qconfigs: ${Object.keys(configs.qconfigs).length}, engines: ${Object.keys(configs.default).length}, all equal`)
})

test('default mappings are PyTorch\'s', () => {
  for (const [engine, { global, objectType }] of Object.entries(configs.mapping)) {
    const dict = getDefaultQConfigMapping(engine).toDict()
    assertPair(dict[''], global, engine)
    assert.deepEqual(dict.object_type.map(([type]) => type as string).sort(), objectType.map(([type]) => type).sort(), engine)
    const ours = new Map(dict.object_type)
    for (const [type, pair] of objectType) assertPair(ours.get(type)!, pair, `${engine} ${type}`)
  }
})

test('the strongest rule wins, null leaves a layer in float', () => {
  const [a, b, c, d, e] = ['fbgemm', 'qnnpack', 'x86', 'onednn', 'x86'].map(getDefaultQConfig) as [QConfig, QConfig, QConfig, QConfig, QConfig]
  class Conv {}
  const mapping = new QConfigMapping().setGlobal(a).setObjectType(Conv, b).setModuleNameRegex('features\\.\\d', c).setModuleName('features.1', d).setModuleName('head', null)
    .setModuleNameObjectTypeOrder('features.1', 'F.relu', 1, e)
  assert.equal(mapping.configOf({ name: 'x', objectType: 'F.relu' }), a)
  assert.equal(mapping.configOf({ name: 'x', objectType: Conv }), b)
  assert.equal(mapping.configOf({ name: 'features.0.conv', objectType: Conv }), c)
  assert.equal(mapping.configOf({ name: 'features.1.conv', objectType: Conv }), d)
  assert.equal(mapping.configOf({ name: 'head.0', objectType: Conv }), null)
  assert.equal(mapping.configOf({ name: 'features.1', objectType: 'F.relu', parent: 'features.1', index: 1 }), e)
  assert.equal(mapping.configOf({ name: 'features.1', objectType: 'F.relu', parent: 'features.1', index: 0 }), d)
  assert.deepEqual(QConfigMapping.fromDict(mapping.toDict()).toDict(), mapping.toDict())
  assert.equal(new QConfigMapping().configOf({ name: 'x', objectType: Conv }), null)
})

test('configs compare by what they make; wrong ones are refused', () => {
  assert.ok(qconfigEquals(getDefaultQConfig('x86'), getDefaultQConfig('fbgemm')))
  assert.ok(!qconfigEquals(getDefaultQConfig('x86'), getDefaultQConfig('qnnpack')))
  assert.ok(!qconfigEquals(defaultQConfig, defaultSymmetricQnnpackQConfig) && !qconfigEquals(defaultQConfig, null) && qconfigEquals(null, null))
  assert.throws(() => getDefaultQConfig('cuda'), (e) => e instanceof OctavoError && e.code === 'ENGINE_UNKNOWN')
  assert.throws(() => new QConfig(new MinMaxObserver() as never, defaultQConfig.weight), (e) => e instanceof OctavoError && e.code === 'OPTION_INVALID')
})
