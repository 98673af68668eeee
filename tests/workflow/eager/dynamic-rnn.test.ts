/** Dynamic quantization of recurrent layers against PyTorch 2.13: tests/golden/dynamic-rnn.json. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromArray, load, zeros } from '../../../src/entry/torch.js'
import { quantizedBackend, type QEngine } from '../../../src/autograd/quantized/engine.js'
import { Tensor } from '../../../src/autograd/tensor.js'
import * as nn from '../../../src/entry/torch/nn.js'
import * as dynamic from '../../../src/entry/torch/nn/quantized/dynamic.js'
import { LinearReLU } from '../../../src/entry/torch/nn/intrinsic/quantized/dynamic.js'
import { defaultDynamicQConfig, float16DynamicQConfig, fuseModules, perChannelDynamicQConfig, quantizeDynamic } from '../../../src/entry/torch/quantization.js'
import { testEager } from '../../support/eager.js'
import { coded } from '../../support/errors.js'
import { eachTier } from '../../quantization/golden.js'

interface Plain { dims: number[]; dtype: string; data: string; scale?: number | number[]; zero?: number | number[] }
type State = Record<string, Plain>
type QConfigName = 'qint8' | 'perChannel' | 'float16'
interface Case { engine: QEngine; qconfig: QConfigName; name: string; args: number[]; options: Record<string, unknown>; state: State; inputs: Plain[][]; repr: string; keys: string[]; weights: State; outputs: Plain[] }
interface Fused { engine: QEngine; qconfig: QConfigName; state: State; x: Plain; y: Plain; repr: string; keys: string[]; weight: Plain }
interface Language { engine: QEngine; state: State; ids: Plain; layers: [string, Plain][]; repr: string; keys: string[]; weights: State }
const golden = JSON.parse(readFileSync('tests/golden/dynamic-rnn.json', 'utf8')) as { cases: Case[]; fused: Fused[]; language: Language[] }
const QCONFIGS = { qint8: defaultDynamicQConfig, perChannel: perChannelDynamicQConfig, float16: float16DynamicQConfig }

const ARRAYS = { float32: Float32Array, int8: Int8Array, int64: BigInt64Array }
const arrayOf = ({ data, dtype }: Plain) => new ARRAYS[dtype as keyof typeof ARRAYS](new Uint8Array(Buffer.from(data, 'base64')).buffer)
const tensorOf = (p: Plain): Tensor => fromArray(arrayOf(p) as Float32Array, p.dims)
const stateOf = (state: State): Record<string, Tensor> => Object.fromEntries(Object.entries(state).map(([key, value]) => [key, tensorOf(value)]))
const camel = (options: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(options).map(([key, value]) => [key.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()), value]))
const flat = (value: unknown): Tensor[] => (value instanceof Tensor ? [value] : (value as unknown[]).flatMap(flat))
const one = ([p, second]: Plain[]): Tensor | [Tensor, Tensor] => (second ? [tensorOf(p!), tensorOf(second)] : tensorOf(p!))

/** Codes, scales, zero points and values, to the bit. */
function sameWeights(actual: Readonly<Record<string, Tensor>>, expected: State, where: string): void {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), where)
  for (const [name, tensor] of Object.entries(actual)) {
    assert.deepEqual([[...tensor.shape], tensor.toArray()], [expected[name]!.dims, arrayOf(expected[name]!)], `${where} ${name}`)
    const q = tensor.quantizer
    assert.deepEqual(q && (q.qscheme === 'per_tensor_affine' ? [q.scale, q.zeroPoint] : [[...q.scales], [...q.zeroPoints]]), expected[name]!.scale === undefined ? undefined : [expected[name]!.scale, expected[name]!.zero], `${where} ${name}`)
  }
}

/** The worst difference of elements, absolute for values below 1 and relative above. */
function difference(actual: Tensor, expected: Plain, where: string): number {
  assert.deepEqual([...actual.shape], expected.dims, where)
  const wanted = arrayOf(expected) as Float32Array
  let worst = 0
  ;(actual.toArray() as Float32Array).forEach((v, i) => { worst = Math.max(worst, Math.abs(v - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!))) })
  assert.ok(worst === worst, where)
  return worst
}

