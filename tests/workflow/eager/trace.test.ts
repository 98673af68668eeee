/** Traced modules: one plan gives the bits of the modules. */
import assert from 'node:assert/strict'
import { backends, cat, manualSeed, randn, type Tensor, ones, fromArray } from '../../../src/entry/torch.js'
import * as nn from '../../../src/entry/torch/nn.js'
import { convert, DeQuantStub, fuseModules, getDefaultQConfig, prepare, quantizeDynamic, QuantStub } from '../../../src/entry/torch/quantization.js'
import type { QEngine } from '../../../src/autograd/quantized/engine.js'
import { openGraph } from '../../../src/workflow/eager/trace/open.js'
import { trace } from '../../../src/workflow/eager/trace/trace.js'
import { testEager } from '../../support/eager.js'
import { bitsOf, sameBits, valueOf } from '../../support/traced.js'
import { coded } from '../../support/errors.js'
import { QuantizableResNet20, RESNET20_FUSED } from '../../support/quantizable-resnet20.js'
import { ResNet20 } from '../../support/resnet20.js'
import { eachTier } from '../../quantization/golden.js'

class ConvNet extends nn.Module<[Tensor], Tensor> {
  quant = new QuantStub()
  conv1 = new nn.Conv2d(3, 8, 3, { padding: 1, bias: false })
  bn1 = new nn.BatchNorm2d(8)
  relu1 = new nn.ReLU()
  pool = new nn.MaxPool2d(2)
  conv2 = new nn.Conv2d(8, 12, 3, { stride: 2, padding: 1, groups: 2 })
  bn2 = new nn.BatchNorm2d(12)
  average = new nn.AdaptiveAvgPool2d(2)
  fc1 = new nn.Linear(48, 10)
  relu2 = new nn.ReLU()
  fc2 = new nn.Linear(10, 5)
  dequant = new DeQuantStub()
  forward(input: Tensor): Tensor {
    const x = this.average(this.bn2(this.conv2(this.pool(this.relu1(this.bn1(this.conv1(this.quant(input))))))))
    return this.dequant(this.fc2(this.relu2(this.fc1(x.flatten(1)))))
  }
}
const FUSED = [['conv1', 'bn1', 'relu1'], ['conv2', 'bn2'], ['fc1', 'relu2']]

/** Statistics and slopes that are no ones and zeros. */
function stirred<M extends nn.Module>(model: M): M {
  for (const [name, tensor] of model.stateDict()) if (/bn.*(weight|running|bias)/.test(name)) (tensor as Tensor).copy_(randn((tensor as Tensor).shape).abs().add(0.5))
  return model.eval()
}

function quantizedNet(engine: QEngine): ConvNet {
  backends.quantized.engine = engine
  const model = fuseModules(stirred(new ConvNet()), FUSED)
  model.qconfig = getDefaultQConfig(engine)
  const prepared = prepare(model)
  for (let i = 0; i < 3; i++) prepared(randn([4, 3, 16, 16]))
  return convert(prepared)
}

testEager('a float network', () => {
  manualSeed(1)
  const graph = sameBits(stirred(new ConvNet()), [[randn([2, 3, 16, 16])], [randn([2, 3, 16, 16])]], 'ConvNet')
  assert.deepEqual(graph.nodes.map((n) => n.op).filter((op) => op !== 'Relu'), ['Conv', 'BatchNormalization', 'MaxPool', 'Conv', 'BatchNormalization', 'AveragePool', 'Reshape', 'Gemm', 'Gemm'])
  assert.ok(graph.constants.has('conv2.weight'))
  assert.deepEqual([graph.inputs, graph.outputs], [[{ name: 'input', dtype: 'float32', dims: [2, 3, 16, 16] }], [{ name: 'output', dtype: 'float32', dims: [2, 5] }]])
})

testEager('float ResNet-20', () => {
  manualSeed(2)
  sameBits(stirred(new ResNet20()), [[randn([2, 3, 32, 32])], [randn([2, 3, 32, 32])]], 'ResNet-20')
})

