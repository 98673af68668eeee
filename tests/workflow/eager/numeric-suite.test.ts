/** The Numeric Suite against PyTorch 2.13's: tests/golden/numeric-suite.json. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { quantizedBackend, type QEngine } from '../../../src/autograd/quantized/engine.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import { tensor, zeros } from '../../../src/entry/torch.js'
import * as nn from '../../../src/entry/torch/nn.js'
import { FloatFunctional, Linear as QuantizedLinear } from '../../../src/entry/torch/nn/quantized.js'
import * as ns from '../../../src/entry/torch/ns.js'
import { convert, defaultPerChannelQConfig, defaultQConfig, DeQuantStub, fuseModules, prepare, quantizeDynamic, QuantStub } from '../../../src/entry/torch/quantization.js'
import { deepCopy } from '../../../src/nn/deep-copy.js'
import { ConvReLU2d, LinearReLU } from '../../../src/nn/intrinsic/fused.js'
import { eachTier } from '../../quantization/golden.js'
import { testEager } from '../../support/eager.js'
import { coded } from '../../support/errors.js'
import { arrayOf, equal, stateOf, tensorOf, type Plain } from '../../support/plain.js'

type Logged = Record<string, Record<string, Plain[]>>
interface Case { x: Plain; weights: Record<string, Record<string, Plain>>; outputs: Logged; allowed: string[]; stub: Logged; shapes: Logged; modules: string[] }
interface Model { engine: QEngine; state: Record<string, Plain>; cases: Case[] }
const golden = JSON.parse(readFileSync('tests/golden/numeric-suite.json', 'utf8')) as { static: (Model & { prepared: Record<string, Plain>; unfused: { weights: string[]; outputs: string[] } })[]; dynamic: Model[] }

class Branch extends nn.Module<[Tensor], Tensor> {
  conv = new nn.Conv2d(4, 4, 3, { padding: 1 })
  bn = new nn.BatchNorm2d(4)
  skip = new FloatFunctional()
  join = new FloatFunctional()
  forward(x: Tensor): Tensor { return this.join.cat([this.skip.addRelu(this.bn(this.conv(x)), x), x], 1) }
}

class Net extends nn.Module<[Tensor], Tensor> {
  quant = new QuantStub()
  conv1 = new nn.Conv2d(2, 4, 3, { padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(4)
  relu1 = new nn.ReLU()
  pool = new nn.MaxPool2d(2)
  branch = new Branch()
  fc1 = new nn.Linear(72, 6)
  relu2 = new nn.ReLU()
  scaled = new FloatFunctional()
  fc2 = new nn.Linear(6, 3)
  dequant = new DeQuantStub()
  forward(input: Tensor): Tensor {
    const x = this.branch(this.pool(this.relu1(this.bn1(this.conv1(this.quant(input)))))).flatten(1)
    return this.dequant(this.fc2(this.scaled.mulScalar(this.relu2(this.fc1(x)), 0.5)))
  }
}

class Shapes extends ns.Logger {
  override stats = { shape: [] as Tensor[] }
  override forward(x: Tensor): void { this.stats.shape.push(tensor([...x.shape], { dtype: 'int64' })) }
}

const count = { codes: 0, floats: 0 }

/** Codes and their meaning exactly; floats, which PyTorch adds up in another order, nearly. */
function same(value: Tensor, expected: Plain, where: string): void {
  if (expected.scale !== undefined || expected.dtype !== 'float32') return count.codes++, equal(value, expected, where)
  assert.deepEqual([...value.shape], expected.dims, where)
  const want = arrayOf(expected) as Float32Array
  const off = Math.max(...Array.from(value.toArray() as Float32Array, (v, i) => Math.abs(v - want[i]!) / Math.max(1, Math.abs(want[i]!))))
  assert.ok(off < 1e-5, `${where}: ${off}`)
  count.floats++
}

function sameLogs(got: Record<string, ns.LoggerStats>, want: Logged, where: string, more: readonly string[] = []): void {
  assert.deepEqual(Object.keys(got).filter((key) => !more.includes(key)), Object.keys(want), where)
  for (const [key, stats] of Object.entries(want)) {
    assert.deepEqual(Object.keys(got[key]!).sort(), Object.keys(stats).sort(), `${where} ${key}`)
    for (const [name, values] of Object.entries(stats)) {
      assert.equal(got[key]![name]!.length, values.length, `${where} ${key} ${name}`)
      values.forEach((value, i) => same(got[key]![name]![i] as Tensor, value, `${where} ${key} ${name}`))
    }
  }
}

