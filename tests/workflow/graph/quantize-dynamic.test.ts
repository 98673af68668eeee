/** quantizeDynamic on small models: what it writes, what its files compute, what it refuses. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { OctavoError } from '../../../src/errors.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { encodeModel } from '../../../src/formats/onnx/encode.js'
import { opKey, type Attribute, type Graph, type Node } from '../../../src/graph/graph.js'
import { GraphSession, type Tensors } from '../../../src/session.js'
import { Tensor } from '../../../src/value.js'
import { everyNode } from '../../../src/workflow/graph/clean.js'
import type { Batch, QuantizeOptions } from '../../../src/workflow/graph/options.js'
import { quantizeDynamic } from '../../../src/workflow/graph/quantize-dynamic.js'
import { f32, ints, noise, scalar, type NodeSpec } from '../../graph/passes/small-graph.js'
import { random } from '../../tiers/harness.js'
import { batchesFor, refuses, runFloat, smallModel, sqnr, tier, tierName, type SmallModel } from './small-model.js'

const HOST = { tier: tierName, wasmFolder: resolve('dist') }

async function dynamic(model: SmallModel, options: QuantizeOptions = {}) {
  const result = await quantizeDynamic(model.bytes, { ...HOST, ...options })
  const graph = decodeModel(result.model)
  const session = new GraphSession(graph, tier, result.model.length)
  const run = (feeds: Batch): Tensors => session.runSync(feeds)
  return {
    ...result, graph, run, ops: [...everyNode(graph)].map(opKey).join(' '),
    planned: (feeds: Batch): string => {
      run(feeds)
      return session.prepared!.graph.nodes.map(opKey).join(' ')
    },
    layer: (name: string) => result.report.layers.find((l) => l.name === name)!,
  }
}

/** Quantized, runs near the float model on noise; gives the result. */
async function near(model: SmallModel, decibels: number, options: QuantizeOptions = {}, open = 3) {
  const made = await dynamic(model, options)
  for (const feeds of batchesFor(model, 3, open)) {
    const db = sqnr(runFloat(model, feeds), made.run(feeds))
    assert.ok(db > decibels, `${db} dB, ${made.ops}`)
  }
  return made
}

const PRODUCT = 'DynamicQuantizeLinear MatMulInteger Cast Mul Mul'

test('MatMul is what ONNX Runtime writes, and one step in a plan', async () => {
  const model = smallModel({ x: ['N', 7] }, { w: noise([7, 5], 1, 2), b: noise([5], 1, 3) }, [['MatMul', 'x w', 'm'], ['Add', 'm b', 'y']], 'y')
  const made = await near(model, 35)
  assert.equal(made.ops, `${PRODUCT} Add`)
  assert.match(made.planned(batchesFor(model)[0]!), /^DynamicQuantizeLinear com\.microsoft:MatMulIntegerToFloat/)
  assert.doesNotMatch(made.planned(batchesFor(model)[0]!), /MatMulInteger( |$)|Cast/)
  const node = made.graph.nodes.find((n) => n.op === 'MatMulInteger')!
  const [codes, zero] = [made.graph.constants.get(node.inputs[1]!)!, made.graph.constants.get(node.inputs[3]!)!]
  assert.deepEqual([codes.dtype, codes.dims, zero.dims], ['int8', [7, 5], [5]])
  assert.deepEqual(made.graph.nodes.flatMap((n) => n.outputs).filter((name) => name.startsWith('x_')), ['x_quantized', 'x_scale', 'x_zero_point'])
  assert.equal(made.graph.constants.has('w'), false, 'the float weight is gone')
  assert.deepEqual(made.layer('MatMul0').weights?.elements, 35)
  assert.equal(made.layer('MatMul0').weights?.channels, 5)
  assert.equal(made.observers.size, 0)
  assert.deepEqual(made.graph.inputs, model.graph.inputs, 'the batch stays open')
})