testEager('int8 networks of every engine', () => eachTier(() => {
  for (const engine of ['fbgemm', 'qnnpack', 'x86', 'onednn'] as const) {
    manualSeed(3)
    const model = quantizedNet(engine)
    const graph = sameBits(model, [[randn([2, 3, 16, 16])], [randn([2, 3, 16, 16])]], engine)
    assert.ok(graph.constants.has('conv1.weight') && graph.constants.has('fc1.weight'), [...graph.constants.keys()].join())
    const moved = graph.nodes.filter((n) => n.op === 'Transpose' && !n.name.startsWith('average') && !n.name.startsWith('/contiguous'))
    assert.deepEqual(moved.map((n) => n.name).filter((n) => !n.startsWith('conv2/conv/last')), [], engine)
    const dynamic = quantizeDynamic(new nn.Sequential(new nn.Linear(17, 9), new nn.ReLU(), new nn.Linear(9, 4)))
    sameBits(dynamic, [[randn([5, 17])], [randn([5, 17])]], `${engine}, dynamic`)
  }
}))

testEager('int8 ResNet-20', () => eachTier(() => {
  for (const engine of ['fbgemm', 'qnnpack'] as const) {
    manualSeed(6)
    backends.quantized.engine = engine
    const model = fuseModules(stirred(new QuantizableResNet20()), RESNET20_FUSED)
    model.qconfig = getDefaultQConfig(engine)
    const prepared = prepare(model)
    prepared(randn([2, 3, 32, 32]))
    const graph = sameBits(convert(prepared), [[randn([1, 3, 32, 32])], [randn([1, 3, 32, 32])]], engine)
    assert.equal(graph.nodes.filter((n) => n.op === 'QLinearConv').length, 19)
  }
}))

testEager('arguments and results in lists, views, writes', () => {
  manualSeed(4)
  const f = (x: Tensor, [a, b]: [Tensor, Tensor]): unknown => {
    const y = x.add(a.unsqueeze(0)).transpose(1, 2)
    const z = y.clone()
    z.mul_(2)
    return { first: [z.select(0, 1), cat([b, b])], rest: [x, y.select(0, 0).reshape(-1), x.narrow(0, 1, 1), ones([2])] }
  }
  const args = (): [Tensor, [Tensor, Tensor]] => [randn([2, 3, 4]), [randn([3, 4]), randn([2])]]
  const example = args()
  const graph = trace(f, example, { inputNames: ['x', 'a', 'b'] })
  assert.deepEqual(graph.outputs.map((o) => o.name), ['output_0', 'output_1', 'output_2', 'output_3', 'output_4', 'output_5'])
  const other = args()
  const feeds = { x: valueOf(other[0]), a: valueOf(other[1][0]), b: valueOf(other[1][1]) }
  const got = openGraph(graph).runSync(feeds)
  const { first, rest } = f(...other) as { first: Tensor[]; rest: Tensor[] }
  ;[...first, ...rest].forEach((t, i) => {
    assert.deepEqual([...got[`output_${i}`]!.dims], [...t.shape])
    assert.deepEqual(bitsOf(got[`output_${i}`]!), bitsOf(t), `output ${i}`)
  })
})

testEager('what a graph cannot say is refused', () => {
  const x = randn([2, 3])
  coded('TRACE_INVALID', () => trace((t: Tensor) => (t.sum().item() > 0 ? t : t.neg()), x))
  coded('TRACE_INVALID', () => trace((t: Tensor) => fromArray(t.neg().toArray()), x))
  coded('TRACE_INVALID', () => trace((t: Tensor) => t.neg().fill_(1), x))
  coded('TRACE_INVALID', () => trace((t: Tensor) => { const y = t.neg(); y.select(0, 0).copy_(y.select(0, 1)); return y }, x))
  coded('TRACE_INVALID', () => trace(new nn.Dropout(0.5), x))
  coded('TRACE_INVALID', () => trace(new nn.BatchNorm1d(3), x))
  coded('TRACE_INVALID', () => trace(() => 3, x))
  coded('INPUT_MISSING', () => trace((n: number) => ones([n]), [2]))
  coded('OPTION_INVALID', () => trace((t: Tensor) => t.neg(), x, { outputNames: ['a', 'b'] }))
  assert.equal(trace((t: Tensor) => t.neg(), x).nodes.length, 1)
})