/** @param more what is compared here and not in PyTorch, whose fused linear layer is not observed */
function check(float: nn.Module, made: nn.Module, swap: ns.ModuleSwapList, c: Case, where: string, more: readonly string[]): void {
  const weights = ns.compareWeights(float.stateDict(), made.stateDict())
  assert.deepEqual(Object.keys(weights), Object.keys(c.weights), where)
  for (const [key, pair] of Object.entries(c.weights)) for (const name of ['float', 'quantized'] as const) same(weights[key]![name], pair[name]!, `${where} ${key} ${name}`)
  const x = tensorOf(c.x)
  sameLogs(ns.compareModelOutputs(deepCopy(float), deepCopy(made), x), c.outputs, `${where} outputs`, more)
  const allowed = ns.compareModelOutputs(deepCopy(float), deepCopy(made), x, { allowList: new Set<unknown>([nn.Linear, QuantizedLinear, LinearReLU]) })
  assert.deepEqual(Object.keys(allowed), c.allowed)
  const shadowed = deepCopy(made)
  sameLogs(ns.compareModelStub(deepCopy(float), shadowed, swap, x), c.stub, `${where} stub`)
  assert.deepEqual([...shadowed.namedModules()].map(([name]) => name), c.modules.filter((name) => !name.endsWith('_packed_params')))
  sameLogs(ns.compareModelStub(deepCopy(float), deepCopy(made), swap, x, { loggerCls: Shapes }), c.shapes, `${where} shapes`)
}

testEager('the Numeric Suite finds what PyTorch\'s finds', () => eachTier(() => {
  Object.assign(count, { codes: 0, floats: 0 })
  for (const { engine, state, prepared, cases, unfused } of golden.static) {
    quantizedBackend.engine = engine
    const net = new Net().eval()
    net.loadStateDict(stateOf(state))
    const fused = fuseModules(net, [['conv1', 'bn1', 'relu1'], ['branch.conv', 'branch.bn'], ['fc1', 'relu2']])
    fused.qconfig = engine === 'fbgemm' ? defaultPerChannelQConfig : defaultQConfig
    const observed = prepare(fused)
    observed(zeros([1, 2, 6, 6]))
    observed.loadStateDict(stateOf(prepared))
    const made = convert(observed)
    for (const [i, c] of cases.entries()) check(fused, made, [nn.Conv2d, ConvReLU2d, nn.Linear, LinearReLU, FloatFunctional], c, `static ${engine} ${i}`, ['fc1.stats'])
    assert.deepEqual(Object.keys(ns.compareWeights(net.stateDict(), made.stateDict())), unfused.weights)
    assert.deepEqual(Object.keys(ns.compareModelOutputs(deepCopy(net), deepCopy(made), tensorOf(cases[0]!.x))).filter((key) => key !== 'fc1.stats'), unfused.outputs)
  }
  for (const { engine, state, cases } of golden.dynamic) {
    quantizedBackend.engine = engine
    const model = new nn.Sequential(new nn.Linear(7, 5), new nn.ReLU(), new nn.Linear(5, 3)).eval()
    model.loadStateDict(stateOf(state))
    for (const c of cases) check(model, quantizeDynamic(model), new Set([nn.Linear]), c, `dynamic ${engine}`, [])
  }
  console.log(`Numeric Suite: ${count.codes} quantized tensors equal PyTorch's, ${count.floats} float ones within 1e-5`)
  assert.ok(count.codes >= 100 && count.floats >= 90)
}))

testEager('loggers that do not fit are refused, modules without a counterpart left alone', () => eachTier(() => {
  quantizedBackend.engine = 'fbgemm'
  const model = new nn.Sequential(new nn.Linear(2, 2)).eval()
  coded('MODULE_INVALID', () => ns.compareModelOutputs(deepCopy(model), quantizeDynamic(model), zeros([1, 2]), { loggerCls: Shapes }))
  const other = new nn.Sequential({ other: new nn.Linear(2, 2) })
  assert.deepEqual(ns.compareModelStub(other, quantizeDynamic(model), [nn.Linear], zeros([1, 2])), {})
  assert.deepEqual(ns.compareModelStub(model, deepCopy(model), [nn.Linear], zeros([1, 2])), {})
  assert.deepEqual(ns.compareWeights({}, model.stateDict()), {})
}))
