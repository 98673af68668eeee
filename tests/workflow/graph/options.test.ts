/** What each option changes in the file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../../../src/graph/graph.js'
import { roundEven } from '../../../src/quantization/qparams.js'
import { Tensor } from '../../../src/value.js'
import { attr, modelBytes, node, value } from '../../formats/onnx/model.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { f32, noise, scalar } from '../../graph/passes/small-graph.js'
import { batchesFor, quantize, refuses, runFloat, smallModel, sqnr, type Quantized } from './small-model.js'

const CONSTANTS = { w: noise([4, 3, 3, 3], 1, 2), b: noise([4], 1, 3), t: noise([4, 6, 2, 2], 1, 4), g: noise([5, 6], 1, 5), c: noise([5], 1, 6), a: noise([1, 6, 1, 1], 1, 7) }
const MODEL = smallModel({ x: ['N', 3, 8, 8] }, CONSTANTS, [
  ['Conv', 'x w b', 'h'], ['Relu', 'h', 'r'], ['ConvTranspose', 'r t', 'u'], ['GlobalAveragePool', 'u', 'p'], ['Flatten', 'p', 'f'], ['Gemm', 'f g c', 'y', { transB: 1 }],
], 'y')
const [FEEDS] = batchesFor(MODEL) as [ReturnType<typeof batchesFor>[number]]

/** The DequantizeLinear behind an input of a node, with its constants. */
function behind({ graph }: Quantized, op: string, input: number): { node: Node; codes: Tensor; scale: Tensor; zero: Tensor } {
  const reader = graph.nodes.find((n) => n.op === op)!
  const found = graph.nodes.find((n) => n.outputs[0] === reader.inputs[input])!
  assert.equal(found.op, 'DequantizeLinear')
  const [codes, scale, zero] = found.inputs.map((name) => graph.constants.get(name))
  return { node: found, codes: codes!, scale: scale!, zero: zero! }
}

/** Scale and zero point of what a node makes. */
function made({ graph }: Quantized, op: string): { dtype: string; scale: number; zero: number } {
  const name = graph.nodes.find((n) => n.op === op)!.outputs[0]!
  const [, scale, zero] = graph.nodes.find((n) => n.op === 'QuantizeLinear' && n.inputs[0] === name)!.inputs.map((input) => graph.constants.get(input))
  return { dtype: zero!.dtype, scale: Number(scale!.data[0]), zero: Number(zero!.data[0]) }
}

const list = (t: Tensor): number[] => Array.from(t.data as ArrayLike<number>)
const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs))

test('weights have a scale for each output channel, on the axis where it lies', async () => {
  const result = await quantize(MODEL)
  for (const [op, axis, weight, channels] of [['Conv', 0, CONSTANTS.w, 4], ['ConvTranspose', 1, CONSTANTS.t, 6], ['Gemm', 0, CONSTANTS.g, 5]] as const) {
    const { node: { attributes }, codes, scale, zero } = behind(result, op, 1)
    assert.deepEqual([attributes['axis'], codes.dtype, codes.dims, scale.dims], [axis, 'int8', weight.dims, [channels]])
    assert.ok(list(zero).every((z) => z === 0))
    const inner = weight.dims.slice(axis + 1).reduce((a, b) => a * b, 1)
    weight.data.forEach((w, i) => {
      const channel = Math.floor(i / inner) % channels
      assert.equal(codes.data[i], Math.min(127, Math.max(-127, roundEven(Math.fround(Number(w) / list(scale)[channel]!)))) + 0)
    })
    for (let c = 0; c < channels; c++) {
      const reach = largest(Array.from(weight.data as Float32Array).filter((_, i) => Math.floor(i / inner) % channels === c))
      assert.equal(list(scale)[c], Math.fround(reach / 127))
    }
  }
})

