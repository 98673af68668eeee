/** Each operator on its own, between products, and on its way out of the model: what runs on codes, and how close it is to the float model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tensor } from '../../../src/value.js'
import { f32, ints, noise, scalar, type NodeSpec } from '../../graph/passes/small-graph.js'
import { batchesFor, quantize, quantizeUnwritten, runFloat, smallModel, sqnr, type Inputs, type SmallModel } from './small-model.js'

interface Case {
  readonly inputs?: Inputs
  readonly constants?: Record<string, Tensor>
  readonly nodes: readonly NodeSpec[]
  /** operators of the file, Q and DQ left out */
  readonly ops: string
  /** operators that run, changes of layout left out */
  readonly runs: RegExp | string
  /** dB at least [30] */
  readonly atLeast?: number
}

const IMAGE: Inputs = { x: ['N', 4, 6, 6] }
const ROWS: Inputs = { x: ['N', 8] }
const W = { w: noise([4, 4, 1, 1], 1, 21), v: noise([3, 4, 1, 1], 1, 22) }
const M = { m: noise([8, 8], 1, 23), k: noise([8, 5], 1, 24) }
const Q = 'QuantizeLinear ', DQ = ' DequantizeLinear'

/** What lies between two 1 × 1 convolutions. */
const between = (nodes: readonly NodeSpec[], constants: Record<string, Tensor> = {}): Pick<Case, 'inputs' | 'constants' | 'nodes'> =>
  ({ inputs: IMAGE, constants: { ...W, ...constants }, nodes: [['Conv', 'x w', 'a'], ...nodes, ['Conv', 'b v', 'y']] })
/** The same between two products of matrices. */
const betweenRows = (nodes: readonly NodeSpec[], constants: Record<string, Tensor> = {}): Pick<Case, 'inputs' | 'constants' | 'nodes'> =>
  ({ inputs: ROWS, constants: { ...M, ...constants }, nodes: [['MatMul', 'x m', 'a'], ...nodes, ['MatMul', 'b k', 'y']] })
const CONVS = (inner: string): RegExp => new RegExp(`^QuantizeLinear QLinearConv ${inner ? `${inner} ` : ''}QLinearConv DequantizeLinear$`)