test('Gemm in all its forms', async () => {
  let forms = 0
  for (const transA of [0, 1]) for (const transB of [0, 1]) for (const [alpha, beta] of [[1, 1], [0.5, 2], [2, 0]] as const) for (const c of [undefined, [4], [1], [6, 4], [6, 1]]) {
    const model = smallModel({ x: transA ? [9, 6] : [6, 9] }, { w: noise(transB ? [4, 9] : [9, 4], 1, 2), ...(c && { c: noise(c, 1, 3) }) }, [['Gemm', c ? 'x w c' : 'x w', 'y', { transA, transB, alpha, beta }]], 'y')
    const made = await near(model, 33)
    assert.equal(made.ops, `${transA ? 'Transpose ' : ''}${PRODUCT}${c && beta ? `${beta === 1 ? '' : ' Mul'} Add` : ''}`)
    forms++
  }
  assert.equal(forms, 60)
})

test('one activation is rounded once, one weight held once, and both for branches too', async () => {
  const branch = (name: string, w: string): Graph => ({ name, inputs: [], outputs: [{ name: `${name}_y`, dtype: 'float32', dims: null }], nodes: [node('MatMul', `${name}_mm`, ['x', w], [`${name}_y`])], constants: new Map() })
  const { graph } = smallModel({ x: [2, 6] }, { w: noise([6, 6], 1, 2), one: new Tensor('bool', new Uint8Array([1]), []) }, [['MatMul', 'x w', 'a'], ['MatMul', 'x w', 'b'], ['MatMul', 'a w', 'c'], ['Add', 'b c', 'd']], 'd z')
  const made: Graph = { ...graph, nodes: [...graph.nodes, { ...node('If', 'if', ['one'], ['z']), attributes: { then_branch: branch('t', 'w'), else_branch: branch('e', 'w') } }] }
  const q = await near({ graph: made, bytes: encodeModel(made) }, 30)
  assert.equal(q.ops.match(/DynamicQuantizeLinear/g)?.length, 2, 'x and a')
  assert.equal([...q.graph.constants.values()].filter((t) => t.dtype === 'int8' && t.dims.length === 2).length, 1)
  assert.deepEqual(q.report.layers.map((l) => l.quantized), [true, true, true, true, true])
})

const node = (op: string, name: string, inputs: string[], outputs: string[], attributes: Record<string, Attribute> = {}): Node => ({ name, op, domain: '', inputs, outputs, attributes })

test('weights that follow from constants, and those of branches in branches', async () => {
  const weights = { w: noise([10, 6], 1, 2), from: ints(2), to: ints(10), axes: ints(0), order: noise([6, 8], 0, 1) }
  const model = smallModel({ x: ['N', 8] }, weights, [['Slice', 'w from to axes', 's'], ['Transpose', 's', 't', { perm: [1, 0] }], ['Transpose', 't', 'u', { perm: [1, 0] }], ['MatMul', 'x u', 'y']], 'y')
  assert.equal((await near(model, 33)).ops, PRODUCT)
  const inner: Graph = { name: 'inner', inputs: [], outputs: [{ name: 'iy', dtype: 'float32', dims: null }], nodes: [node('Transpose', 'it', ['v'], ['vt'], { perm: [1, 0] }), node('MatMul', 'im', ['x', 'vt'], ['iy'])], constants: new Map() }
  const other: Graph = { ...inner, name: 'other', outputs: [{ name: 'oy', dtype: 'float32', dims: null }], nodes: [node('Identity', 'oi', ['zeros'], ['oy'])] }
  const outer: Graph = { name: 'outer', inputs: [], outputs: [{ name: 'ry', dtype: 'float32', dims: null }], nodes: [node('If', 'if2', ['yes'], ['ry'], { then_branch: inner, else_branch: other })], constants: new Map([['v', noise([5, 8], 1, 9)]]) }
  const { graph } = smallModel({ x: [3, 8] }, { yes: new Tensor('bool', new Uint8Array([1]), []), zeros: noise([3, 5], 0) }, [], 'y')
  const nested: Graph = { ...graph, nodes: [node('If', 'if1', ['yes'], ['y'], { then_branch: outer, else_branch: { ...other, name: 'o2', outputs: [{ name: 'o2y', dtype: 'float32', dims: null }], nodes: [node('Identity', 'o2i', ['zeros'], ['o2y'])] } })] }
  const q = await near({ graph: nested, bytes: encodeModel(nested) }, 33)
  assert.equal(q.ops, `If If ${PRODUCT} Identity Identity`)
  assert.ok([...everyNode(q.graph)].every((n) => n.op !== 'If' || !(n.attributes['then_branch'] as Graph).constants.has('v')), 'the float weight is gone where it was')
})