test('a bias is counted in steps of x_scale · w_scale', async () => {
  const result = await quantize(MODEL)
  const [x] = result.graph.nodes.filter((n) => n.op === 'QuantizeLinear')
  const xScale = Number(result.graph.constants.get(x!.inputs[1]!)!.data[0])
  const { codes, scale, node: { attributes } } = behind(result, 'Conv', 2), weight = behind(result, 'Conv', 1)
  assert.deepEqual([codes.dtype, attributes['axis']], ['int32', 0])
  list(scale).forEach((s, c) => assert.equal(s, Math.fround(xScale * list(weight.scale)[c]!)))
  list(codes).forEach((code, c) => assert.equal(code, roundEven(Number(CONSTANTS.b.data[c]) / list(scale)[c]!)))
})

test('a bias that would leave int32 widens the scale of its weights', async () => {
  const model = smallModel({ x: ['N', 8] }, { m: noise([8, 2], 1e-7, 2), b: f32([1e6, 0.5]) }, [['Gemm', 'x m b', 'y']], 'y')
  const result = await quantize(model)
  const { codes, scale } = behind(result, 'Gemm', 2), weight = behind(result, 'Gemm', 1)
  assert.ok(Math.abs(list(codes)[0]!) > 2 ** 30)
  assert.ok(Math.abs(list(codes)[0]! * list(scale)[0]! - 1e6) < 1)
  assert.ok(list(weight.scale)[0]! > 1e-5 && list(weight.scale)[1]! < 1e-6)
})

test('perChannel: false gives each weight one scale', async () => {
  const result = await quantize(MODEL, { perChannel: false })
  for (const [op, weight] of [['Conv', CONSTANTS.w], ['ConvTranspose', CONSTANTS.t], ['Gemm', CONSTANTS.g]] as const) {
    const { scale, node: { attributes } } = behind(result, op, 1)
    assert.deepEqual([scale.dims, attributes['axis'], list(scale)[0]], [[], undefined, Math.fround(largest(weight.data as Float32Array) / 127)])
  }
  assert.ok(sqnr(runFloat(MODEL, FEEDS), result.run(FEEDS)) > 20)
})

test('reduceRange gives weights seven bits', async () => {
  const { codes } = behind(await quantize(MODEL, { reduceRange: true }), 'Conv', 1)
  assert.ok(list(codes).every((c) => c >= -64 && c <= 63) && list(codes).some((c) => Math.abs(c) > 32))
})

test('weightType uint8: one zero point where weights are not symmetric, 128 where they are', async () => {
  const whole = behind(await quantize(MODEL, { weightType: 'uint8' }), 'Conv', 1)
  assert.deepEqual([whole.codes.dtype, whole.zero.dims], ['uint8', []])
  const symmetric = await quantize(MODEL, { weightType: 'uint8', weightSymmetric: true })
  const per = behind(symmetric, 'Conv', 1)
  assert.deepEqual([per.codes.dtype, per.zero.dims], ['uint8', [4]])
  assert.ok(list(per.zero).every((z) => z === 128))
  for (const options of [{ weightType: 'uint8' }, { weightType: 'uint8', weightSymmetric: true }, { weightSymmetric: false }] as const) {
    const result = await quantize(MODEL, options)
    assert.match(result.planned(FEEDS), /QLinearConv/)
    assert.ok(sqnr(runFloat(MODEL, FEEDS), result.run(FEEDS)) > 20)
  }
  await refuses(quantize(MODEL, { weightSymmetric: false, perChannel: true }), 'OPTION_INVALID', /one zero point for all/)
})

test('activations are uint8 or int8, of a range as seen or symmetric', async () => {
  const signed = await quantize(MODEL, { activationType: 'int8', engine: 'qnnpack' })
  assert.deepEqual([made(signed, 'Conv').dtype, made(signed, 'Conv').zero], ['int8', -128])
  const symmetric = await quantize(MODEL, { activationType: 'int8', activationSymmetric: true, engine: 'qnnpack' })
  assert.equal(made(symmetric, 'ConvTranspose').zero, 0)
  const middle = await quantize(MODEL, { activationSymmetric: true, engine: 'qnnpack' })
  assert.deepEqual(made(middle, 'ConvTranspose'), { dtype: 'uint8', scale: made(symmetric, 'ConvTranspose').scale, zero: 128 })
  assert.match(middle.ops, /^Conv Relu ConvTranspose/, 'codes around 128 do not clamp at 0')
  for (const result of [signed, symmetric, middle]) assert.ok(sqnr(runFloat(MODEL, FEEDS), result.run(FEEDS)) > 18)
  await refuses(quantize(MODEL, { activationSymmetric: true, engine: 'fbgemm' }), 'OPTION_INVALID', /qint8/)
})