testEager('recurrent layers and cells give what PyTorch\'s dynamic ones give', () => eachTier(() => {
  const worst = new Map<string, { cases: number; equal: number; difference: number; where: string }>()
  for (const c of golden.cases) {
    quantizedBackend.engine = c.engine
    const Layer = (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module<any[], any>>)[c.name]!
    const model = new nn.Sequential(new Layer(...c.args, camel(c.options)))
    model.loadStateDict(stateOf(c.state))
    const where = `${c.name}(${c.args}) ${JSON.stringify(c.options)} ${c.engine} ${c.qconfig}`
    const made = quantizeDynamic(model, { 0: QCONFIGS[c.qconfig] })
    const layer = made.at(0) as unknown as { getWeight(): Record<string, Tensor>; getBias(): Record<string, Tensor> }
    assert.equal(String(made), c.repr)
    assert.deepEqual([...made.stateDict().keys()], c.keys)
    sameWeights({ ...layer.getWeight(), ...layer.getBias() }, c.weights, where)
    const outputs = flat((made.at(0) as unknown as (...args: unknown[]) => unknown)(...c.inputs.map(one)))
    const seen = Math.max(0, ...outputs.map((y, i) => difference(y, c.outputs[i]!, where)))
    const key = `${c.name} ${c.qconfig === 'float16' ? 'float16' : 'qint8'}`
    const entry = worst.get(key) ?? worst.set(key, { cases: 0, equal: 0, difference: 0, where: '' }).get(key)!
    entry.cases++
    entry.equal += +(seen === 0)
    if (seen > entry.difference) Object.assign(entry, { difference: seen, where })
    const again = new nn.Sequential(new (dynamic as unknown as Record<string, new (...args: unknown[]) => nn.Module<any[], any>>)[c.name]!(...c.args, { ...camel(c.options), dtype: c.qconfig === 'float16' ? 'float16' : 'qint8' }))
    again.loadStateDict(made.stateDict())
    assert.deepEqual(flat((again.at(0) as unknown as (...args: unknown[]) => unknown)(...c.inputs.map(one))).map((t) => t.toArray()), outputs.map((t) => t.toArray()))
  }
  for (const [key, { cases, equal, difference: d, where }] of worst) console.log(`${key}: ${equal}/${cases} equal, at most ${d.toExponential(1)} off${where && ` (${where})`}`)
  for (const [key, { difference: d, where }] of worst) assert.ok(d < 1e-6, `${key}: ${d} in ${where}`)
}))

testEager('fused and plain linear layers give what PyTorch\'s dynamic ones give', () => eachTier(() => {
  for (const c of golden.fused) {
    quantizedBackend.engine = c.engine
    const model = fuseModules(new nn.Sequential(new nn.Linear(19, 11), new nn.ReLU(), new nn.Linear(11, 4)).eval(), ['0', '1'])
    model.loadStateDict(stateOf(c.state))
    const made = quantizeDynamic(model, { 0: QCONFIGS[c.qconfig], 2: QCONFIGS[c.qconfig] })
    const where = `${c.engine} ${c.qconfig}`
    assert.ok(made.at(0) instanceof LinearReLU)
    assert.equal(String(made), c.repr)
    assert.deepEqual([...made.stateDict().keys()], c.keys)
    sameWeights({ weight: (made.at(0) as LinearReLU).weight() }, { weight: c.weight }, where)
    const y = made(tensorOf(c.x)) as Tensor
    if (c.qconfig !== 'float16') assert.deepEqual(y.toArray(), arrayOf(c.y), where)
    assert.ok(difference(y, c.y, where) < 1e-6, where)
  }
}))

class Language extends nn.Module<[Tensor], Tensor> {
  embedding = new nn.Embedding(40, 16)
  lstm = new nn.LSTM(16, 24, 2, { batchFirst: true })
  fc = new nn.Linear(24, 40)
  forward(ids: Tensor): Tensor { return this.fc(this.lstm(this.embedding(ids))[0]) }
}