/** A recurrent layer; W and R as trained ones are, small. */
function layer(op: 'LSTM' | 'GRU', direction: string, steps: number | string, attributes: Record<string, Attribute> = {}, optional = { b: true, h: true }): SmallModel {
  const dirs = direction === 'bidirectional' ? 2 : 1, gates = op === 'LSTM' ? 4 : 3, n = gates * 10
  const first = attributes['layout'] === 1, state = first ? [2, dirs, 10] : [dirs, 2, 10]
  const constants = { w: noise([dirs, n, 7], 0.5, 2), r: noise([dirs, n, 10], 0.4, 3), ...(optional.b && { b: noise([dirs, 2 * n], 0.3, 4) }) }
  const spec: NodeSpec = [op, `x w r ${optional.b ? 'b' : '-'} - ${optional.h ? `h${op === 'LSTM' ? ' c' : ''}` : ''}`, op === 'LSTM' ? 'y yh yc' : 'y yh', { hidden_size: 10, direction, ...attributes }]
  const inputs = { x: first ? [2, steps, 7] : [steps, 2, 7], ...(optional.h && { h: state, ...(op === 'LSTM' && { c: state }) }) }
  return smallModel(inputs, constants, [spec], op === 'LSTM' ? 'y yh yc' : 'y yh')
}

test('LSTM in every direction, either order of axes, with and without what is optional', async () => {
  for (const direction of ['forward', 'reverse', 'bidirectional']) for (const layout of [0, 1]) for (const optional of [{ b: true, h: true }, { b: false, h: false }]) for (const perChannel of [true, false]) {
    const made = await near(layer('LSTM', direction, 'T', layout ? { layout } : {}, optional), 24, { perChannel }, 5)
    const states = optional.h ? 2 : 0
    assert.equal(made.ops, [...Array<string>(layout ? 1 + states : 0).fill('Transpose'), 'com.microsoft:DynamicQuantizeLSTM', ...Array<string>(layout ? 3 : 0).fill('Transpose')].join(' '))
    const q = made.graph.nodes.find((n) => n.op === 'DynamicQuantizeLSTM')!, dirs = direction === 'bidirectional' ? 2 : 1
    const dims = [1, 2, 8, 9, 10, 11].map((i) => made.graph.constants.get(q.inputs[i]!)!.dims)
    const scales = perChannel ? [dirs, 40] : [dirs]
    assert.deepEqual(dims, [[dirs, 7, 40], [dirs, 10, 40], scales, scales, scales, scales])
    assert.equal(q.attributes['hidden_size'], 10)
    assert.equal(q.attributes['layout'], undefined)
  }
})

