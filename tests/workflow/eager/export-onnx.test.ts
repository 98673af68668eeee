/** Modules as ONNX models: read back, they give the module's codes, or codes one step away where ONNX's arithmetic is another. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { manualSeed, randn, type Tensor } from '../../../src/entry/torch.js'
import * as nn from '../../../src/entry/torch/nn.js'
import { quantizedBackend, type QEngine } from '../../../src/autograd/quantized/engine.js'
import { convert, DeQuantStub, fuseModules, getDefaultQConfig, prepare, quantizeDynamic, QuantStub } from '../../../src/entry/torch/quantization.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import type { Graph } from '../../../src/graph/graph.js'
import { exportOnnx } from '../../../src/workflow/eager/onnx/export-onnx.js'
import { openGraph } from '../../../src/workflow/eager/trace/open.js'
import { trace } from '../../../src/workflow/eager/trace/trace.js'
import { golden, label } from '../../golden/quantized.js'
import { eachTier } from '../../quantization/golden.js'
import { testEager } from '../../support/eager.js'
import { coded } from '../../support/errors.js'
import { isCompared, runCase, tensorsOf } from '../../support/quantized-cases.js'
import { bitsOf, valueOf } from '../../support/traced.js'
import '../../support/sessions.js'

/** Where OCTAVO_EXPORTS names a folder, files are left there for other runtimes. */
const keep = (name: string, bytes: Uint8Array): Uint8Array => { if (process.env['OCTAVO_EXPORTS']) writeFileSync(`${process.env['OCTAVO_EXPORTS']}/${name}.onnx`, bytes); return bytes }

function run(graph: Graph, inputs: readonly Tensor[]): ReturnType<typeof valueOf> {
  const session = openGraph(graph)
  const results = session.runSync(Object.fromEntries(graph.inputs.map(({ name }, i) => [name, valueOf(inputs[i]!)])))
  session.release()
  return results[graph.outputs[0]!.name]!
}

const OPERANDS: Readonly<Record<string, readonly string[]>> = { add: ['a', 'b'], mul: ['a', 'b'], add_scalar: ['a'], mul_scalar: ['a'] }
const LAYERS = ['linear', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d', 'add', 'mul', 'cat', 'relu', 'relu6', 'hardswish', 'sigmoid', 'elu', 'leaky_relu', 'max_pool2d']

/** Steps of the result in one step of a product's sum. Above 1, as no calibrated layer has it, the bias' rounding counts as often. */
function multiplier(c: { readonly [name: string]: unknown }, { x, w }: Record<string, Tensor>): number {
  const q = w?.quantizer
  if (!q || x?.quantizer?.qscheme !== 'per_tensor_affine') return 0
  return (x.quantizer.scale * (q.qscheme === 'per_tensor_affine' ? q.scale : Math.max(...q.scales))) / (c['scale'] as number)
}

testEager('quantized layers: how far ONNX is from each engine', () => {
  const rows = new Map<string, { cases: number; elements: number; different: number }>()
  for (const c of golden.cases.filter((each) => isCompared(each) && LAYERS.includes(each.op))) {
    const all = tensorsOf(c)
    const names = c.op === 'cat' ? Object.keys(all) : OPERANDS[c.op] ?? ['x']
    const layer = (...given: Tensor[]): Tensor => runCase(c, { ...all, ...Object.fromEntries(names.map((name, i) => [name, given[i]!])) }) as Tensor
    const inputs = names.map((name) => all[name]!)
    const want = layer(...inputs).toArray() as Uint8Array
    if (!want.length) continue
    const got = run(decodeModel(exportOnnx(layer, inputs)), inputs).data as Uint8Array
    const row = rows.get(`${c.op} ${c.engine ?? ''}`) ?? { cases: 0, elements: 0, different: 0 }
    rows.set(`${c.op} ${c.engine ?? ''}`, row)
    row.cases++
    row.elements += want.length
    const most = Math.max(1, Math.ceil(1.5 * multiplier(c, all)))
    want.forEach((v, i) => {
      const off = Math.abs(v - got[i]!)
      assert.ok(off <= most, `${label(c)}: code ${i} is ${got[i]}, the engine's is ${v}`)
      row.different += +(off > 0)
    })
  }
  const total = (ops: RegExp, engine: string): string => {
    const found = [...rows].filter(([name]) => ops.test(name) && name.endsWith(` ${engine}`)).map(([, row]) => row)
    return found.length ? `${found.reduce((n, r) => n + r.different, 0)} of ${found.reduce((n, r) => n + r.elements, 0)}` : '–'
  }
  const docs = readFileSync('docs/quantization.md', 'utf8')
  for (const engine of ['fbgemm', 'qnnpack', 'x86', 'onednn']) {
    const line = `| ${engine} | ${total(/^(linear|conv)/, engine)} | ${total(/^(add|mul|cat) /, engine)} | ${total(/^(relu|leaky|elu|hard|sigmoid|max)/, engine)} |`
    console.log(line)
    assert.ok(docs.includes(line), `docs/quantization.md says otherwise: ${line}`)
  }
})

class Net extends nn.Module<[Tensor], Tensor> {
  quant = new QuantStub()
  conv1 = new nn.Conv2d(3, 8, 3, { padding: 1 })
  relu1 = new nn.ReLU()
  pool = new nn.MaxPool2d(2)
  conv2 = new nn.Conv2d(8, 12, 3, { stride: 2, padding: 1, groups: 2 })
  fc = new nn.Linear(192, 5)
  dequant = new DeQuantStub()
  forward(input: Tensor): Tensor { return this.dequant(this.fc(this.conv2(this.pool(this.relu1(this.conv1(this.quant(input))))).flatten(1))) }
}

testEager('networks', () => eachTier(() => {
  manualSeed(5)
  const net = new Net().eval()
  const x = randn([2, 3, 16, 16])
  const float = decodeModel(keep('float', exportOnnx(net, x)))
  assert.deepEqual(bitsOf(run(decodeModel(exportOnnx(trace(net, x))), [x])), bitsOf(run(float, [x])))
  const close = (got: ArrayLike<number>, want: ArrayLike<number>, bound: number, what: string): void => Array.from(want).forEach((v, i) => assert.ok(Math.abs(v - got[i]!) <= bound, `${what}: ${got[i]} for ${v}`))
  close(run(float, [x]).data as Float32Array, net(x).toArray() as Float32Array, 1e-5, 'float')
  for (const engine of ['fbgemm', 'qnnpack', 'x86', 'onednn'] as QEngine[]) {
    quantizedBackend.engine = engine
    const fused = fuseModules(net, [['conv1', 'relu1']])
    fused.qconfig = getDefaultQConfig(engine)
    const prepared = prepare(fused)
    prepared(x)
    const int8 = convert(prepared)
    const graph = decodeModel(keep(engine, exportOnnx(int8, x)))
    assert.ok(graph.nodes.every((n) => n.domain === ''), engine)
    const step = (int8.fc as unknown as { scale: number }).scale
    close(run(graph, [x]).data as Float32Array, int8(x).toArray() as Float32Array, 3.01 * step, engine)
    const dynamic = quantizeDynamic(new nn.Sequential(new nn.Linear(17, 9), new nn.ReLU(), new nn.Linear(9, 4)))
    const rows = randn([5, 17])
    close(run(decodeModel(keep(`${engine}-dynamic`, exportOnnx(dynamic, rows))), [rows]).data as Float32Array, dynamic(rows).toArray() as Float32Array, 0.05, `${engine}, dynamic`)
    coded('OP_UNSUPPORTED', () => exportOnnx(trace(int8, x)))
  }
}))
