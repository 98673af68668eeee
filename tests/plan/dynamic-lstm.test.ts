/** DynamicQuantizeLSTM through a session: operands constant or fed, shapes that do not go together, and layers larger than one block of rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError, Tensor } from '../../src/entry/index.js'
import { encodeModel } from '../../src/formats/onnx/encode.js'
import type { Attribute } from '../../src/graph/graph.js'
import type { DType } from '../../src/dtype.js'
import { dynamicLstm } from '../reference/dynamic-lstm.js'
import { loadedTiers, openModel } from '../support/sessions.js'
import { floats } from '../tiers/floats.js'
import { random } from '../tiers/harness.js'

const NAMES = ['X', 'W', 'R', 'B', 'lengths', 'h', 'c', 'P', 'ws', 'wz', 'rs', 'rz']
const tiers = loadedTiers()
const relu = (x: number): number => (x < 0 ? 0 : x)

interface Layer { readonly inputs: Record<string, Tensor>; readonly attributes: Record<string, Attribute> }

/** One direction, weights per column, Relu and LeakyRelu so that every bit is defined. */
function layer(steps: number, batch: number, inputs: number, hidden: number, seed = 1): Layer {
  const next = random(seed), n = 4 * hidden
  const codes = (k: number): Tensor => new Tensor('int8', Int8Array.from({ length: k * n }, () => (next() % 127) - 63), [1, k, n])
  const scales = (): Tensor => new Tensor('float32', Float32Array.from({ length: n }, () => (1 + (next() % 64)) / 65536), [1, n])
  const zeros = (): Tensor => new Tensor('int8', new Int8Array(n), [1, n])
  return {
    inputs: {
      X: new Tensor('float32', floats(steps * batch * inputs, next()), [steps, batch, inputs]), W: codes(inputs), R: codes(hidden), B: new Tensor('float32', floats(2 * n, next()), [1, 2 * n]),
      h: new Tensor('float32', floats(batch * hidden, next()), [1, batch, hidden]), c: new Tensor('float32', floats(batch * hidden, next()), [1, batch, hidden]),
      ws: scales(), wz: zeros(), rs: scales(), rz: zeros(),
    },
    attributes: { hidden_size: hidden, activations: ['LeakyRelu', 'Relu', 'Relu'], activation_alpha: [0.5], clip: 1 },
  }
}

function modelOf({ inputs, attributes }: Layer, fed: readonly string[]): Uint8Array {
  return encodeModel({
    name: 'lstm', outputs: ['Y', 'Yh', 'Yc'].map((name) => ({ name, dtype: 'float32', dims: null })),
    nodes: [{ name: 'lstm', op: 'DynamicQuantizeLSTM', domain: 'com.microsoft', inputs: NAMES.map((name) => (inputs[name] ? name : '')), outputs: ['Y', 'Yh', 'Yc'], attributes }],
    inputs: fed.map((name) => ({ name, dtype: inputs[name]!.dtype, dims: [...inputs[name]!.dims] })),
    constants: new Map(Object.entries(inputs).filter(([name]) => !fed.includes(name))),
  })
}

function reference({ inputs }: Layer): { Y: number[]; Yh: number[]; Yc: number[] } {
  const [steps, batch, size] = inputs['X']!.dims as [number, number, number], hidden = inputs['R']!.dims[1]!, n = 4 * hidden
  const at = (name: string, i: number): number => Number(inputs[name]!.data[i])
  const coded = (codes: string, scale: string, k: number) => ({ k, code: (i: number, j: number) => at(codes, i * n + j), scale: (j: number) => at(scale, j), zero: () => 0 })
  const run = dynamicLstm({
    steps, batch, hidden, reverse: false, lengths: null, clip: 1, activations: [(x) => (x < 0 ? Math.fround(x * 0.5) : x), relu, relu],
    x: (t, b, k) => at('X', (t * batch + b) * size + k), w: coded('W', 'ws', size), r: coded('R', 'rs', hidden), bias: (j) => Math.fround(at('B', j) + at('B', n + j)), peepholes: null,
    initialH: (b, i) => at('h', b * hidden + i), initialC: (b, i) => at('c', b * hidden + i),
  })
  return { Y: run.y.flat(2), Yh: run.h.flat(), Yc: run.c.flat() }
}

