/** Small files that ask for much: each ends in a result or a coded error, soon, and without taking memory to match. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { LIMIT_MS, tryModel } from '../fuzz/case.js'
import type { AttributeProto, GraphProto, TensorProto, ValueProto } from '../src/formats/onnx/schema.js'
import { moreOperators } from '../src/more-operators.js'
import { addOperators } from '../src/operators.js'
import { adopt } from '../src/runtime/load.js'
import { attr, floats, longs, modelBytes, node, value } from './formats/onnx/model.js'

const MODELS: [name: string, graph: GraphProto][] = []
const add = (name: string, graph: GraphProto) => MODELS.push([name, graph])
/** One node that reads x, then the initializers, then further inputs. */
const one = (name: string, op: string, x: number[], attributes: AttributeProto[] = [], initializers: TensorProto[] = [], inputs: ValueProto[] = []) =>
  add(name, { inputs: [value('x', x), ...inputs], initializers, nodes: [node(op, ['x', ...[...initializers, ...inputs].map((i) => i.name!)], ['y'], attributes)] })
const f = (name: string, dims: number[]): TensorProto => floats(name, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.5), dims)

for (const op of ['MaxPool', 'AveragePool', 'LpPool']) {
  one(op + ' huge kernel', op, [1, 1, 4, 4], [attr.ints('kernel_shape', [30000, 30000]), attr.ints('pads', [30000, 30000, 30000, 30000])])
  one(op + ' kernel 2^31', op, [1, 1, 4, 4], [attr.ints('kernel_shape', [2 ** 31, 1]), attr.ints('pads', [2 ** 31, 0, 2 ** 31, 0])])
  one(op + ' dilated', op, [1, 1, 4, 4], [attr.ints('kernel_shape', [3, 3]), attr.ints('dilations', [2 ** 30, 2 ** 30]), attr.ints('pads', [2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31])])
  one(op + ' stride', op, [1, 1, 4, 4], [attr.ints('kernel_shape', [3, 3]), attr.ints('strides', [2 ** 31, 2 ** 40])])
  one(op + ' huge pads', op, [1, 1, 4, 4], [attr.ints('kernel_shape', [1, 1]), attr.ints('pads', [2 ** 14, 2 ** 14, 2 ** 14, 2 ** 14])])
}
one('Conv pads', 'Conv', [1, 1, 4, 4], [attr.ints('pads', [2 ** 14, 2 ** 14, 2 ** 14, 2 ** 14])], [f('w', [1, 1, 3, 3])])
one('Conv dilations', 'Conv', [1, 1, 4, 4], [attr.ints('dilations', [2 ** 20, 1]), attr.ints('pads', [2 ** 21, 1, 2 ** 21, 1])], [f('w', [1, 1, 3, 3])])
one('ConvTranspose batch', 'ConvTranspose', [2 ** 24, 2, 3, 3], [attr.int('group', 2)], [f('w', [2, 1, 3, 3])])
one('ConvTranspose batch small', 'ConvTranspose', [2 ** 22, 1, 1, 1], [], [f('w', [1, 1, 1, 1])])
one('ConvTranspose strides', 'ConvTranspose', [1, 1, 3, 3], [attr.ints('strides', [2 ** 20, 2 ** 8])], [f('w', [1, 1, 3, 3])])
one('ConvTranspose out', 'ConvTranspose', [1, 1, 3, 3], [attr.ints('output_shape', [2 ** 16, 2 ** 15])], [f('w', [1, 1, 3, 3])])
one('Conv weights as input', 'Conv', [1, 1, 2 ** 12, 2 ** 12], [], [], [value('w', [1, 1, 4096, 4096])])
one('Conv batch', 'Conv', [2 ** 22, 1, 1, 1], [], [f('w', [1, 1, 1, 1])])
one('MatMul batch', 'MatMul', [2 ** 24, 1, 1], [], [], [value('w', [2 ** 24, 1, 1])])
one('MatMul big', 'MatMul', [4096, 4096], [], [], [value('w', [4096, 4096])])
one('Expand', 'Expand', [1], [], [longs('s', [2 ** 15, 2 ** 14])])
one('Expand 2^31', 'Expand', [1], [], [longs('s', [2 ** 31 - 1])])
one('Tile', 'Tile', [1, 1], [], [longs('s', [2 ** 20, 2 ** 9])])
one('Tile rank', 'Tile', Array(60).fill(1), [], [longs('s', Array(60).fill(1))])
one('Pad', 'Pad', [1, 1], [], [longs('s', [2 ** 14, 2 ** 14, 2 ** 14, 2 ** 14])])
one('Pad edge', 'Pad', [1, 1], [attr.string('mode', 'edge')], [longs('s', [2 ** 14, 2 ** 13, 2 ** 14, 2 ** 13])])
one('Pad reflect', 'Pad', [2], [attr.string('mode', 'reflect')], [longs('s', [2 ** 26, 2 ** 26])])
one('Pad wrap', 'Pad', [2], [attr.string('mode', 'wrap')], [longs('s', [2 ** 25, 2 ** 25])])
for (const mode of ['nearest', 'linear', 'cubic']) {
  const resize = (name: string, dims: number[], scales: number[], attributes: AttributeProto[] = []) =>
    add(`Resize ${name} ${mode}`, { inputs: [value('x', dims)], initializers: [floats('s', scales)], nodes: [node('Resize', ['x', '', 's'], ['y'], [attr.string('mode', mode), ...attributes])] })
  resize('up', [1, 1, 2, 2], [1, 1, 16384, 4096])
  resize('antialiased', [1, 1, 4096, 4], [1, 1, 0.001, 1], [attr.int('antialias', 1)])
  resize('by no number', [1, 1, 2, 2], [1, 1, Infinity, NaN])
}
add('Range', { inputs: [], initializers: [{ ...longs('a', [0]), dims: [] }, { ...longs('b', [2 ** 40]), dims: [] }, { ...longs('c', [1]), dims: [] }], nodes: [node('Range', ['a', 'b', 'c'], ['y'])] })
add('Range float', { inputs: [], initializers: [{ ...floats('a', [0]), dims: [] }, { ...floats('b', [1e9]), dims: [] }, { ...floats('c', [1e-30]), dims: [] }], nodes: [node('Range', ['a', 'b', 'c'], ['y'])] })
add('Range 2^27', { inputs: [], initializers: [{ ...longs('a', [0]), dims: [] }, { ...longs('b', [2 ** 27]), dims: [] }, { ...longs('c', [1]), dims: [] }], nodes: [node('Range', ['a', 'b', 'c'], ['y'])] })
add('ConstantOfShape', { inputs: [], initializers: [longs('s', [2 ** 15, 2 ** 15])], nodes: [node('ConstantOfShape', ['s'], ['y'])] })
add('ConstantOfShape chain', { inputs: [], initializers: [longs('s', [2 ** 12, 2 ** 12])], nodes: [...Array.from({ length: 40 }, (_, i) => node('ConstantOfShape', ['s'], [`c${i}`])), node('Sum', Array.from({ length: 40 }, (_, i) => `c${i}`), ['y'])] })
add('EyeLike', { inputs: [value('x', [2 ** 14, 2 ** 14])], nodes: [node('EyeLike', ['x'], ['y'])] })
one('OneHot', 'OneHot', [2 ** 12], [], [{ ...floats('d', [2 ** 20]), dims: [] }, floats('v', [0, 1])])
one('Split many', 'Split', [2 ** 20], [attr.int('num_outputs', 1)])
add('Split 100k', { inputs: [value('x', [100000])], nodes: [node('Split', ['x'], Array.from({ length: 100000 }, (_, i) => (i ? `z${i}` : 'y')), [attr.int('num_outputs', 100000)])] })
add('Concat doubling', { inputs: [value('x', [1])], nodes: [...Array.from({ length: 40 }, (_, i) => node('Concat', [i ? `c${i - 1}` : 'x', i ? `c${i - 1}` : 'x'], [i === 39 ? 'y' : `c${i}`], [attr.int('axis', 0)]))] })
add('Constant doubling', { inputs: [value('x', [1])], initializers: [f('k', [8])], nodes: [...Array.from({ length: 24 }, (_, i) => node('Concat', [i ? `c${i - 1}` : 'k', i ? `c${i - 1}` : 'k'], [`c${i}`], [attr.int('axis', 0)])), node('Add', ['x', 'c23'], ['y'])] })
add('Long chain', { inputs: [value('x', [4])], nodes: Array.from({ length: 20000 }, (_, i) => node('Neg', [i ? `c${i - 1}` : 'x'], [i === 19999 ? 'y' : `c${i}`])) })
add('Long chain add', { inputs: [value('x', [4])], nodes: Array.from({ length: 20000 }, (_, i) => node('Add', [i ? `c${i - 1}` : 'x', 'x'], [i === 19999 ? 'y' : `c${i}`])) })
one('TopK', 'TopK', [2 ** 20], [], [longs('k', [2 ** 20])])
one('CumSum', 'CumSum', [2 ** 20], [], [{ ...longs('k', [0]), dims: [] }])
add('NonZero', { inputs: [value('x', Array(20).fill(2))], nodes: [node('NonZero', ['x'], ['y'])] })
one('Gather', 'Gather', [2 ** 12, 2 ** 8], [], [longs('k', Array(1 << 14).fill(0))])
one('rank 60 add', 'Add', Array(60).fill(1), [], [f('w', Array(60).fill(1))])
one('rank 60 transpose', 'Transpose', Array(60).fill(1), [])
one('rank 20 transpose', 'Transpose', Array(20).fill(2), [attr.ints('perm', Array.from({ length: 20 }, (_, i) => 19 - i))])
one('rank 20 reduce', 'ReduceSum', Array(20).fill(2), [], [longs('a', [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])])
one('DepthToSpace', 'DepthToSpace', [1, 4, 2, 2], [attr.int('blocksize', 2 ** 30)])
one('LRN', 'LRN', [1, 4, 2, 2], [attr.int('size', 2 ** 30)])
one('GRU', 'GRU', [2 ** 16, 1, 1], [attr.int('hidden_size', 64)], [f('w', [1, 192, 1]), f('r', [1, 192, 64])])
one('LSTM', 'LSTM', [2 ** 22, 1, 1], [attr.int('hidden_size', 1)], [f('w', [1, 4, 1]), f('r', [1, 4, 1])])
add('NMS', { inputs: [], initializers: [f('b', [1, 3000, 4]), f('s', [1, 2, 3000]), longs('m', [2 ** 40])], nodes: [node('NonMaxSuppression', ['b', 's', 'm'], ['y'])] })
add('GridSample', { inputs: [value('x', [1, 1, 2, 2]), value('g', [1, 2 ** 12, 2 ** 12, 2])], nodes: [node('GridSample', ['x', 'g'], ['y'])] })
add('AffineGrid', { inputs: [value('x', [1, 2, 3])], initializers: [longs('s', [1, 1, 2 ** 14, 2 ** 14])], nodes: [node('AffineGrid', ['x', 's'], ['y'])] })
add('ScatterND', { inputs: [value('x', [2 ** 12, 2 ** 8])], initializers: [longs('i', Array(1000).fill(0), [1000, 1]), f('u', [1000, 256])], nodes: [node('ScatterND', ['x', 'i', 'u'], ['y'])] })
add('names', { inputs: [value('__proto__')], nodes: [node('Relu', ['__proto__'], ['constructor'])], outputs: [value('constructor')] })

const wasm = ['dist/simd.wasm', 'dist/scalar.wasm'].find((path) => existsSync(path))

test('models that ask for much', { skip: wasm ? false : 'no wasm in dist/: run npm run build' }, () => {
  addOperators(moreOperators)
  const tier = adopt(new WebAssembly.Module(readFileSync(wasm!)))
  for (const [name, graph] of MODELS) {
    const { fault, ms, end } = tryModel(modelBytes(18, graph), tier)
    assert.equal(fault, undefined, `${name}: ${fault}`)
    assert.ok(ms < LIMIT_MS, `${name}: ${end} after ${ms} ms`)
  }
})
