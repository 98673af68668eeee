/** Flows of quantization-aware training against PyTorch 2.13, from fusing to the last code: tests/golden/qat.json, in every tier. */
import assert from 'node:assert/strict'
import { quantizedBackend } from '../../../src/autograd/quantized/engine.js'
import type { Tensor } from '../../../src/autograd/tensor.js'
import * as nn from '../../../src/entry/torch/nn.js'
import * as intrinsic from '../../../src/entry/torch/nn/intrinsic.js'
import * as nniqat from '../../../src/entry/torch/nn/intrinsic/qat.js'
import * as qat from '../../../src/entry/torch/nn/qat.js'
import * as dynamic from '../../../src/entry/torch/nn/qat/dynamic.js'
import * as nnq from '../../../src/entry/torch/nn/quantized.js'
import {
  convert, defaultDynamicQatQConfig, defaultEmbeddingQatQConfig, DeQuantStub, fuseConvBn, fuseModules, fuseModulesQat, getDefaultDynamicQuantModuleMappings, getDefaultQatModuleMappings, getDefaultQatQConfig,
  getDefaultQConfig, getDefaultStaticQuantModuleMappings, getEmbeddingQatModuleMappings, getFuserMethod, prepare, prepareQat, quantizeQat, QuantStub,
} from '../../../src/entry/torch/quantization.js'
import { deepCopy } from '../../../src/nn/deep-copy.js'
import { ConvReLU1d as QuantizedConvReLU1d } from '../../../src/nn/quantized/conv.js'
import { batchOf, close, closeState, golden, layerOf, qconfigOf, sameText, type FlowCase } from '../../nn/qat.js'
import { eachTier } from '../../quantization/golden.js'
import { ConvReLU2d } from '../../../src/nn/quantized/conv.js'
import { testEager } from '../../support/eager.js'
import { coded } from '../../support/errors.js'
import { equal, stateOf } from '../../support/plain.js'

type Net = nn.Module<[Tensor], Tensor>

/** Conv1d alone is trained by nobody's default. */
const QAT_1D = (): ReturnType<typeof getDefaultQatModuleMappings> => getDefaultQatModuleMappings().set(nn.Conv1d, qat.Conv1d).set(intrinsic.ConvReLU1d, nniqat.ConvReLU1d)
const STATIC_1D = (): ReturnType<typeof getDefaultStaticQuantModuleMappings> => getDefaultStaticQuantModuleMappings().set(qat.Conv1d, nnq.Conv1d).set(nniqat.ConvReLU1d, QuantizedConvReLU1d)

function prepared(c: FlowCase): Net {
  const model = new nn.Sequential(new QuantStub(), ...c.layers.map(layerOf), new DeQuantStub()).train() as Net
  model.loadStateDict(stateOf(c.float))
  const fused = c.fuse.length ? fuseModulesQat(model, c.fuse) : model
  assert.equal(String(fused), c.fused)
  fused.qconfig = qconfigOf(c.qconfig)
  const ready = prepareQat(fused, c.options.mapping ? { mapping: QAT_1D() } : {})
  for (const m of ready.modules()) if (m instanceof nniqat.ConvBn1d || m instanceof nniqat.ConvBn2d || m instanceof nniqat.ConvBn3d) m.enableSlowPathForBetterNumericalStability = c.options.slow ?? false
  return ready
}

testEager('quantization-aware training ends in the codes of PyTorch', () => eachTier(() => {
  let layers = 0
  for (const c of golden.flows) {
    quantizedBackend.engine = c.engine
    const where = `${JSON.stringify(c.layers)} ${c.qconfig}`
    const model = prepared(c)
    for (const { mode, x, y } of c.steps) close(model.train(mode === 'train')(batchOf(x)), y, `${where} ${mode}`)
    closeState(model.stateDict(), c.prepared, where, 2e-6)
    sameText(String(model), c.repr, where)
    const mapping = c.options.mapping ? { mapping: STATIC_1D() } : {}
    const own = convert(model, mapping)
    if (c.converted) sameText(String(own), c.converted, where)
    // Batch statistics add up in another order than PyTorch's: codes are compared from PyTorch's state.
    model.loadStateDict(stateOf(c.prepared))
    const made = convert(model, mapping)
    if (c.converted) assert.equal(String(made), c.converted, where)
    if (c.made) assert.deepEqual([...made.stateDict().keys()], c.made, where)
    for (const [path, weight] of Object.entries(c.weights ?? {})) equal((made.getSubmodule(path) as unknown as { weight(): Tensor }).weight(), weight, `${where} ${path} weight`)
    for (const [path, bias] of Object.entries(c.biases ?? {})) equal((made.getSubmodule(path) as unknown as { bias(): Tensor }).bias(), bias, `${where} ${path} bias`)
    const seen: [string, Tensor][] = []
    for (const [path, module] of made.namedChildren()) module.registerForwardHook((_, __, y: Tensor) => void seen.push([path, y]))
    made(batchOf(c.x))
    assert.deepEqual(seen.map(([path]) => path), c.seen.map((s) => s.path))
    seen.forEach(([path, y], i) => equal(y, c.seen[i]!.y, `${where} layer ${path}`))
    layers += seen.length
  }
  console.log(`flows of training: ${golden.flows.length} models, ${layers}/${layers} layers equal PyTorch's`)
  assert.ok(golden.flows.length >= 54 && layers === golden.flows.reduce((n, c) => n + c.seen.length, 0) && layers >= 200)
}))