test('engines: fbgemm leaves seven bits to what is multiplied, and the file says so', async () => {
  const [half, whole] = [await quantize(MODEL, { engine: 'fbgemm' }), await quantize(MODEL, { engine: 'qnnpack' })]
  const scales = (r: Quantized): number[] => r.report.values.map((v) => v.scale)
  const ratio = scales(half).map((s, i) => (s / scales(whole)[i]!).toFixed(2))
  // the input, what ConvTranspose reads, the pool's sums (multiplied by Gemm behind Flatten); ConvTranspose's own result goes to a pool
  assert.deepEqual(Object.fromEntries(half.report.values.map((v, i) => [v.name, ratio[i]])), { x: '2.01', r: '2.01', u: '1.00', p: '2.01' })
  assert.deepEqual([...half.graph.metadata!], [['octavo.engine', 'fbgemm'], ['octavo.activations', 'uint8 0..127'], ['octavo.weights', 'int8, per channel'], ['octavo.calibration', 'minmax']])
  assert.equal(whole.graph.metadata!.get('octavo.activations'), 'uint8 0..255')
  const eight = await quantize(MODEL, { engine: 'fbgemm', activationReduceRange: false })
  assert.deepEqual([scales(eight), eight.graph.metadata!.get('octavo.activations')], [scales(whole), 'uint8 0..255'])
  await refuses(quantize(MODEL, { activationReduceRange: 7 as never }), 'OPTION_INVALID', /activationReduceRange/)
  await refuses(quantize(MODEL, { engine: 'cudnn' as never }), 'ENGINE_UNKNOWN', /fbgemm/)
})

test('every way of calibrating', async () => {
  for (const calibrateMethod of ['minmax', 'movingAverage', 'histogram', 'percentile', 'entropy'] as const) {
    const result = await quantize(MODEL, { calibrateMethod })
    assert.equal(result.report.calibrateMethod, calibrateMethod)
    assert.equal(result.observers.size, 4)
    assert.ok(sqnr(runFloat(MODEL, FEEDS), result.run(FEEDS)) > 12, calibrateMethod)
  }
  await refuses(quantize(MODEL, { calibrateMethod: 'guess' as never }), 'OPTION_INVALID', /minmax, movingAverage/)
})

test('nodes are left out by name, pattern and type, with the reason', async () => {
  const reasons = async (options: Parameters<typeof quantize>[1]): Promise<(string | undefined)[]> => (await quantize(MODEL, options)).report.layers.map((l) => l.reason)
  assert.deepEqual(await reasons({}), [undefined, undefined, undefined, undefined])
  assert.deepEqual(await reasons({ nodesToExclude: ['Conv0'] }), ['excluded by name', 'reads floats', undefined, undefined, undefined])
  assert.deepEqual(await reasons({ nodesToExclude: [/^Conv/] }), ['excluded by name', 'reads floats', 'excluded by name', 'reads floats', undefined])
  assert.deepEqual(await reasons({ opTypesToExclude: ['Gemm', 'GlobalAveragePool'] }), [undefined, undefined, 'GlobalAveragePool is excluded', 'Gemm is excluded'])
  assert.deepEqual(await reasons({ opTypesToQuantize: ['Conv'] }), [undefined, 'not among the op types asked for', 'not among the op types asked for', 'not among the op types asked for', 'not among the op types asked for'])
  assert.deepEqual(await reasons({ nodesToQuantize: [/Gemm/] }), ['not among the nodes asked for', 'not among the nodes asked for', 'not among the nodes asked for', 'not among the nodes asked for', undefined])
  const none = await quantize(MODEL, { nodesToExclude: [/./] })
  assert.match(none.report.warnings.join(), /nothing was quantized/)
  assert.deepEqual(none.run(FEEDS), runFloat(MODEL, FEEDS))
})

