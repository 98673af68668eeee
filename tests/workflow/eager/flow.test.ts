/** Whole flows against PyTorch 2.13, codes layer by layer: tests/golden/eager-flow.json. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { quantizedBackend, type QEngine } from '../../../src/autograd/quantized/engine.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import * as nn from '../../../src/entry/torch/nn.js'
import { convert, DeQuantStub, fuseModules, getDefaultQConfig, MinMaxObserver, prepare, QConfig, quantize, quantizeDynamic, QuantStub } from '../../../src/entry/torch/quantization.js'
import { testEager } from '../../support/eager.js'
import { coded } from '../../support/errors.js'
import { equal, stateOf, tensorOf, type Plain } from '../../support/plain.js'
import { eachTier } from '../../quantization/golden.js'

interface Static { model: 'M' | 'Net'; engine: QEngine; fuse: string[][]; state: Record<string, Plain>; fused: Record<string, Plain>; batches: Plain[]; weights: Record<string, Plain>; layers: { path: string; y: Plain }[]; keys: string[]; prepared: Record<string, Plain> }
interface Dynamic { engine: QEngine; state: Record<string, Plain>; x: Plain; y: Plain; repr: string; keys: string[] }
const golden = JSON.parse(readFileSync('tests/golden/eager-flow.json', 'utf8')) as { static: Static[]; dynamic: Dynamic[] }

class M extends nn.Module<[Tensor], Tensor> {
  quant = new QuantStub()
  conv = new nn.Conv2d(1, 1, 1)
  relu = new nn.ReLU()
  dequant = new DeQuantStub()
  forward(x: Tensor): Tensor { return this.dequant(this.relu(this.conv(this.quant(x)))) }
}

class Net extends nn.Module<[Tensor], Tensor> {
  quant = new QuantStub()
  conv1 = new nn.Conv2d(3, 8, 3, { padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(8)
  relu1 = new nn.ReLU()
  pool = new nn.MaxPool2d(2)
  conv2 = new nn.Conv2d(8, 12, 3, { stride: 2, padding: 1, groups: 2 })
  bn2 = new nn.BatchNorm2d(12)
  fc1 = new nn.Linear(48, 10)
  relu2 = new nn.ReLU()
  fc2 = new nn.Linear(10, 5)
  dequant = new DeQuantStub()
  forward(input: Tensor): Tensor {
    const x = this.pool(this.relu1(this.bn1(this.conv1(this.quant(input)))))
    return this.dequant(this.fc2(this.relu2(this.fc1(this.bn2(this.conv2(x)).flatten(1)))))
  }
}

testEager('static quantization gives the codes of PyTorch, layer by layer', () => eachTier(() => {
  let layers = 0
  for (const c of golden.static) {
    quantizedBackend.engine = c.engine
    const model = (c.model === 'M' ? new M() : new Net()).eval() as nn.Module<[Tensor], Tensor>
    model.loadStateDict(stateOf(c.state))
    const fused = fuseModules(model, c.fuse)
    assert.deepEqual([...fused.stateDict().keys()], Object.keys(c.fused))
    for (const [key, value] of fused.stateDict()) equal(value as Tensor, c.fused[key]!, `${c.model} fused ${key}`)
    fused.qconfig = getDefaultQConfig(c.engine)
    const prepared = prepare(fused)
    assert.deepEqual([...prepared.stateDict().keys()].sort(), Object.keys(c.prepared).sort())
    for (const batch of c.batches.slice(0, 3)) prepared(tensorOf(batch))
    const own = convert(prepared)
    // Float layers add up in another order than PyTorch's, so that ranges may differ in their last bits: the codes are compared from PyTorch's ranges.
    prepared.loadStateDict(stateOf(c.prepared))
    const made = convert(prepared)
    for (const [key, value] of made.stateDict())
      if (key.endsWith('scale')) assert.ok(Math.abs((own.stateDict().get(key) as Tensor).item() / (value as Tensor).item() - 1) < 1e-6, `${c.model} ${c.engine} ${key}`)
    assert.deepEqual([...made.stateDict().keys()], c.keys)
    for (const [path, weight] of Object.entries(c.weights)) equal((made.getSubmodule(path) as unknown as { weight(): Tensor }).weight(), weight, `${path} weight`)
    const seen: [string, Tensor][] = []
    for (const [path, module] of made.namedModules()) if (path && !path.includes('.')) module.registerForwardHook((_, __, y: Tensor) => void seen.push([path, y]))
    made(tensorOf(c.batches[3]!))
    assert.deepEqual(seen.map(([path]) => path), c.layers.map((l) => l.path))
    seen.forEach(([path, y], i) => equal(y, c.layers[i]!.y, `${c.model} ${c.engine} ${path}`))
    layers += seen.length
    const again = quantize(fused, (m) => c.batches.slice(0, 3).forEach((b) => m(tensorOf(b))))
    assert.equal(String(again), String(own))
    again.loadStateDict(made.stateDict())
    assert.deepEqual(again(tensorOf(c.batches[3]!)).toArray(), made(tensorOf(c.batches[3]!)).toArray())
  }
  console.log(`static flows: ${layers}/${layers} layers equal PyTorch's`)
  assert.ok(layers >= 30)
}))

testEager('dynamic quantization gives what PyTorch gives', () => eachTier(() => {
  for (const c of golden.dynamic) {
    quantizedBackend.engine = c.engine
    const model = new nn.Sequential(new nn.Linear(17, 9), new nn.ReLU(), new nn.Linear(9, 4))
    model.loadStateDict(stateOf(c.state))
    const made = quantizeDynamic(model)
    equal(made(tensorOf(c.x)) as Tensor, c.y, `dynamic ${c.engine}`)
    assert.equal(String(made), c.repr)
    assert.deepEqual([...made.stateDict().keys()], c.keys)
  }
}))

testEager('what PyTorch refuses is refused', () => eachTier(() => {
  quantizedBackend.engine = 'fbgemm'
  const net = new Net().eval()
  coded('MODULE_INVALID', () => fuseModules(net, ['conv1', 'pool']))
  coded('MODULE_INVALID', () => fuseModules(net.train(), ['conv1', 'bn1']))
  net.eval().bn1.training = true
  coded('MODULE_INVALID', () => fuseModules(net, ['conv1', 'bn1']))
  coded('OPTION_INVALID', () => new QConfig(new MinMaxObserver() as never, MinMaxObserver.withArgs({})))
  const transposed = new nn.ConvTranspose2d(2, 2, 2)
  transposed.qconfig = getDefaultQConfig('fbgemm')
  coded('OPTION_INVALID', () => prepare(transposed))
  const plain = new M().eval()
  plain.qconfig = getDefaultQConfig('fbgemm')
  coded('MODULE_INVALID', () => convert(((m) => (m.apply((x) => void (x.qconfig = plain.qconfig)), m))(new M())))
  const recurrent = new nn.Sequential(new nn.LSTM(4, 4)).eval()
  recurrent.qconfig = plain.qconfig
  coded('OP_UNSUPPORTED', () => convert(prepare(recurrent)))
}))