class M extends nn.Module<[Tensor], Tensor> {
  static override readonly typeName = 'M'
  quant = new QuantStub()
  conv = new nn.Conv2d(1, 1, 1)
  bn = new nn.BatchNorm2d(1)
  relu = new nn.ReLU()
  dequant = new DeQuantStub()
  forward(x: Tensor): Tensor { return this.dequant(this.relu(this.bn(this.conv(this.quant(x))))) }
}

testEager('the model of one convolution, normalisation and ReLU is trained, converted and run as PyTorch\'s', () => eachTier(() => {
  for (const c of golden.article) {
    quantizedBackend.engine = c.engine
    const model = new M().train() as M
    model.loadStateDict(stateOf(c.float))
    model.qconfig = getDefaultQatQConfig(c.engine)
    const fused = fuseModulesQat(model, [['conv', 'bn', 'relu']])
    const batches = c.batches.map(batchOf)
    const ready = prepareQat(fused)
    assert.equal(String(ready), c.fresh)
    const run = (m: Net): void => batches.slice(0, 3).forEach((x, i) => close(m(x), c.outputs[i]!, `M ${c.engine} batch ${i}`))
    run(ready)
    closeState(ready.stateDict(), c.prepared, `M ${c.engine}`)
    sameText(String(ready), c.repr, `M ${c.engine}`)
    ready.loadStateDict(stateOf(c.prepared))
    const made = convert(ready.eval())
    assert.equal(String(made), c.converted)
    const conv = made.conv as unknown as nnq.Conv2d
    equal(conv.weight(), c.weight, 'weight')
    equal(conv.bias()!, c.bias, 'bias')
    equal((conv as unknown as Net)(made.quant(batches[3]!)), c.codes, 'codes')
    equal(made(batches[3]!), c.y, 'y')
    const again = quantizeQat(fused, run)
    sameText(String(again), c.converted, 'quantizeQat')
    assert.ok(ready.conv instanceof nniqat.ConvBnReLU2d && fused.conv instanceof intrinsic.ConvBnReLU2d, 'copies were changed, not the models')
    quantizeQat(fused, run, { inplace: true })
    assert.ok((fused.conv as unknown) instanceof ConvReLU2d && String(fused) === String(again))
  }
}))

testEager('embeddings and dynamic layers are trained as PyTorch\'s', () => eachTier(() => {
  quantizedBackend.engine = 'fbgemm'
  for (const c of golden.embeddings) {
    const table = new nn[c.name](9, c.size)
    const model = new nn.Sequential(table).train()
    model.loadStateDict(stateOf(c.float))
    table.qconfig = defaultEmbeddingQatQConfig
    const ready = prepareQat(model, { mapping: getEmbeddingQatModuleMappings() })
    equal(ready(batchOf(c.ids)) as Tensor, c.y, c.name)
    assert.equal(String(ready), c.repr)
  }
  for (const c of golden.dynamic) {
    quantizedBackend.engine = c.engine
    const model = new nn.Sequential(new nn.Linear(7, 5), new nn.ReLU(), new nn.Linear(5, 3)).train()
    model.loadStateDict(stateOf(c.float))
    model.qconfig = defaultDynamicQatQConfig
    const ready = prepareQat(model, { mapping: new Map([[nn.Linear, dynamic.Linear]]) })
    for (const { x, y } of c.steps) close(ready(batchOf(x)) as Tensor, y, `dynamic ${c.engine}`)
    sameText(String(ready), c.repr, `dynamic ${c.engine}`)
    closeState(ready.stateDict(), c.prepared, `dynamic ${c.engine}`)
    const made = convert(ready.eval(), { mapping: getDefaultDynamicQuantModuleMappings() })
    assert.equal(String(made), c.converted)
    equal(made(batchOf(c.x)) as Tensor, c.y, `dynamic ${c.engine}`)
  }
}))