testEager('a language model is what PyTorch makes of it, layer by layer and from its file', () => eachTier(async () => {
  const packed = await load('tests/golden/dynamic-rnn.pt')
  for (const c of golden.language) {
    quantizedBackend.engine = c.engine
    const model = new Language()
    model.loadStateDict(stateOf(c.state))
    const made = quantizeDynamic(model)
    const ids = tensorOf(c.ids)
    assert.equal(String(made), c.repr)
    assert.deepEqual([...made.stateDict().keys()], c.keys)
    const lstm = made.lstm as unknown as dynamic.LSTM
    sameWeights({ ...lstm.getWeight(), ...lstm.getBias() }, c.weights, c.engine)
    const worst = new Map<string, number>()
    for (const [name, module] of made.namedChildren()) module.registerForwardHook((_, __, y: Tensor | [Tensor]) => void worst.set(name, difference(y instanceof Tensor ? y : y[0], c.layers.find(([n]) => n === name)![1], name)))
    const y = made(ids)
    console.log(`language model, ${c.engine}: ${[...worst].map(([name, d]) => `${name} ${d.toExponential(1)}`).join(', ')}`)
    for (const [name, d] of worst) assert.ok(d < 1e-6, `${name} ${d}`)
    if (c.engine !== 'fbgemm') continue
    const other = quantizeDynamic(new Language())
    other.loadStateDict(packed)
    assert.deepEqual(other(ids).toArray(), y.toArray())
  }
}))

testEager('dynamic quantization takes every form of spec, and refuses what PyTorch refuses', () => eachTier(() => {
  quantizedBackend.engine = 'fbgemm'
  const make = (): nn.Sequential => new nn.Sequential(new nn.LSTM(3, 2), new nn.Linear(3, 2))
  const names = (m: nn.Sequential): string[] => [...m.children()].map((c) => `${String(c).split('(')[0]} ${(c as { dtype?: string }).dtype ?? ''}`.trim())
  const [lstm, linear] = ['DynamicQuantizedLSTM', 'DynamicQuantizedLinear']
  assert.deepEqual(names(quantizeDynamic(make())), [`${lstm} qint8`, `${linear} qint8`])
  assert.deepEqual(names(quantizeDynamic(make(), null, 'float16')), [`${lstm} float16`, `${linear} float16`])
  assert.deepEqual(names(quantizeDynamic(make(), new Set([nn.Linear]), { dtype: 'float16' })), ['LSTM', `${linear} float16`])
  assert.deepEqual(names(quantizeDynamic(make(), new Set(['0']))), [`${lstm} qint8`, 'Linear'])
  assert.deepEqual(names(quantizeDynamic(make(), new Map([[nn.LSTM, float16DynamicQConfig]]))), [`${lstm} float16`, 'Linear'])
  assert.deepEqual(names(quantizeDynamic(make(), { '': defaultDynamicQConfig, 1: null })), [`${lstm} qint8`, 'Linear'])
  assert.deepEqual(names(quantizeDynamic(make(), null, 'qint8', new Map([[nn.Linear, dynamic.Linear]]))), ['LSTM', `${linear} qint8`])
  const own = make()
  assert.equal(quantizeDynamic(own, null, 'qint8', undefined, true), own)
  assert.deepEqual(names(own), [`${lstm} qint8`, `${linear} qint8`])
  coded('OPTION_INVALID', () => quantizeDynamic(make(), null, 'qint32' as never))
  coded('MODULE_INVALID', () => quantizeDynamic(new nn.Sequential(new nn.GRU(3, 2, { bias: false }))))
  coded('MODULE_INVALID', () => quantizeDynamic(new nn.Sequential(new nn.GRUCell(3, 2, { bias: false }))))
  const made = quantizeDynamic(new nn.Sequential(new nn.LSTM(3, 2))) as unknown as (x: Tensor) => unknown
  coded('SHAPE_MISMATCH', () => made(zeros([4, 3])))
  coded('SHAPE_MISMATCH', () => made(zeros([4, 1, 5])))
  coded('SHAPE_MISMATCH', () => made(zeros([0, 1, 3])))
  coded('SHAPE_MISMATCH', () => new dynamic.LSTM(3, 2)(zeros([4, 1, 3]), [zeros([1, 2, 2]), zeros([1, 1, 2])]))
  coded('SHAPE_MISMATCH', () => new dynamic.RNNCell(3, 2)(zeros([3])))
  coded('STATE_DICT_MISMATCH', () => new dynamic.LSTM(3, 2).loadStateDict(new dynamic.LSTM(3, 4).stateDict()))
  coded('STATE_DICT_MISMATCH', () => new dynamic.LSTM(3, 2).loadStateDict(new dynamic.LSTM(3, 2, 2).stateDict()))
  coded('STATE_DICT_MISMATCH', () => new dynamic.GRUCell(3, 2).loadStateDict({}))
  for (const engine of ['qnnpack', 'onednn'] as const) {
    quantizedBackend.engine = engine
    coded('OP_UNSUPPORTED', () => quantizeDynamic(make(), null, 'float16'))
  }
}))