for (const [name, tier] of tiers)
  test(`${name}: a session gives the reference's bits with weights constant and fed`, () => {
    for (const [i, dims] of ([[1, 1, 4, 3], [3, 2, 5, 8], [40, 3, 130, 9], [2, 30, 17, 33]] as const).entries()) {
      const [steps, batch, size, hidden] = dims, l = layer(steps, batch, size, hidden, i + 1), want = reference(l)
      for (const fed of [['X', 'h', 'c'], Object.keys(l.inputs)]) {
        const session = openModel(modelOf(l, fed), tier)
        for (let again = 0; again < 2; again++) {
          const got = session.runSync(Object.fromEntries(fed.map((input) => [input, l.inputs[input]!])))
          for (const output of ['Y', 'Yh', 'Yc'] as const) assert.deepEqual(Array.from(got[output]!.data as Float32Array), want[output], `[${dims}] ${output}, ${fed.length} fed`)
        }
        session.release()
      }
    }
  })

test('what does not go together is refused before anything runs', () => {
  const [, tier] = tiers[0]!
  const refuses = (code: string, change: (inputs: Record<string, Tensor>, attributes: Record<string, Attribute>) => void): void => {
    const { inputs, attributes } = layer(2, 2, 3, 4)
    change(inputs, attributes)
    assert.throws(() => {
      const session = openModel(modelOf({ inputs, attributes }, ['X']), tier)
      session.runSync({ X: inputs['X']! })
    }, (error) => error instanceof OctavoError && error.code === code && error.message.includes('DynamicQuantizeLSTM "lstm"'), `${code}: ${change.toString()}`)
  }
  const set = (name: string, dtype: DType, ...dims: number[]) => (inputs: Record<string, Tensor>): void => {
    const size = dims.reduce((a, b) => a * b, 1)
    inputs[name] = new Tensor(dtype, Array<number>(size).fill(1), dims)
  }
  refuses('SHAPE_MISMATCH', set('W', 'int8', 1, 16, 3))
  refuses('SHAPE_MISMATCH', set('R', 'int8', 1, 4, 15))
  refuses('SHAPE_MISMATCH', set('R', 'int8', 2, 4, 16))
  refuses('SHAPE_MISMATCH', set('W', 'int8', 3, 16))
  refuses('DTYPE_MISMATCH', set('W', 'float32', 1, 3, 16))
  refuses('DTYPE_MISMATCH', set('wz', 'uint8', 1, 16))
  refuses('DTYPE_MISMATCH', set('ws', 'int8', 1, 16))
  refuses('SHAPE_MISMATCH', set('ws', 'float32', 16))
  refuses('SHAPE_MISMATCH', set('rs', 'float32', 1, 4))
  refuses('SHAPE_MISMATCH', set('rz', 'int8'))
  refuses('SHAPE_MISMATCH', set('h', 'float32', 2, 1, 4))
  refuses('SHAPE_MISMATCH', set('X', 'float32', 2, 3))
  refuses('DTYPE_MISMATCH', set('X', 'float16', 2, 2, 3))
  refuses('GRAPH_INVALID', (inputs) => { delete inputs['rs'] })
  refuses('GRAPH_INVALID', (inputs) => { delete inputs['wz'] })
  refuses('GRAPH_INVALID', (inputs) => { delete inputs['W'] })
  refuses('SHAPE_MISMATCH', (_, attributes) => { attributes['hidden_size'] = 5 })
  refuses('ATTRIBUTE_UNSUPPORTED', (_, attributes) => { attributes['direction'] = 'sideways' })
  refuses('ATTRIBUTE_UNSUPPORTED', (_, attributes) => { attributes['input_forget'] = 1 })
  refuses('OP_UNSUPPORTED', (inputs) => {
    inputs['X'] = new Tensor('float32', new Float32Array(0), [2, 2, 0])
    inputs['W'] = new Tensor('int8', new Int8Array(0), [1, 0, 16])
  })
})

test('no steps: states pass through', () => {
  for (const [name, tier] of tiers) {
    const l = layer(0, 2, 3, 4), session = openModel(modelOf(l, ['X']), tier)
    const got = session.runSync({ X: l.inputs['X']! })
    assert.deepEqual(got['Y']!.dims, [0, 1, 2, 4], name)
    assert.deepEqual([got['Yh']!.data, got['Yc']!.data], [l.inputs['h']!.data, l.inputs['c']!.data], name)
    session.release()
  }
})
