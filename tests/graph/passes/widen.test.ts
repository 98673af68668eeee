import assert from 'node:assert/strict'
import { test } from 'node:test'
import { widen } from '../../../src/graph/passes/widen.js'
import { Tensor } from '../../../src/value.js'
import { halfBits, halfValue } from '../../reference/quantize.js'
import { f32, noise, smallGraph } from './small-graph.js'

const half = (values: readonly number[]): Tensor => new Tensor('float16', Uint16Array.from(values, halfBits))
const numbers = (t: Tensor): number[] => Array.from(t.data as Uint16Array, halfValue)

test('float16 is computed in float32 and stored as float16', () => {
  const made = smallGraph({ x: half([0.1, -2.5, 1000]) }, {}, [['Exp', 'x', 'y']], 'y').after(widen)
  assert.equal(made.ops, 'Cast Exp Cast')
  assert.deepEqual(numbers(made.run()[0]!), [0.1, -2.5, 1000].map((v) => halfValue(halfBits(Math.exp(halfValue(halfBits(v)))))))
})

test('a float16 value between two widened nodes is not rounded, and each value is cast once', () => {
  const graph = smallGraph({ x: half([1, 3]), w: half([2049, 7]) }, {}, [['Div', 'x w', 'a'], ['Mul', 'a w', 'b'], ['Add', 'b b', 'y']], 'y')
  const made = graph.after(widen)
  assert.equal(made.ops, 'Cast Cast Div Mul Add Cast')
  assert.deepEqual(numbers(made.run()[0]!), [2, 6])
})

test('nodes that move elements stay on float16', () => {
  const made = smallGraph({ x: half([1, 2, 3, 4]) }, { d: new Tensor('int64', [2n, 2n]) }, [['Reshape', 'x d', 'a'], ['Transpose', 'a', 'y']], 'y')
  assert.equal(made.after(widen).ops, 'Reshape Transpose')
})

test('narrow integers wrap at every node', () => {
  const byte = (...v: number[]): Tensor => new Tensor('uint8', v)
  const made = smallGraph({ x: byte(200, 7, 3), w: byte(100, 9, 250) }, {}, [['Add', 'x w', 'a'], ['Div', 'a w', 'b'], ['Sub', 'b x', 'y']], 'y').after(widen)
  assert.deepEqual([...made.run()[0]!.data], [56, 250, 254])
  const words = smallGraph({ x: new Tensor('uint32', [4294967295, 5]), w: new Tensor('uint32', [2, 7]) }, {}, [['Mod', 'x w', 'a'], ['Less', 'x w', 'b'], ['Sub', 'x w', 'c']], 'a', 'b', 'c').after(widen)
  assert.deepEqual(words.run().map((t) => [...t.data]), [[1, 5], [0, 1], [4294967293, 4294967294]])
})

test('Equal on bool, comparisons and IsNaN keep their bool results', () => {
  const flags = new Tensor('bool', [0, 1, 1]), others = new Tensor('bool', [0, 0, 1])
  assert.deepEqual([...smallGraph({ x: flags, w: others }, {}, [['Equal', 'x w', 'y']], 'y').after(widen).run()[0]!.data], [1, 0, 1])
  assert.deepEqual([...smallGraph({ x: half([1, NaN, Infinity]) }, {}, [['IsNaN', 'x', 'y']], 'y').after(widen).run()[0]!.data], [0, 1, 0])
})

test("Pow brings the exponent to the base's type", () => {
  const pow = (x: Tensor, w: Tensor): number[] => Array.from(smallGraph({ x, w }, {}, [['Pow', 'x w', 'y']], 'y').after(widen).run()[0]!.data as Float32Array, Number)
  assert.deepEqual(pow(f32([2, 3]), new Tensor('int64', [5n, 2n])), [32, 9])
  assert.deepEqual(pow(new Tensor('int32', [2, -3]), f32([5, 3])), [32, -27])
  assert.deepEqual(pow(new Tensor('int8', [2, -3]), new Tensor('int8', [7, 3])), [-128, -27])
  const real = pow(new Tensor('int32', [9, 2]), f32([0.5, 2.5]))
  assert.deepEqual(real, [3, 5])
})

test('quantization: codes and zero points stay, scales and reals are widened, results asked for in float16 are cast', () => {
  const scale = new Tensor('float16', Uint16Array.of(halfBits(0.5)), []), zero = new Tensor('uint8', [10], [])
  const q = smallGraph({ x: half([1, -2, 3.25]) }, { s: scale, z: zero }, [['QuantizeLinear', 'x s z', 'y'], ['DequantizeLinear', 'y s z', 'b']], 'y', 'b').after(widen)
  const [codes, back] = q.run()
  assert.deepEqual([...codes!.data], [12, 6, 16])
  assert.equal(back!.dtype, 'float16')
  assert.deepEqual(numbers(back!), [1, -2, 3])
  const asked = smallGraph({ x: new Tensor('uint8', [11]) }, { s: f32([0.5], []), z: zero }, [['DequantizeLinear', 'x s z', 'y', { output_dtype: 10 }]], 'y').after(widen)
  assert.deepEqual(numbers(asked.run()[0]!), [0.5])
  const whole = smallGraph({ x: new Tensor('int32', [7, -9]) }, { s: f32([2], []) }, [['QuantizeLinear', 'x s', 'y', { output_dtype: 3 }]], 'y').after(widen)
  assert.deepEqual([...whole.run()[0]!.data], [4, -4])
})

test('a graph that needs nothing is returned as it is', () => {
  const { graph } = smallGraph({ x: noise([3]) }, {}, [['Exp', 'x', 'y']], 'y')
  assert.equal(widen(graph, () => ({ dtype: 'float32', dims: [3] })), graph)
})