testEager('training mode fuses, evaluation folds; what neither knows is refused', () => eachTier(() => {
  const row = (...layers: nn.Module[]): nn.Sequential => new nn.Sequential(...layers)
  const conv = (): nn.Conv2d => new nn.Conv2d(2, 3, 1)
  assert.ok(fuseModulesQat(row(new nn.Linear(2, 3), new nn.BatchNorm1d(3)), ['0', '1'])[0] instanceof intrinsic.LinearBn1d)
  assert.ok(fuseModulesQat(row(new nn.BatchNorm3d(3), new nn.ReLU()), ['0', '1'])[0] instanceof intrinsic.BNReLU3d)
  assert.ok(fuseConvBn(true, conv(), new nn.BatchNorm2d(3)) instanceof intrinsic.ConvBn2d)
  assert.ok(fuseConvBn(false, conv().eval(), new nn.BatchNorm2d(3).eval()) instanceof nn.Conv2d)
  assert.equal(getFuserMethod([nn.Conv2d, nn.BatchNorm2d]), fuseConvBn)
  const own = (_isQat: boolean, first: nn.Module): nn.Module => first
  assert.ok(fuseModulesQat(row(conv(), new nn.Tanh()), ['0', '1'], { fuserMethods: [[[nn.Conv2d, nn.Tanh], own]] })[0] instanceof nn.Conv2d)
  const seen: string[] = []
  const hooked = row(conv(), new nn.BatchNorm2d(3), new nn.ReLU())
  hooked[0]!.registerForwardPreHook(() => void seen.push('before'))
  hooked[2]!.registerForwardHook(() => void seen.push('after'))
  fuseModulesQat(hooked, ['0', '1', '2'])(batchOf({ seed: 3, dims: [2, 2, 2, 2] }))
  assert.deepEqual(seen, ['before', 'after'])

  const refused = (...layers: nn.Module[]): void => coded('MODULE_INVALID', () => fuseModulesQat(row(...layers), layers.map((_, i) => String(i))))
  refused(new nn.ConvTranspose2d(2, 3, 1), new nn.BatchNorm2d(3))
  refused(conv().eval(), new nn.BatchNorm2d(3))
  refused(conv(), new nn.BatchNorm2d(3), new nn.ReLU().eval())
  refused(new nn.Linear(2, 3).eval(), new nn.BatchNorm1d(3))
  refused(conv(), new nn.BatchNorm2d(4))
  refused(conv(), new nn.BatchNorm2d(3, { affine: false }))
  refused(conv(), new nn.BatchNorm2d(3, { trackRunningStats: false }), new nn.ReLU())
  refused(new nn.Linear(2, 3), new nn.BatchNorm1d(5))
  refused(conv(), new nn.MaxPool2d(2))
  refused(new nn.ReLU(), conv())
  refused(conv(), new nn.BatchNorm1d(3))
  coded('MODULE_INVALID', () => fuseModulesQat(row(conv(), new nn.ReLU()), ['0', 'nowhere']))
  coded('MODULE_INVALID', () => fuseModules(row(conv(), new nn.BatchNorm2d(3)), ['0', '1']))
}))

testEager('preparing and converting refuse what PyTorch refuses', () => eachTier(() => {
  quantizedBackend.engine = 'fbgemm'
  const model = new nn.Sequential(new QuantStub(), new nn.Conv2d(1, 1, 1), new DeQuantStub())
  model.qconfig = getDefaultQatQConfig('fbgemm')
  coded('MODULE_INVALID', () => prepareQat(deepCopy(model).eval()))
  coded('ENGINE_UNKNOWN', () => getDefaultQatQConfig('fbgemv'))
  const table = new nn.Sequential(new nn.Embedding(3, 2))
  table.qconfig = model.qconfig
  coded('OPTION_INVALID', () => prepareQat(table, { mapping: getEmbeddingQatModuleMappings() }))
  const averaged = new nn.Sequential(new nn.Linear(2, 2))
  averaged.qconfig = model.qconfig
  coded('OPTION_INVALID', () => prepareQat(averaged, { mapping: new Map([[nn.Linear, dynamic.Linear]]) }))
  // A layer without its observer: made by hand, not by prepareQat.
  const bare = new nn.Sequential(new qat.Conv2d(1, 1, 1, { qconfig: model.qconfig! }))
  coded('MODULE_INVALID', () => convert(bare))
  // Layers of a model in training that are left in float keep out of the way.
  const partly = new nn.Sequential(new nn.Conv2d(1, 1, 1), new nn.Conv2d(1, 1, 1))
  partly.qconfig = model.qconfig
  partly[1]!.qconfig = null
  const ready = prepareQat(partly)
  assert.ok(ready[0] instanceof qat.Conv2d && ready[1] instanceof nn.Conv2d)
  // What was trained is observed by prepare too, and weights of a plain observer work.
  const trained = new nn.Sequential(new qat.Linear(2, 2, { qconfig: getDefaultQConfig('qnnpack') }))
  const observed = prepare(trained)
  observed(batchOf({ seed: 5, dims: [3, 2] }))
  assert.ok(convert(observed)[0] instanceof nnq.Linear)
}))
