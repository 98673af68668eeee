/** What users install, as it is built: dist/index.js alone, and what it loads when a model needs more. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type * as Octavo from '../src/entry/index.js'
import type * as Operators from '../src/entry/operators.js'
import type * as Quantize from '../src/entry/quantize.js'
import { attr, floats, longs, modelBytes, node, value } from './formats/onnx/model.js'

const dist = new URL('../../dist/', import.meta.url)
const { InferenceSession, OctavoError, Tensor } = (await import(new URL('index.js', dist).href)) as typeof Octavo
const module = new WebAssembly.Module(readFileSync(new URL('simd.wasm', dist)))

const x = [-1, 0, 3]
const one = (op: string, opset = 18): Uint8Array => modelBytes(opset, { inputs: [value('x', [3])], outputs: [value('y', [3])], nodes: [node(op, ['x'], ['y'])] })
const SOFTMAX = x.map((v) => Math.exp(v)).map((e, _, all) => e / all.reduce((a, b) => a + b))

async function results(session: Octavo.InferenceSession): Promise<number[]> {
  const { y } = await session.run({ x: new Tensor('float32', x, [3]) })
  session.release()
  return Array.from(y!.data as Float32Array)
}

const near = (actual: number[], expected: number[]): void => actual.forEach((v, i) => assert.ok(Math.abs(v - expected[i]!) < 1e-6, `[${actual}] is not [${expected}]`))
const refusesSync = (bytes: Uint8Array): void => assert.throws(() => InferenceSession.createSync(bytes, { module }), (e) => e instanceof OctavoError && e.code === 'OP_UNSUPPORTED' && /moreOperators/.test(e.message))

/** Parts of models that dist/index.js does not hold itself: y of each from x. */
const RARE: Record<string, [bytes: Uint8Array, y: number[]]> = {
  'an operator': [one('Softmax'), SOFTMAX],
  'an old form of one': [one('Softmax', 11), x.map(() => 1)],
  'a sparse initializer': [modelBytes(18, {
    inputs: [value('x', [3])], outputs: [value('y', [3])], nodes: [node('Add', ['x', 's'], ['y'])],
    sparseInitializers: [{ values: floats('s', [5]), indices: longs('', [1]), dims: [3] }],
  }), [-1, 5, 3]],
  'a function': [modelBytes(18, { inputs: [value('x', [3])], outputs: [value('y', [3])], nodes: [node('Twice', ['x'], ['y'], [], { domain: 'own' })] }, {
    opsets: [{ domain: '', version: 18 }, { domain: 'own', version: 1 }],
    functions: [{ name: 'Twice', domain: 'own', inputs: ['a'], outputs: ['b'], nodes: [node('Add', ['a', 'a'], ['b'])], opsets: [{ domain: '', version: 18 }] }],
  }), [-2, 0, 6]],
  'a branch': [modelBytes(18, {
    inputs: [value('x', [3])], outputs: [value('y', [3])], initializers: [{ name: 'yes', dims: [], dtype: 9, int32s: [1] }],
    nodes: [node('If', ['yes'], ['y'], [
      attr.graph('then_branch', { outputs: [value('t', [3])], nodes: [node('Relu', ['x'], ['t'])] }),
      attr.graph('else_branch', { outputs: [value('e', [3])], nodes: [node('Neg', ['x'], ['e'])] }),
    ])],
  }), [0, 0, 3]],
}

test('dist/index.js alone runs what most networks hold, and says what createSync lacks for the rest', async () => {
  assert.deepEqual(await results(InferenceSession.createSync(one('Relu'), { module })), [0, 0, 3])
  for (const [bytes] of Object.values(RARE)) refusesSync(bytes)
})

test('create loads the rest by itself', async () => {
  for (const [bytes, y] of Object.values(RARE)) near(await results(await InferenceSession.create(bytes)), y)
})

test('createSync takes the rest from octavo/operators', async () => {
  const { moreOperators } = (await import(new URL('operators.js', dist).href)) as typeof Operators
  for (const [bytes, y] of Object.values(RARE)) near(await results(InferenceSession.createSync(bytes, { module, operators: moreOperators })), y)
})

test('octavo/quantize turns a float file into one that octavo runs on codes', async () => {
  const { HistogramObserver, QConfigMapping, exportOnnx, quantizeGraph, quantizeStatic, Tensor: Values, initObservers } = (await import(new URL('quantize.js', dist).href)) as typeof Quantize
  const weights = Array.from({ length: 12 }, (_, i) => ((i * 7) % 11) / 5 - 1)
  const bytes = modelBytes(18, { inputs: [value('x', ['N', 3])], outputs: [value('y', ['N', 4])], initializers: [floats('w', weights, [3, 4])], nodes: [node('MatMul', ['x', 'w'], ['y'])] })
  const batches = [{ x: new Values('float32', [-1, 0, 3, 2, -2, 1], [2, 3]) }]
  const { model, report } = await quantizeStatic(bytes, batches, { engine: 'qnnpack' })
  assert.deepEqual(report.layers.map((l) => [l.op, l.quantized]), [['MatMul', true]])
  const session = await InferenceSession.create(model)
  const { y } = await session.run({ x: new Tensor('float32', x, [1, 3]) })
  x.forEach((_, i) => assert.ok(Math.abs(Number(y!.data[i]) - x.reduce((sum, v, k) => sum + v * weights[k * 4 + i]!, 0)) < 0.05))
  await initObservers()
  const observer = new HistogramObserver()
  observer.forward(batches[0]!.x)
  assert.deepEqual([observer.minVal, observer.maxVal], [-2, 3])
  assert.equal(new QConfigMapping().configOf({ name: 'a', objectType: 'Conv' }), null)
  assert.equal(typeof exportOnnx, typeof quantizeGraph)
})

test('inference carries nothing of quantizing: no observers, no report, no worker', () => {
  const files = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    for (const [, from] of readFileSync(new URL(file, dist), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) visit(from!)
  }
  visit('index.js')
  assert.ok(files.size > 1)
  const code = [...files].map((file) => readFileSync(new URL(file, dist), 'utf8')).join('')
  for (const word of ['HistogramObserver', 'quantization report', 'quantize-worker', 'prefers-color-scheme']) assert.ok(!code.includes(word), word)
  assert.ok(code.includes('SHAPE_MISMATCH'), 'it is the code that was looked at')
})