test('an excluded Relu keeps the convolution before it apart', async () => {
  const result = await quantize(MODEL, { nodesToExclude: ['Relu1'] })
  assert.match(result.ops, /^Conv Relu ConvTranspose/)
  assert.equal(made(result, 'Conv').dtype, 'uint8')
})

test('what is asked for by name works on codes wherever it stands', async () => {
  const model = smallModel({ x: ['N', 8] }, { k: scalar(2) }, [['Mul', 'x k', 'h'], ['Softmax', 'h', 'y', { axis: -1 }]], 'y')
  const plain = await quantize(model)
  assert.deepEqual(plain.report.layers.map((l) => l.reason), ['reads floats', 'reads floats'])
  const asked = await quantize(model, { opTypesToQuantize: ['Softmax', 'Mul'] })
  assert.ok(asked.report.layers.every((l) => l.quantized))
  const [feeds] = batchesFor(model) as [typeof FEEDS]
  assert.match(asked.planned(feeds), /com.microsoft:QLinearSoftmax DequantizeLinear$/)
  assert.ok(sqnr(runFloat(model, feeds), asked.run(feeds)) > 25)
})

test('names and types that cannot be are refused', async () => {
  await refuses(quantize(MODEL, { nodesToExclude: ['Conv9'] }), 'OPTION_INVALID', /no node has the name Conv9/)
  await refuses(quantize(MODEL, { opTypesToQuantize: ['LSTM'] }), 'OPTION_INVALID', /LSTM has no form of this kind/)
  const lstm = smallModel({ x: [3, 2, 8] }, { w: noise([1, 16, 8], 1, 2), r: noise([1, 16, 4], 1, 3) }, [['LSTM', 'x w r', 'y', { hidden_size: 4 }]], 'y')
  await refuses(quantize(lstm, { nodesToQuantize: ['LSTM0'] }), 'OPTION_INVALID', /LSTM is computed in float/)
  assert.deepEqual((await quantize(lstm)).report.layers.map((l) => l.reason), ['LSTM is computed in float'])
})

test('branches stay float, and what they read stays as it was', async () => {
  const bytes = modelBytes(18, {
    inputs: [value('x', [1, 4]), value('yes', [], 'bool')], outputs: [value('y', [1, 4])], initializers: [{ name: 'm', dims: [4, 4], dtype: 1, floats: Array.from(noise([16], 1, 3).data as Float32Array) }],
    nodes: [node('MatMul', ['x', 'm'], ['h']), node('Identity', ['h'], ['i']), node('If', ['yes'], ['y'], [
      attr.graph('then_branch', { outputs: [value('t', [1, 4])], nodes: [node('MatMul', ['i', 'm'], ['t'])] }),
      attr.graph('else_branch', { outputs: [value('e', [1, 4])], nodes: [node('Neg', ['h'], ['e'])] }),
    ])],
  })
  const model = { graph: decodeModel(bytes), bytes }
  for (const yes of [1, 0]) {
    const batches = [1, 2, 3].map((seed) => ({ x: noise([1, 4], 2, seed), yes: new Tensor('bool', [yes], []) }))
    const result = await quantize(model, {}, batches)
    assert.deepEqual(result.report.layers.map((l) => [l.op, l.quantized, l.reason]), [['MatMul', true, undefined], ['If', false, 'what branches hold stays float']])
    for (const other of [1, 0]) {
      const feeds = { ...batches[0]!, yes: new Tensor('bool', [other], []) }
      assert.ok(sqnr(runFloat(model, feeds), result.run(feeds)) > 25)
    }
  }
})