test('GRU of a known, short sequence is written out: both forms, every direction, either order of axes', async () => {
  for (const direction of ['forward', 'reverse', 'bidirectional']) for (const late of [0, 1]) for (const steps of [1, 4]) for (const layout of [0, 1]) for (const optional of [{ b: true, h: true }, { b: false, h: false }]) {
    const made = await near(layer('GRU', direction, steps, { linear_before_reset: late, ...(layout && { layout }) }, optional), 24)
    assert.doesNotMatch(made.ops, /GRU/)
    const dirs = direction === 'bidirectional' ? 2 : 1
    assert.equal(made.ops.match(/MatMulInteger/g)?.length, dirs * (1 + steps * (late ? 1 : 2)))
    const rounded = made.ops.match(/DynamicQuantizeLinear/g)!.length
    const sharedState = !optional.h && dirs === 2 ? 1 : 0
    assert.equal(rounded, 1 + dirs * steps * (late ? 1 : 2) - sharedState, 'the inputs once, the state once for each product')
  }
})

test('a GRU whose sequence is open, long or of unequal rows stays in float, and the report says why', async () => {
  const reason = async (model: SmallModel): Promise<string | undefined> => (await dynamic(model)).layer('GRU0').reason
  assert.match((await reason(layer('GRU', 'forward', 'T')))!, /depends on the inputs/)
  assert.match((await reason(layer('GRU', 'forward', 33)))!, /33 steps/)
  assert.match((await reason(layer('GRU', 'forward', 3, { activations: ['Relu', 'Tanh'] })))!, /activations are Relu,Tanh/)
  assert.match((await reason(layer('GRU', 'forward', 3, { clip: 2 })))!, /clips/)
  const { graph } = layer('GRU', 'forward', 3), gru = graph.nodes[0]!
  const ragged = { ...graph, nodes: [{ ...gru, inputs: gru.inputs.map((name, i) => (i === 4 ? 'lengths' : name)) }], constants: new Map([...graph.constants, ['lengths', new Tensor('int32', [3, 1], [2])] as const]) }
  assert.match((await reason({ graph: ragged, bytes: encodeModel(ragged) }))!, /lengths of their own/)
  const open = smallModel({ x: ['N', 3, 7] }, { w: noise([1, 30, 7], 0.5, 2), r: noise([1, 30, 10], 0.4, 3) }, [['Transpose', 'x', 't', { perm: [1, 0, 2] }], ['GRU', 't w r', 'y yh', { hidden_size: 10 }]], 'y yh')
  assert.ok((await near(open, 24)).layer('GRU1').quantized, 'a length that no open dim changes is known')
})

const TWO = smallModel({ x: ['N', 4, 6, 6] }, { k: noise([4, 4, 3, 3], 1, 1), w: noise([64, 8], 1, 2), v: noise([8, 5], 1, 3), c: noise([5], 1, 4) }, [
  ['Conv', 'x k', 'f', { kernel_shape: [3, 3] }], ['Flatten', 'f', 'g'], ['MatMul', 'g w', 'h'], ['Gemm', 'h v c', 'y'],
], 'y')

test('options say what is quantized and how', async () => {
  const ops = async (options: QuantizeOptions): Promise<string> => (await near(TWO, 22, options)).report.layers.map((l) => `${l.op}:${l.quantized}`).join(' ')
  assert.equal(await ops({}), 'Conv:false MatMul:true Gemm:true')
  assert.equal(await ops({ nodesToExclude: [/^MatMul/] }), 'Conv:false MatMul:false Gemm:true')
  assert.equal(await ops({ nodesToQuantize: ['MatMul2'] }), 'Conv:false MatMul:true Gemm:false')
  assert.equal(await ops({ opTypesToQuantize: ['Gemm'] }), 'Conv:false MatMul:false Gemm:true')
  const codesOf = async (options: QuantizeOptions) => {
    const made = await near(TWO, 22, options), q = made.graph.nodes.find((n) => n.op === 'MatMulInteger')!
    const [codes, zero] = [1, 3].map((i) => made.graph.constants.get(q.inputs[i]!)!) as [Tensor, Tensor]
    const data = Array.from(codes.data as Int8Array)
    return { dtype: codes.dtype, zeros: zero.size, range: [Math.min(...data), Math.max(...data)], zero: Number(zero.data[0]), metadata: made.graph.metadata!.get('octavo.weights') }
  }
  assert.deepEqual(await codesOf({}), { dtype: 'int8', zeros: 8, range: [-127, 127], zero: 0, metadata: 'int8, per channel' })
  const reduced = await codesOf({ perChannel: false, reduceRange: true })
  assert.deepEqual([reduced.zeros, Math.max(...reduced.range.map(Math.abs)), reduced.metadata], [1, 64, 'int8, 7 bits, per tensor'])
  const unsigned = await codesOf({ weightType: 'uint8', perChannel: false })
  assert.deepEqual([unsigned.dtype, unsigned.zeros, unsigned.range], ['uint8', 1, [0, 255]])
  assert.ok(unsigned.zero > 0)
})

