/** Small models, one for each way through the house, that mutants are made of. */
import { encodeModel } from '../src/formats/onnx/encode.js'
import type { Attribute, Graph, Node, ValueInfo } from '../src/graph/graph.js'
import { arrayOf, elementCount, type DType } from '../src/dtype.js'
import { Tensor } from '../src/value.js'
import { seedOf, type Seed } from './mutate.js'

type Step = [op: string, inputs: string[], outputs: string[], attributes?: Record<string, Attribute>, domain?: string]

const info = (name: string, dims: ValueInfo['dims'], dtype: DType = 'float32'): ValueInfo => ({ name, dtype, dims })

/** Small distinct numbers: 0.1, 0.2, … for floats, 1, 2, … for integers. */
function filled(dtype: DType, dims: number[]): Tensor {
  const data = arrayOf(dtype, elementCount(dims))
  for (let i = 0; i < data.length; i++) data[i] = (typeof data[i] === 'bigint' ? BigInt(i + 1) : dtype === 'float32' ? (i % 7) / 10 : 1 + (i % 7)) as never
  return new Tensor(dtype, data, dims)
}
const ints = (...values: number[]): Tensor => new Tensor('int64', values)
const scalar = (dtype: DType, value: number): Tensor => new Tensor(dtype, [value], [])

function graph(inputs: ValueInfo[], outputs: ValueInfo[], constants: Record<string, Tensor>, steps: Step[]): Graph {
  const nodes = steps.map(([op, ins, outs, attributes = {}, domain = '']): Node => ({ name: `${op}_${outs[0]}`, op, domain, inputs: ins, outputs: outs, attributes }))
  return { name: 'g', inputs, outputs, constants: new Map(Object.entries(constants)), nodes }
}