const CASES: Record<string, Case> = {
  'Conv with bias, groups, strides and pads': {
    inputs: IMAGE, constants: { w: noise([8, 2, 3, 3], 1, 2), b: noise([8], 1, 3) }, nodes: [['Conv', 'x w b', 'y', { group: 2, strides: [2, 2], pads: [1, 1, 1, 1] }]], ops: 'Conv', runs: `${Q}QLinearConv${DQ}`,
  },
  'depthwise Conv': { inputs: IMAGE, constants: { w: noise([4, 1, 3, 3], 1, 2) }, nodes: [['Conv', 'x w', 'y', { group: 4 }]], ops: 'Conv', runs: `${Q}QLinearConv${DQ}` },
  'Conv over one axis': { inputs: { x: ['N', 4, 12] }, constants: { w: noise([6, 4, 3], 1, 2) }, nodes: [['Conv', 'x w', 'y']], ops: 'Conv', runs: `${Q}QLinearConv${DQ}` },
  'Conv over three axes': { inputs: { x: ['N', 2, 4, 5, 6] }, constants: { w: noise([3, 2, 2, 2, 2], 1, 2) }, nodes: [['Conv', 'x w', 'y']], ops: 'Conv', runs: `${Q}QLinearConv${DQ}` },
  ConvTranspose: { inputs: IMAGE, constants: { w: noise([4, 6, 2, 2], 1, 2), b: noise([6], 1, 3) }, nodes: [['ConvTranspose', 'x w b', 'y', { strides: [2, 2] }]], ops: 'ConvTranspose', runs: /ConvTranspose QuantizeLinear DequantizeLinear$/ },
  'ConvTranspose in groups': { inputs: IMAGE, constants: { w: noise([4, 3, 2, 2], 1, 2), b: noise([6], 1, 3) }, nodes: [['ConvTranspose', 'x w b', 'y', { group: 2 }]], ops: 'ConvTranspose', runs: /ConvTranspose QuantizeLinear DequantizeLinear$/ },
  Gemm: { inputs: ROWS, constants: { m: noise([8, 5], 1, 2), b: noise([5], 1, 3) }, nodes: [['Gemm', 'x m b', 'y']], ops: 'Gemm', runs: `${Q}com.microsoft:QGemm` },
  'Gemm with factors, transposed': {
    inputs: ROWS, constants: { m: noise([5, 8], 1, 2), b: noise([1, 5], 1, 3) }, nodes: [['Gemm', 'x m b', 'y', { transB: 1, alpha: 0.5, beta: 2 }]], ops: 'Gemm', runs: `${Q}com.microsoft:QGemm`,
  },
  'Gemm of a transposed input, one number as bias': {
    inputs: { x: [8, 'N'] }, constants: { m: noise([8, 5], 1, 2), b: scalar(0.7) }, nodes: [['Gemm', 'x m b', 'y', { transA: 1 }]], ops: 'Gemm', runs: /QGemm$/,
  },
  'MatMul of matrices with its bias': { inputs: ROWS, constants: { m: noise([8, 5], 1, 2), b: noise([5], 1, 3) }, nodes: [['MatMul', 'x m', 'a'], ['Add', 'b a', 'y']], ops: 'Gemm', runs: `${Q}com.microsoft:QGemm` },
  'MatMul of three axes with its bias': {
    inputs: { x: ['N', 3, 8] }, constants: { m: noise([8, 5], 1, 2), b: noise([5], 1, 3) }, nodes: [['MatMul', 'x m', 'a'], ['Add', 'a b', 'y']], ops: 'MatMul Add', runs: `${Q}com.microsoft:MatMulIntegerToFloat`,
  },
  'MatMul of two inputs': { inputs: { x: ['N', 3, 8], z: ['N', 8, 4] }, nodes: [['MatMul', 'x z', 'y']], ops: 'MatMul', runs: /^QuantizeLinear QuantizeLinear com.microsoft:MatMulIntegerToFloat$/ },
  'MatMul with its constant first': { inputs: { x: ['N', 8, 4] }, constants: { m: noise([3, 8], 1, 2) }, nodes: [['MatMul', 'm x', 'y']], ops: 'MatMul', runs: `${Q}com.microsoft:MatMulIntegerToFloat` },
  'MatMul of codes to codes': { ...betweenRows([['Tanh', 'a', 'b']]), ops: 'MatMul Tanh MatMul', runs: `${Q}QLinearMatMul octavo:Lookup com.microsoft:MatMulIntegerToFloat` },
  'BatchNormalization, Dropout and Identity': {
    ...between([['Identity', 'a', 'i'], ['BatchNormalization', 'i s t m q', 'n'], ['Dropout', 'n', 'd'], ['Relu', 'd', 'b']], { s: noise([4], 1, 5), t: noise([4], 1, 6), m: noise([4], 1, 7), q: f32([0.5, 1, 1.5, 2]) }),
    ops: 'Conv Conv', runs: CONVS(''),
  },
  Relu: { ...between([['Relu', 'a', 'b']]), ops: 'Conv Conv', runs: CONVS('') },
  'Add of two branches, then Relu': { ...between([['Conv', 'x u', 'c'], ['Add', 'a c', 's'], ['Relu', 's', 'b']], { u: noise([4, 4, 1, 1], 1, 8) }), ops: 'Conv Conv Add Conv', runs: /com.microsoft:QLinearAdd QLinearConv DequantizeLinear$/ },
  'Add of a constant for each pixel': { ...between([['Add', 'a c', 'b']], { c: noise([1, 4, 6, 6], 2, 8) }), ops: 'Conv Add Conv', runs: CONVS('com.microsoft:QLinearAdd') },
  'Mul of two branches': { ...between([['Conv', 'x u', 'c'], ['Mul', 'a c', 'b']], { u: noise([4, 4, 1, 1], 1, 8) }), ops: 'Conv Conv Mul Conv', runs: /com.microsoft:QLinearMul QLinearConv DequantizeLinear$/, atLeast: 25 },
  'Sub of two branches is computed in float': { ...between([['Conv', 'x u', 'c'], ['Sub', 'a c', 'b']], { u: noise([4, 4, 1, 1], 1, 8) }), ops: 'Conv Conv Sub Conv', runs: /Sub QuantizeLinear QLinearConv DequantizeLinear$/ },
  Concat: { ...between([['Conv', 'x u', 'c'], ['Concat', 'a c', 'b', { axis: 2 }]], { u: noise([4, 4, 1, 1], 3, 8) }), ops: 'Conv Conv Concat Conv', runs: /QLinearConv Concat QLinearConv DequantizeLinear$/ },
  'AveragePool': { ...between([['AveragePool', 'a', 'b', { kernel_shape: [2, 2] }]]), ops: 'Conv AveragePool Conv', runs: CONVS('com.microsoft:QLinearAveragePool') },
  'GlobalAveragePool behind the last product': { inputs: IMAGE, constants: W, nodes: [['Conv', 'x w', 'a'], ['Relu', 'a', 'r'], ['GlobalAveragePool', 'r', 'y']], ops: 'Conv GlobalAveragePool', runs: `${Q}QLinearConv com.microsoft:QLinearGlobalAveragePool${DQ}` },
  'ReduceMean over the image': { inputs: IMAGE, constants: { ...W, axes: ints(2, 3) }, nodes: [['Conv', 'x w', 'a'], ['Relu', 'a', 'r'], ['ReduceMean', 'r axes', 'y', { keepdims: 0 }]], ops: 'Conv GlobalAveragePool Flatten', runs: /QLinearConv com.microsoft:QLinearGlobalAveragePool .*DequantizeLinear/ },
  MaxPool: { ...between([['MaxPool', 'a', 'b', { kernel_shape: [2, 2] }]]), ops: 'Conv MaxPool Conv', runs: CONVS('MaxPool') },
  GlobalMaxPool: { ...between([['GlobalMaxPool', 'a', 'b']]), ops: 'Conv GlobalMaxPool Conv', runs: /^QuantizeLinear QLinearConv DequantizeLinear GlobalMaxPool QuantizeLinear QLinearConv DequantizeLinear$/ },
  Softmax: { ...betweenRows([['Softmax', 'a', 'b', { axis: -1 }]]), ops: 'MatMul Softmax MatMul', runs: `${Q}QLinearMatMul com.microsoft:QLinearSoftmax com.microsoft:MatMulIntegerToFloat` },
  'Resize that copies': { ...between([['Resize', 'a - sc', 'b', { mode: 'nearest' }]], { sc: f32([1, 1, 2, 2]) }), ops: 'Conv Resize Conv', runs: CONVS('Resize') },
  'Resize that interpolates': { ...between([['Resize', 'a - sc', 'b', { mode: 'linear' }]], { sc: f32([1, 1, 2, 2]) }), ops: 'Conv Resize Conv', runs: CONVS('DequantizeLinear Resize QuantizeLinear') },
  'Pad with zeros': { ...between([['Pad', 'a p', 'b']], { p: ints(0, 0, 1, 1, 0, 0, 1, 1) }), ops: 'Conv Pad Conv', runs: CONVS('') },
  'Pad with something else': { ...between([['Pad', 'a p c', 'b']], { p: ints(0, 0, 1, 1, 0, 0, 1, 1), c: scalar(1) }), ops: 'Conv Pad Conv', runs: CONVS('DequantizeLinear Pad QuantizeLinear') },
  'Slice and Concat of an input': {
    inputs: IMAGE, constants: { w: noise([3, 8, 1, 1], 1, 2), z: ints(0), o: ints(1), e: ints(6), ax: ints(3), st: ints(2) },
    nodes: [['Slice', 'x z e ax st', 'p'], ['Slice', 'x o e ax st', 'q'], ['Concat', 'p q', 'c', { axis: 1 }], ['Conv', 'c w', 'y']], ops: 'Slice Slice Concat Conv', runs: `${Q}Slice Slice Concat QLinearConv${DQ}`,
  },
  'Split, Transpose, Reshape, Squeeze': {
    inputs: IMAGE, constants: { ...W, u: noise([3, 2, 1, 1], 1, 2) }, ops: 'Conv Split Add Transpose Transpose Conv', runs: /QLinearConv Split com.microsoft:QLinearAdd .*QLinearConv DequantizeLinear$/,
    nodes: [['Conv', 'x w', 'a'], ['Split', 'a', 'p q', { axis: 1, num_outputs: 2 }], ['Add', 'p q', 's'], ['Transpose', 's', 't', { perm: [0, 2, 3, 1] }], ['Transpose', 't', 'r', { perm: [0, 3, 2, 1] }], ['Conv', 'r u', 'y']],
  },
  'Flatten before a Gemm': {
    inputs: IMAGE, constants: { ...W, g: noise([144, 5], 0.5, 9) }, nodes: [['Conv', 'x w', 'a'], ['Relu', 'a', 'r'], ['Flatten', 'r', 'f'], ['Gemm', 'f g', 'y']], ops: 'Conv Flatten Gemm', runs: /QLinearConv .*com.microsoft:QGemm$/,
  },
  'DepthToSpace': { ...between([['DepthToSpace', 'a', 'd', { blocksize: 2 }], ['SpaceToDepth', 'd', 'b', { blocksize: 2 }]]), ops: 'Conv DepthToSpace SpaceToDepth Conv', runs: CONVS('DepthToSpace SpaceToDepth') },
  'a chain of functions is one table': { ...between([['Sigmoid', 'a', 's'], ['Mul', 'a s', 'b']]), ops: 'Conv Sigmoid Mul Conv', runs: CONVS('octavo:Lookup') },
  'a function whose inner result is read elsewhere is rounded there': {
    ...between([['Sigmoid', 'a', 's'], ['Mul', 'a s', 'c'], ['Concat', 'c s', 'd', { axis: 2 }], ['Relu', 'd', 'b']]), ops: 'Conv Sigmoid Mul Concat Relu Conv', runs: /QLinearConv .*Concat .*QLinearConv DequantizeLinear$/,
  },
  LSTM: {
    inputs: { x: [3, 2, 8] }, constants: { w: noise([1, 16, 8], 1, 2), r: noise([1, 16, 4], 1, 3), m: noise([8, 8], 1, 5), k: noise([4, 5], 1, 6), ax: ints(1) },
    nodes: [['MatMul', 'x m', 'p'], ['LSTM', 'p w r', 'h', { hidden_size: 4 }], ['Squeeze', 'h ax', 's'], ['MatMul', 's k', 'y']], ops: 'MatMul LSTM Squeeze MatMul', runs: /QuantizeLinear com.microsoft:MatMulIntegerToFloat LSTM .*QuantizeLinear .*com.microsoft:MatMulIntegerToFloat$/,
  },
  ...Object.fromEntries((['LeakyRelu', 'Tanh', 'HardSwish', 'HardSigmoid', 'Elu', 'Gelu', 'Abs', 'Erf'] as const).map((op): [string, Case] => [op, { ...between([[op, 'a', 'b']]), ops: `Conv ${op} Conv`, runs: CONVS('octavo:Lookup') }])),
}