test('every layer that stays in float says why', async () => {
  const model = smallModel({ x: [3, 4], z: [4, 3] }, { w: noise([3, 3], 1, 1), v: noise([3], 1, 2), big: noise([3, 3], 1, 3), h: new Tensor('float16', new Uint16Array(9).fill(0x3c00), [3, 3]) }, [
    ['MatMul', 'x z', 'a'], ['MatMul', 'w a', 'b'], ['MatMul', 'b v', 'c'], ['MatMul', 'w big', 'd'], ['Gemm', 'b w', 'e', { alpha: -1 }], ['Gemm', 'w b', 'f'], ['Cast', 'b', 'bh', { to: 10 }], ['MatMul', 'bh h', 'g16'], ['Cast', 'g16', 'g', { to: 1 }],
  ], 'a b c d e f g')
  const { report } = await dynamic(model)
  assert.deepEqual(report.layers.map((l) => l.reason), [
    'its weights are computed', 'its constant operand is the first', 'its weights have the dims [3]', 'reads constants only', 'its factor alpha is -1', 'its weights are computed', 'its weights are float16, not float32',
  ])
  assert.deepEqual(report.warnings, ['nothing was quantized: the report says why for each layer'])
})

test('what is wrong is said in a coded error', async () => {
  const made = await dynamic(TWO)
  await refuses(quantizeDynamic(made.model, HOST), 'ALREADY_QUANTIZED', /DynamicQuantizeLinear/)
  await refuses(quantizeDynamic((await dynamic(layer('LSTM', 'forward', 3))).model, HOST), 'ALREADY_QUANTIZED', /DynamicQuantizeLSTM/)
  await refuses(quantizeDynamic(TWO.bytes, { ...HOST, nodesToQuantize: ['nobody'] }), 'OPTION_INVALID', /no node has the name nobody/)
  await refuses(quantizeDynamic(TWO.bytes, { ...HOST, nodesToQuantize: ['Conv0'] }), 'OPTION_INVALID', /"Conv0" \(Conv\) cannot be quantized/)
  await refuses(quantizeDynamic(TWO.bytes, { ...HOST, opTypesToQuantize: ['Conv'] }), 'OPTION_INVALID', /MatMul, Gemm, LSTM, GRU/)
  await refuses(quantizeDynamic(TWO.bytes, { ...HOST, perChannel: 1 as never }), 'OPTION_INVALID', /perChannel/)
  await refuses(quantizeDynamic(TWO.bytes, { ...HOST, engine: 'mkl' as never }), 'ENGINE_UNKNOWN', /mkl/)
  await refuses(quantizeDynamic(TWO.bytes, { ...HOST, signal: AbortSignal.abort() }), 'ABORTED', /abort/)
  await refuses(quantizeDynamic(TWO.bytes.subarray(0, 300), HOST), 'MODEL_TRUNCATED', /./)
  for (const bad of [NaN, Infinity]) {
    const model = smallModel({ x: [2, 2] }, { w: f32([1, bad, 2, 3], [2, 2]) }, [['MatMul', 'x w', 'y']], 'y')
    await refuses(quantizeDynamic(model.bytes, HOST), 'QPARAMS_INVALID', /MatMul "MatMul0".*nodesToExclude/)
    assert.equal((await dynamic(model, { nodesToExclude: ['MatMul0'] })).ops, 'MatMul')
  }
})