const GRAPHS: Record<string, Graph> = {
  convolutions: graph([info('x', ['n', 2, 8, 8])], [info('y', null)],
    { w: filled('float32', [4, 2, 3, 3]), b: filled('float32', [4]), s: filled('float32', [4]), v: new Tensor('float32', [1, 1, 1, 1]), d: filled('float32', [4, 1, 3, 3]), t: filled('float32', [4, 2, 2, 2]), g: filled('float32', [2, 3]) },
    [['Conv', ['x', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1], strides: [1, 1], kernel_shape: [3, 3] }], ['BatchNormalization', ['c', 's', 'b', 'b', 'v'], ['n'], { epsilon: 1e-5 }], ['Relu', ['n'], ['r']],
      ['Conv', ['r', 'd'], ['e'], { group: 4, auto_pad: 'SAME_UPPER' }], ['MaxPool', ['e'], ['m'], { kernel_shape: [2, 2], strides: [2, 2] }], ['ConvTranspose', ['m', 't'], ['u'], { strides: [2, 2] }],
      ['AveragePool', ['u'], ['a'], { kernel_shape: [3, 3], ceil_mode: 1 }], ['GlobalAveragePool', ['a'], ['p']], ['Flatten', ['p'], ['f']], ['Gemm', ['f', 'g'], ['h'], { alpha: 0.5 }], ['Softmax', ['h'], ['y'], { axis: -1 }]]),
  quantized: graph([info('x', [1, 2, 6, 6])], [info('y', null), info('z', null)],
    { s: scalar('float32', 0.1), z8: scalar('uint8', 3), zi: scalar('int8', 0), w: filled('int8', [4, 2, 3, 3]), ws: filled('float32', [4]), b: filled('int32', [4]), bs: filled('float32', [4]), m: filled('uint8', [6, 3]), ss: new Tensor('float32', [0.1, 0.2, 0.3, 0.4]), zz: new Tensor('int8', [0, 0, 0, 0]) },
    [['QuantizeLinear', ['x', 's', 'z8'], ['q']], ['DequantizeLinear', ['q', 's', 'z8'], ['dx']], ['DequantizeLinear', ['w', 'ss', 'zz'], ['dw'], { axis: 0 }], ['DequantizeLinear', ['b', 'ss'], ['db'], { axis: 0 }],
      ['Conv', ['dx', 'dw', 'db'], ['c'], { pads: [1, 1, 1, 1] }], ['Relu', ['c'], ['r']], ['QuantizeLinear', ['r', 's', 'z8'], ['qr']], ['DequantizeLinear', ['qr', 's', 'z8'], ['dr']],
      ['GlobalAveragePool', ['dr'], ['y']], ['DynamicQuantizeLinear', ['x'], ['dq', 'ds', 'dz']], ['MatMulInteger', ['dq', 'm', 'dz', 'z8'], ['mi']], ['Cast', ['mi'], ['mf'], { to: 1 }], ['Mul', ['mf', 'ds'], ['z']]]),
  shapes: graph([info('x', ['n', 3, 'k']), info('k', [1], 'int64')], [info('y', null), info('i', null), info('v', null), info('nz', null)],
    { zero: ints(0), one: ints(1), two: ints(2), minus: ints(-1), big: ints(2 ** 53 - 1), half: scalar('float32', 0.5), r: scalar('int64', 5), step: scalar('int64', 1), start: scalar('int64', 0), pads: ints(0, 0, 1, 0, 0, 1), sizes: ints(1, 3, 4) },
    [['Shape', ['x'], ['s']], ['Gather', ['s', 'zero'], ['d0'], { axis: 0 }], ['Concat', ['d0', 'minus'], ['target'], { axis: 0 }], ['Reshape', ['x', 'target'], ['f']], ['Slice', ['f', 'zero', 'big', 'one', 'two'], ['sl']],
      ['Transpose', ['sl'], ['tr'], { perm: [1, 0] }], ['Unsqueeze', ['tr', 'zero'], ['un']], ['Expand', ['un', 'two'], ['ex']], ['ReduceMean', ['ex', 'minus'], ['me'], { keepdims: 1 }], ['Greater', ['me', 'half'], ['gr']],
      ['Where', ['gr', 'me', 'half'], ['wh']], ['Tile', ['wh', 'sizes'], ['y']], ['TopK', ['x', 'k'], ['v', 'i'], { axis: 1 }], ['NonZero', ['x'], ['nz']], ['Pad', ['x', 'pads', 'half'], ['pd']],
      ['Range', ['start', 'r', 'step'], ['ra']], ['Split', ['x'], ['p', 'q'], { axis: 1, num_outputs: 2 }], ['Squeeze', ['un', 'zero'], ['sq']], ['CumSum', ['x', 'start'], ['cs']]]),
  recurrent: graph([info('x', [2, 1, 3])], [info('y', null), info('h', null), info('g', null)],
    { w: filled('float32', [1, 16, 3]), r: filled('float32', [1, 16, 4]), b: filled('float32', [1, 32]), wg: filled('float32', [2, 12, 3]), rg: filled('float32', [2, 12, 4]), sc: filled('float32', [3]), lens: new Tensor('int32', [2]) },
    [['LSTM', ['x', 'w', 'r', 'b', 'lens'], ['y', 'h'], { hidden_size: 4 }], ['GRU', ['x', 'wg', 'rg'], ['g'], { hidden_size: 4, direction: 'bidirectional', linear_before_reset: 1 }], ['LayerNormalization', ['x', 'sc'], ['ln'], { axis: -1 }]]),
  images: graph([info('x', [1, 4, 4, 6])], [info('y', null), info('z', null)],
    { sc: new Tensor('float32', [1, 1, 2, 1.5]), sizes: ints(1, 4, 3, 3), lo: scalar('float32', 0), hi: scalar('float32', 6), e: filled('float32', [4]), box: new Tensor('float32', [0, 0, 1, 1, 0, 0, 1, 1], [1, 2, 4]), score: new Tensor('float32', [0.9, 0.8], [1, 1, 2]), max: ints(3) },
    [['Resize', ['x', '', 'sc'], ['up'], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' }], ['Resize', ['up', '', '', 'sizes'], ['dn'], { mode: 'nearest', nearest_mode: 'floor' }], ['Clip', ['dn', 'lo', 'hi'], ['cl']],
      ['InstanceNormalization', ['cl', 'e', 'e'], ['in']], ['DepthToSpace', ['x'], ['ds'], { blocksize: 2 }], ['LRN', ['in'], ['y'], { size: 3 }], ['NonMaxSuppression', ['box', 'score', 'max', 'lo', 'lo'], ['z']]]),
  branches: graph([info('x', [3]), info('c', [], 'bool')], [info('y', null)], {},
    [['If', ['c'], ['b'], { then_branch: graph([], [info('t', null)], {}, [['Relu', ['x'], ['t']]]), else_branch: graph([], [info('e', null)], { k: filled('float32', [3]) }, [
      ['If', ['c'], ['d'], { then_branch: graph([], [info('x', null)], {}, []), else_branch: graph([], [info('u', null)], {}, [['Neg', ['k'], ['u']]]) }], ['Add', ['d', 'k'], ['e']]]) }], ['Mul', ['b', 'x'], ['y']]]),
  loops: graph([info('x', [3])], [info('l', null)], { trip: scalar('int64', 3), yes: scalar('bool', 1) },
    [['Loop', ['trip', 'yes', 'x'], ['l'], { body: graph([info('i', [], 'int64'), info('ci', [], 'bool'), info('a', [3])], [info('co', [], 'bool'), info('ao', [3])], {}, [['Identity', ['ci'], ['co']], ['Add', ['a', 'a'], ['ao']]]) }]]),
  arithmetic: graph([info('x', ['n', 4]), info('k', [2, 1, 4], 'int32')], [info('y', null), info('z', null)], { w: filled('float32', [4, 3]), b: filled('float32', [3]), one: scalar('float32', 1), m: filled('int32', [3, 4]) },
    [['Gemm', ['x', 'w', 'b'], ['g'], { alpha: 2 }], ['Sigmoid', ['g'], ['s']], ['Add', ['g', 'b'], ['a']], ['Div', ['a', 'one'], ['d']], ['Max', ['d', 's', 'one'], ['mx']], ['ReduceSum', ['mx'], ['y'], { keepdims: 0 }], ['Mod', ['k', 'm'], ['mo']], ['Cast', ['mo'], ['z'], { to: 1 }]]),
  types: graph([info('x', [2, 4], 'int32'), info('f', [4], 'float16')], [info('y', null), info('z', null), info('w', null)],
    { a: filled('int32', [4]), i4: new Tensor('int4', [-8, 7, 1, 2]), s: scalar('float32', 0.5), ix: new Tensor('int64', [1, 0, 1, 1], [2, 2]), d: filled('float64', [3]), oh: new Tensor('float32', [0, 1]), depth: scalar('int64', 4) },
    [['Mul', ['x', 'a'], ['m']], ['Div', ['m', 'a'], ['dv']], ['Mod', ['dv', 'a'], ['y']], ['DequantizeLinear', ['i4', 's'], ['w']], ['Cast', ['f'], ['cf'], { to: 1 }], ['Pow', ['cf', 'cf'], ['z']], 
      ['GatherElements', ['x', 'ix'], ['ge'], { axis: 1 }], ['GatherND', ['x', 'ix'], ['gn']], ['OneHot', ['x', 'depth', 'oh'], ['ho']], ['ArgMax', ['x'], ['am'], { axis: 1 }], ['ScatterElements', ['x', 'ix', 'ge'], ['se']], ['MatMul', ['cf', 'w'], ['mm']], ['Sqrt', ['d'], ['sd']]]),
}

/** The models above, each decoded from what encodeModel writes. */
export const builtSeeds = (): Seed[] => Object.entries(GRAPHS).map(([name, g]) => seedOf(name, encodeModel(g)))
