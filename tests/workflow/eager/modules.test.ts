/** Single modules observed, calibrated and converted, against PyTorch 2.13: tests/golden/quantized-modules.json. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromArray, ones } from '../../../src/autograd/create.js'
import { quantizedBackend, type QEngine } from '../../../src/autograd/quantized/engine.js'
import { quantizePerChannel, quantizePerTensor } from '../../../src/autograd/quantized/quantize.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import * as nn from '../../../src/entry/torch/nn.js'
import * as nnq from '../../../src/entry/torch/nn/quantized.js'
import * as functional from '../../../src/nn/functional.js'
import * as ops from '../../../src/autograd/quantized/ops.js'
import * as fused from '../../../src/nn/intrinsic/fused.js'
import * as q from '../../../src/entry/torch/quantization.js'
import { eachTier } from '../../quantization/golden.js'
import { testEager } from '../../support/eager.js'
import { coded } from '../../support/errors.js'
import { equal, stateOf, tensorOf, type Plain } from '../../support/plain.js'

interface Functionals { engine: QEngine; batches: Plain[][]; prepared: Record<string, Plain>; state: Record<string, Plain>; repr: string; float: string; y: Plain[] }
interface ModuleCase {
  name: string; args: unknown[]; named: Record<string, unknown>; engine: QEngine; qconfig: string; float: Record<string, Plain>; batches: Plain[]; prepared: Record<string, Plain>; y: Plain
  keys?: string[]; state?: Record<string, Plain>; packed?: Record<string, (Plain | null)[]>; repr?: string
}
const golden = JSON.parse(readFileSync('tests/golden/quantized-modules.json', 'utf8')) as { functionals: Functionals[]; modules: ModuleCase[] }

const FUSED: Readonly<Record<string, (layer: never) => nn.Module>> = {
  BNReLU2d: (bn) => new fused.BNReLU2d(bn, new nn.ReLU()), BNReLU3d: (bn) => new fused.BNReLU3d(bn, new nn.ReLU()), ConvReLU1d: (c) => new fused.ConvReLU1d(c, new nn.ReLU()),
  ConvReLU2d: (c) => new fused.ConvReLU2d(c, new nn.ReLU()), ConvReLU3d: (c) => new fused.ConvReLU3d(c, new nn.ReLU()), LinearReLU: (l) => new fused.LinearReLU(l, new nn.ReLU()),
}
const camel = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase())

/** The float module of a case, by PyTorch's name and arguments. */
function make({ name, args, named }: ModuleCase): nn.Module {
  const inner = name.startsWith('BNReLU') ? `BatchNorm${name.slice(6)}` : name in FUSED ? name.replace('ReLU', '') : name
  const options = Object.fromEntries(Object.entries(named).map(([key, value]) => [camel(key), value]))
  const layer = new (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[inner]!(...args, ...(Object.keys(options).length ? [options] : []))
  return FUSED[name]?.(layer as never) ?? layer
}

const qconfigOf = (name: string, engine: QEngine): q.QConfig<unknown> => {
  const { weight } = q.getDefaultQConfig(engine)
  const activation = q.MinMaxObserver.withArgs({ reduceRange: engine === 'fbgemm' })
  const weights = { per_tensor: q.defaultWeightObserver, slopes: q.MinMaxObserver.withArgs({ dtype: 'quint8' }), default: weight }
  if (name in weights) return new q.QConfig(activation, weights[name as keyof typeof weights])
  return name === 'rows' ? q.floatQParamsWeightOnlyQConfig : q.floatQParamsWeightOnlyQConfig4Bit
}

const vectorised = new Set(['LeakyReLU', 'ELU', 'Hardswish', 'PReLU'])

class Functionals extends nn.Module<[Tensor, Tensor], Tensor[]> {
  quant = new q.QuantStub()
  sum = new nnq.FloatFunctional()
  scaled = new nnq.FloatFunctional()
  joined = new nnq.FloatFunctional()
  clipped = new nnq.FloatFunctional()
  product = new nnq.FloatFunctional()

  forward(first: Tensor, second: Tensor): Tensor[] {
    const [x, y] = [this.quant(first), this.quant(second)]
    const total = this.sum.add(x, y)
    return [
      total, this.scaled.mul(x, total), this.joined.cat([x, total], 1), this.clipped.addRelu(x, y), this.product.matmul(x, y),
      this.sum.addScalar(x, 0.5), this.sum.addScalar(x, -9), this.sum.mulScalar(x, -1.5), this.sum.mulScalar(x, 0.25),
    ]
  }
}

/** What convert() makes of a prepared model as calibrated here agrees with what it makes from PyTorch's ranges, which float layers' order of sums may move in their last bits. */
function convertedFrom<M extends nn.Module>(prepared: M, ranges: Record<string, Plain>, where: string): M {
  assert.deepEqual([...prepared.stateDict().keys()].sort(), Object.keys(ranges).sort(), where)
  const own = q.convert(prepared)
  prepared.loadStateDict(stateOf(ranges))
  const made = q.convert(prepared)
  for (const [key, value] of made.stateDict())
    if (key.endsWith('scale')) assert.ok(Math.abs((own.stateDict().get(key) as Tensor).item() / (value as Tensor).item() - 1) < 1e-6, `${where} ${key}`)
  return made
}

testEager('FloatFunctional becomes QFunctional with the codes of PyTorch', () => eachTier(() => {
  let results = 0
  for (const c of golden.functionals) {
    quantizedBackend.engine = c.engine
    const model = new Functionals().eval()
    assert.equal(String(model), c.float)
    model.qconfig = q.getDefaultQConfig(c.engine)
    const prepared = q.prepare(model)
    for (const [x, y] of c.batches.slice(0, 2)) prepared(tensorOf(x!), tensorOf(y!))
    const made = convertedFrom(prepared, c.prepared, c.engine)
    assert.equal(String(made), c.repr)
    const state = made.stateDict()
    assert.deepEqual([...state.keys()], Object.keys(c.state))
    for (const [key, value] of state) equal(value as Tensor, c.state[key]!, `${c.engine} ${key}`)
    const run = (m: Functionals): Tensor[] => m(tensorOf(c.batches[2]![0]!), tensorOf(c.batches[2]![1]!))
    const ys = run(made)
    ys.forEach((y, i) => equal(y, c.y[i]!, `${c.engine} result ${i}`))
    results += ys.length
    const again = q.convert(prepared)
    ;(again.sum as unknown as nnq.QFunctional).scale = 3
    again.loadStateDict(state)
    assert.deepEqual(run(again).map((y) => y.toArray()), ys.map((y) => y.toArray()))
  }
  console.log(`functionals: ${results}/${results} results equal PyTorch's`)
}))

testEager('functionals: what is refused, and what is left alone', () => {
  const functional = new nnq.FloatFunctional()
  coded('MODULE_INVALID', () => functional.forward())
  coded('MODULE_INVALID', () => new nnq.QFunctional().forward())
  coded('MODULE_INVALID', () => nnq.QFunctional.fromFloat(functional))
  coded('MODULE_INVALID', () => nnq.QFunctional.fromFloat(new nnq.FXFloatFunctional() as never))
  coded('DTYPE_MISMATCH', () => new nnq.QFunctional().add(ones([2]), ones([2])))
  const state = new nnq.QFunctional().stateDict()
  coded('STATE_DICT_MISMATCH', () => new nnq.QFunctional().loadStateDict({ scale: state.get('scale') }))
  coded('STATE_DICT_MISMATCH', () => new nnq.QFunctional().loadStateDict({ scale: ones([2]), zero_point: state.get('zero_point') }))
  coded('STATE_DICT_MISMATCH', () => new nnq.QFunctional().loadStateDict({ scale: state.get('scale'), zero_point: state.get('zero_point'), bias: ones([1]) }))
  const plain = new nnq.FXFloatFunctional()
  assert.equal(String(plain), 'FXFloatFunctional()')
  assert.deepEqual(plain.addRelu(fromArray(Float32Array.of(-3, 1)), ones([2])).toList(), [0, 2])
  class Skip extends nn.Module<[Tensor], Tensor> {
    skip = new nnq.FloatFunctional()
    forward(x: Tensor): Tensor { return this.skip.add(x, x) }
  }
  const skip = new Skip()
  skip.qconfig = q.getDefaultQConfig('fbgemm')
  skip.skip.qconfig = null
  const made = q.convert(q.prepare(skip))
  assert.ok(made.skip instanceof nnq.FloatFunctional)
  assert.equal(String(made), String(skip))
  skip.skip.qconfig = skip.qconfig
  const again = q.convert((([m, x]) => (m(x), m))([q.prepare(skip), ones([2])] as [Skip, Tensor]))
  assert.equal(again(quantizePerTensor(ones([2]), 0.1, 0, 'quint8')).dtype, 'quint8')
})

testEager('modules on codes give the codes, states and prints of PyTorch', () => eachTier(() => {
  let [states, within] = [0, 0]
  for (const c of golden.modules) {
    quantizedBackend.engine = c.engine
    const where = `${c.engine} ${c.name} ${JSON.stringify(c.args)} ${JSON.stringify(c.named)}`
    const table = c.name.startsWith('Embedding')
    const model = new nn.Sequential(...(table ? [] : [new q.QuantStub()]), make(c)).eval()
    model.loadStateDict(stateOf(c.float))
    model.qconfig = qconfigOf(c.qconfig, c.engine)
    const prepared = q.prepare(model)
    for (const x of c.batches.slice(0, 2)) prepared(tensorOf(x))
    const made = convertedFrom(prepared, c.prepared, where)
    const y = made(tensorOf(c.batches[2]!)) as Tensor
    if (vectorised.has(c.name)) {
      const [ours, theirs] = [y.toArray() as Uint8Array, tensorOf(c.y).toArray() as Uint8Array]
      ours.forEach((code, i) => assert.ok(Math.abs(code - theirs[i]!) <= 1, `${where} element ${i}`))
      within += ours.filter((code, i) => code !== theirs[i]).length
    } else equal(y, c.y, where)
    if (!c.keys) continue
    states++
    assert.equal(String(made), c.repr, where)
    const state = made.stateDict()
    assert.deepEqual([...state.keys()], c.keys, where)
    for (const [key, value] of Object.entries(c.state!)) equal(state.get(key) as Tensor, value, `${where} ${key}`)
    for (const [key, list] of Object.entries(c.packed!)) list.forEach((value, i) => value ? equal((state.get(key) as Tensor[])[i]!, value, `${where} ${key}`) : assert.equal((state.get(key) as unknown[])[i], null))
    const again = q.convert(prepared)
    again.loadStateDict(state)
    assert.deepEqual((again(tensorOf(c.batches[2]!)) as Tensor).toArray(), y.toArray(), where)
    const first = c.keys.find((key) => key.startsWith(table ? '0' : '1'))
    if (!first) continue
    coded('STATE_DICT_MISMATCH', () => again.loadStateDict(new Map([...state].filter(([key]) => key !== first))))
    coded('STATE_DICT_MISMATCH', () => again.loadStateDict(new Map<string, unknown>([...state, ['1.more', ones([1])]])))
    if (!first.endsWith('dtype')) coded('STATE_DICT_MISMATCH', () => again.loadStateDict(new Map<string, unknown>([...state, [first, ones([1, 2, 3, 4, 5, 6])]])))
  }
  console.log(`modules: ${golden.modules.length}/${golden.modules.length} results and ${states} states and prints equal PyTorch's, ${within} codes of vectorised functions one step off`)
}))

testEager('quantized modules: what PyTorch refuses is refused', () => {
  quantizedBackend.engine = 'fbgemm'
  const observed = <M extends nn.Module>(layer: M, qconfig: q.QConfig<unknown>, x: Tensor): nn.Module => {
    const model = new nn.Sequential(new q.QuantStub(), layer).eval()
    model.qconfig = qconfig
    const prepared = q.prepare(model)
    prepared(x)
    return prepared
  }
  const usual = q.getDefaultQConfig('fbgemm')
  coded('MODULE_INVALID', () => nnq.Hardswish.fromFloat(new nn.Hardswish()))
  coded('MODULE_INVALID', () => nnq.LayerNorm.fromFloat(new nn.LayerNorm(3)))
  coded('MODULE_INVALID', () => nnq.Conv2d.fromFloat(new nn.Conv2d(1, 1, 1)))
  coded('MODULE_INVALID', () => nnq.Conv2d.fromFloat(new nn.ConvTranspose2d(1, 1, 1)))
  coded('OPTION_INVALID', () => observed(new nn.ConvTranspose1d(2, 2, 2), usual, ones([1, 2, 4])))
  coded('QPARAMS_INVALID', () => new nnq.ConvTranspose2d(2, 3, 1).setWeightBias(quantizePerChannel(ones([2, 3, 1, 1]), [1, 1, 1], [0, 0, 0], 1, 'qint8'), null))
  coded('OPTION_INVALID', () => q.convert(observed(new nn.Conv2d(1, 1, 3, { padding: 1, paddingMode: 'circular' }), usual, ones([1, 1, 4, 4]))))
  coded('QPARAMS_INVALID', () => q.convert(observed(new nn.PReLU(3), usual, ones([1, 3, 2]))))
  coded('MODULE_INVALID', () => q.convert(observed(new nn.BatchNorm2d(2, { trackRunningStats: false }), usual, ones([1, 2, 2, 2]))))
  const table = new nn.Embedding(3, 4)
  table.qconfig = usual
  coded('QPARAMS_INVALID', () => nnq.Embedding.fromFloat(table))
  coded('SHAPE_MISMATCH', () => new nnq.Embedding(3, 4).setWeight(ones([2, 4])))
  coded('QPARAMS_INVALID', () => new nnq.Embedding(3, 4).setWeight(ones([3, 4])))
  coded('SHAPE_MISMATCH', () => new nnq.Conv2d(3, 4, 1, { groups: 2 }))
  coded('DTYPE_MISMATCH', () => new nnq.ReLU6()(ones([2])))
  coded('OPTION_INVALID', () => q.MinMaxObserver.withArgs({ dtype: 'quint8', qscheme: 'per_tensor_symmetric', reduceRange: true })())
})

testEager('observers of a model are saved, loaded and listed; layers are wrapped; classes are found', () => {
  quantizedBackend.engine = 'fbgemm'
  const model = new nn.Sequential(new q.QuantStub(), new nn.Linear(4, 3), new nn.ReLU(), new q.DeQuantStub()).eval()
  model.qconfig = q.getDefaultQConfig('fbgemm')
  const [seen, unseen] = [q.prepare(model), q.prepare(model)]
  const x = fromArray(Float32Array.of(-1, 2, 0.5, 3), [1, 4])
  seen(x)
  const state = q.getObserverStateDict(seen)
  assert.ok(state.size > 0 && [...state.keys()].every((key) => key.includes('activation_post_process')))
  q.loadObserverStateDict(unseen, state)
  assert.deepEqual((q.convert(unseen)(x) as Tensor).toArray(), (q.convert(seen)(x) as Tensor).toArray())
  coded('STATE_DICT_MISMATCH', () => q.loadObserverStateDict(unseen, new Map([...state].slice(1))))
  assert.deepEqual([...q.getObserverDict(seen).keys()], ['0.activation_post_process', '1.activation_post_process'])
  assert.ok(q.getObserverDict(seen).get('1.activation_post_process') instanceof q.Observer)

  const float = new nn.Sequential(new nn.Linear(4, 3), new nn.Sequential(new nn.ReLU()))
  float.qconfig = model.qconfig
  q.propagateQConfig(float)
  float.getSubmodule('1.0').qconfig = null
  const wrapped = q.addQuantDequant(float)
  assert.equal(wrapped, float)
  assert.ok(float.at(0) instanceof q.QuantWrapper && float.getSubmodule('1.0') instanceof nn.ReLU)
  const made = q.quantize(wrapped, (m) => void m(x))
  assert.ok((made as nn.Sequential).at(0).getSubmodule('module') instanceof nnq.Linear)
  assert.equal((made(x) as Tensor).dtype, 'float32')
  const bare = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU())
  q.propagateQConfig(bare, new Map([[nn.Linear, q.defaultQConfig]]))
  q.addObserver(bare)
  assert.deepEqual([...q.getObserverDict(bare).keys()], ['0.activation_post_process'])
  const leaf = new nn.Linear(4, 3)
  assert.equal(q.addQuantDequant(leaf), leaf)
  leaf.qconfig = model.qconfig
  assert.ok(q.addQuantDequant(leaf) instanceof q.QuantWrapper)

  assert.equal(q.getStaticQuantModuleClass(nn.Conv2d), nnq.Conv2d)
  assert.equal(q.getStaticQuantModuleClass(nn.Tanh, new Map([[nn.Tanh, nnq.Sigmoid]])), nnq.Sigmoid)
  assert.equal(q.getDynamicQuantModuleClass(nn.Embedding), nnq.Embedding)
  coded('MODULE_INVALID', () => q.getStaticQuantModuleClass(nn.Tanh))
  coded('MODULE_INVALID', () => q.getDynamicQuantModuleClass(nn.Conv2d))
  assert.equal(q.getQuantizedOperator(functional.hardswish), ops.hardswish)
  coded('MODULE_INVALID', () => q.getQuantizedOperator(functional.gelu))
})