const modelOf = ({ inputs = IMAGE, constants = {}, nodes }: Case): SmallModel => smallModel(inputs, constants, nodes, 'y')

for (const [name, given] of Object.entries(CASES))
  test(name, async () => {
    const model = modelOf(given)
    const batches = batchesFor(model)
    for (const engine of ['qnnpack', 'fbgemm'] as const) {
      const made = await quantize(model, { engine })
      assert.equal(made.ops, given.ops)
      if (typeof given.runs === 'string') assert.equal(made.planned(batches[0]!), given.runs)
      else assert.match(made.planned(batches[0]!), given.runs)
      const unwritten = await quantizeUnwritten(model, { engine })
      for (const batch of batches) {
        assert.deepEqual(made.run(batch), unwritten(batch))
        const db = sqnr(runFloat(model, batch), made.run(batch))
        assert.ok(db > (given.atLeast ?? 30) - (engine === 'fbgemm' ? 6 : 0), `${engine}: ${db.toFixed(1)} dB`)
      }
    }
  })

test('a clamp goes where codes end with it, and is done on codes of the same qparams where they do not', async () => {
  const model = modelOf({ ...between([['Clip', 'a lo hi', 'b']], { lo: scalar(-0.5), hi: scalar(1.5) }), ops: '', runs: '' })
  const [feeds] = batchesFor(model) as [ReturnType<typeof batchesFor>[number]]
  const whole = await quantize(model, { engine: 'qnnpack' })
  assert.equal(whole.ops, 'Conv Conv')
  assert.match(whole.planned(feeds), CONVS(''))
  const half = await quantize(model, { engine: 'fbgemm' }) // seven bits of eight: the codes go on beyond the clamp
  assert.equal(half.ops, 'Conv Clip Conv')
  assert.match(half.planned(feeds), CONVS('octavo:Lookup'))
  for (const made of [whole, half]) assert.ok(sqnr(runFloat(model, feeds), made.run(feeds)) > 28)
})