test('an abort half way stops it; progress is told for every layer', async () => {
  const seen: string[] = []
  await quantizeDynamic(TWO.bytes, { ...HOST, onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`) })
  assert.deepEqual(seen, ['prepare 0/1', 'prepare 1/1', 'convert 0/3', 'convert 1/3', 'convert 2/3', 'convert 3/3'])
  const abort = new AbortController()
  await refuses(quantizeDynamic(TWO.bytes, { ...HOST, signal: abort.signal, onProgress: ({ phase, done }) => { if (phase === 'convert' && done === 1) abort.abort() } }), 'ABORTED', /abort/)
})

test('names that the model has already are left alone', async () => {
  const model = smallModel({ x: [2, 3], x_scale: [2, 3] }, { w: noise([3, 3], 1, 1) }, [['MatMul', 'x w', 'x_quantized'], ['Add', 'x_quantized x_scale', 'y']], 'y')
  const made = await near(model, 30)
  assert.equal(made.graph.nodes.find((n) => n.op === 'DynamicQuantizeLinear')!.outputs.join(), 'x_quantized#1,x_scale#1,x_zero_point')
})

test('scalars and empty batches do not stop it', async () => {
  const model = smallModel({ x: ['N', 3] }, { w: noise([3, 2], 1, 1), s: scalar(2) }, [['Mul', 'x s', 'z'], ['MatMul', 'z w', 'y']], 'y')
  const made = await dynamic(model)
  assert.deepEqual(made.run({ x: new Tensor('float32', new Float32Array(0), [0, 3]) })['y']!.dims, [0, 2])
  assert.deepEqual(Array.from(made.run({ x: new Tensor('float32', new Float32Array(3), [1, 3]) })['y']!.data as Float32Array), [0, 0])
})

test('weights of a recurrent layer that do not go together leave it as it is', async () => {
  for (const op of ['LSTM', 'GRU'] as const) {
    const { graph } = layer(op, 'forward', 3)
    for (const [name, dims] of [['w', [1, 24, 7]], ['r', [1, 30, 9]], ['r', [2, 30, 10]], ['w', [30, 7]], ['w', [1, 0, 7]], ['b', [1, 7]]] as const) {
      if (op === 'LSTM' && name === 'b') continue
      const made = { ...graph, constants: new Map([...graph.constants, [name, noise(dims, 1)] as const]) }
      const { report } = await quantizeDynamic(encodeModel(made), HOST)
      assert.match(report.layers[0]!.reason!, /its (weights|bias) ha|do not go together/, `${op} ${name} [${dims}]`)
    }
  }
})

test('broken files end in coded errors, or in a model', async () => {
  const next = random(20813)
  let refused = 0, made = 0
  for (const model of [TWO, layer('LSTM', 'bidirectional', 3), layer('GRU', 'forward', 2)])
    for (let i = 0; i < 120; i++) {
      const bytes = model.bytes.slice(), from = bytes.findIndex((_, at) => at > 4 && bytes[at] === 0x0a)
      for (let k = 0; k <= next() % 4; k++) bytes[(i % 3 ? next() % bytes.length : Math.min(bytes.length - 1, from + (next() % 200)))] = next() & 255
      try {
        const { model: out } = await quantizeDynamic(bytes, HOST)
        decodeModel(out)
        made++
      } catch (error) {
        assert.ok(error instanceof OctavoError && error.code !== 'INTERNAL', `mutation ${i}: ${(error as Error).stack}`)
        refused++
      }
    }
  assert.ok(refused > 20 && made > 20, `${refused} refused, ${made} made`)
})
