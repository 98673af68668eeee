import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError } from '../../src/errors.js'
import { decodeBoxes, iou, suppress, type Box } from '../../src/recipe/boxes.js'
import { choose, evaluate, median } from '../../src/recipe/evaluate.js'
import { realFftMagnitude } from '../../src/recipe/fft.js'
import type { Files } from '../../src/recipe/files.js'
import { areaUnderCurve } from '../../src/recipe/metrics/auc.js'
import { boxesMetric, matchBoxes } from '../../src/recipe/metrics/boxes.js'
import { sqnrMetric } from '../../src/recipe/metrics/sqnr.js'
import { argMax, rankOf } from '../../src/recipe/metrics/top.js'
import type { Runner, Tensors } from '../../src/recipe/runner.js'
import { parseRecipe } from '../../src/recipe/schema.js'
import { toTensor, windowsOf } from '../../src/recipe/values.js'
import { readWav } from '../../src/recipe/wav.js'
import { Tensor } from '../../src/value.js'

const box = (x1: number, y1: number, x2: number, y2: number, score = 1, cls = 0): Box => ({ x1, y1, x2, y2, score, class: cls })
const f32 = (values: number[], dims?: number[]) => new Tensor('float32', values, dims)

test('largest value and rank: the first of equal ones', () => {
  assert.equal(argMax([1, 3, 3, 2]), 1)
  assert.deepEqual([0, 1, 2, 3].map((i) => rankOf([1, 3, 3, 2], i)), [3, 0, 1, 2])
})

test('area under the curve: pairs, ties half, one class none', () => {
  assert.equal(areaUnderCurve([1, 2, 3, 4], [0, 0, 1, 1]), 1)
  assert.equal(areaUnderCurve([4, 3, 2, 1], [0, 0, 1, 1]), 0)
  assert.equal(areaUnderCurve([1, 2, 2, 3], [0, 1, 0, 1]), 0.875)
  assert.equal(areaUnderCurve([1, 2], [1, 1]), null)
})

test('overlap and suppression', () => {
  assert.equal(iou(box(0, 0, 2, 2), box(1, 1, 3, 3)), 1 / 7)
  assert.equal(iou(box(0, 0, 1, 1), box(1, 0, 2, 1)), 0)
  assert.equal(iou(box(0, 0, 0, 0), box(0, 0, 0, 0)), 0)
  const kept = suppress([box(0, 0, 2, 2, 0.5), box(0, 0, 2, 2.2, 0.9), box(0, 0, 2, 2, 0.4, 1), box(5, 5, 6, 6, 0.1)], 0.5)
  assert.deepEqual(kept.map((b) => b.score), [0.9, 0.4, 0.1])
})

test('matching: each box once, the best overlap first, classes apart', () => {
  const overlaps = matchBoxes([box(0, 0, 10, 10), box(0, 0, 10, 9)], [box(0, 0, 10, 9), box(0, 0, 10, 9, 1, 1)])
  assert.deepEqual(overlaps, [1])
})

/** A runner that gives what `answer` makes of its feeds. */
const runner = (outputs: string[], answer: (feeds: Tensors) => Tensors, dims: number[] = [1, 4]): Runner =>
  ({ inputs: [{ name: 'x', dtype: 'float32', dims }], outputs: outputs.map((name) => ({ name })), run: async (feeds) => answer(feeds) })

test('yolox: grids by stride, centres and sides', () => {
  const cells = 4 * 4 + 2 * 2
  const rows = Array.from({ length: cells }, () => [0, 0, 0, 0, 0, 0, 0])
  rows[6] = [0.5, 0.25, Math.log(2), 0, 0.9, 0.1, 0.8]
  rows[16 + 3] = [0, 0, 0, Math.log(3), 0.5, 0.9, 0.1]
  const model = runner(['y'], () => ({}), [1, 3, 32, 32])
  const found = decodeBoxes({ kind: 'yolox', strides: [8, 16], threshold: 0.3, nms: 0.5 }, model, { y: f32(rows.flat(), [1, cells, 7]) }, { x: f32(new Array(3072).fill(0), [1, 3, 32, 32]) })
  assert.deepEqual(found.map((b) => [b.class, ...[b.score, b.x1, b.y1, b.x2, b.y2].map((v) => Number(v.toFixed(3)))]), [[1, 0.72, 12, 6, 28, 14], [0, 0.45, 8, -8, 24, 40]])
  assert.throws(() => decodeBoxes({ kind: 'yolox', strides: [8], threshold: 0.3, nms: 0.5 }, model, { y: f32(rows.flat(), [1, cells, 7]) }, { x: f32(new Array(3072).fill(0), [1, 3, 32, 32]) }), (e) => e instanceof OctavoError && e.code === 'INPUT_MISMATCH')
})

test('boxes of two models: agreement and overlaps', () => {
  const spec = { kind: 'boxes', scores: 's', boxes: 'b', class: 1, threshold: 0.5, nms: 0.5 } as const
  const outputs = (...rows: number[][]): Tensors => ({ s: f32(rows.flatMap((r) => [1 - r[0]!, r[0]!]), [1, rows.length, 2]), b: f32(rows.flatMap((r) => r.slice(1)), [1, rows.length, 4]) })
  const call = (o: Tensors) => ({ feeds: {}, outputs: o, runner: runner(['s', 'b'], () => o) })
  const metric = boxesMetric(spec)
  const sample = { name: 'a', content: { bytes: new Uint8Array(0) } }
  metric.add(sample, 0, call(outputs([0.9, 0, 0, 1, 1], [0.8, 2, 2, 3, 3], [0.2, 5, 5, 6, 6])), call(outputs([0.7, 0, 0, 1, 0.8])))
  const { boxes, againstBoxes, matched, agreement, leastIou } = metric.scores()
  assert.deepEqual([boxes, againstBoxes, matched], [2, 1, 1])
  assert.ok(Math.abs((agreement as number) - 2 / 3) < 1e-12 && Math.abs((leastIou as number) - 0.8) < 1e-6)
})

test('signal to noise: in dB, null for equal outputs', () => {
  const metric = sqnrMetric()
  const call = (a: number[], b: number[]) => ({ feeds: {}, outputs: { a: f32(a), b: f32(b) }, runner: runner(['a', 'b'], () => ({})) })
  const sample = { name: 's', content: { bytes: new Uint8Array(0) } }
  metric.add(sample, 0, call([1, 0], [5]), call([1, 0.1], [5]))
  const { sqnr, leastSqnr } = metric.scores() as { sqnr: Record<string, number | null>; leastSqnr: number }
  assert.equal(sqnr['b'], null)
  assert.ok(Math.abs(sqnr['a']! - 10 * Math.log10(1.01 / 0.01)) < 1e-4 && leastSqnr === sqnr['a'])
})

test('spectrum: against the sum that defines it', () => {
  const x = Array.from({ length: 32 }, (_, t) => Math.sin(t * 1.3) + 0.3 * Math.cos(t * t))
  const direct = Array.from({ length: 17 }, (_, k) => Math.hypot(...[Math.cos, Math.sin].map((f) => x.reduce((s, v, t) => s + v * f((2 * Math.PI * k * t) / 32), 0))))
  realFftMagnitude(x).forEach((m, k) => assert.ok(Math.abs(m - direct[k]!) < 1e-5))
})

test('values to tensors: order of steps, layouts, codes, quantized inputs, padding', () => {
  const info = (dtype: 'float32' | 'uint8' | 'int8', extra = {}) => ({ name: 'x', dtype, dims: null, ...extra })
  const pixels = { data: [10, 20, 30, 40, 50, 60], dims: [1, 2, 3] }
  const chw = toTensor(pixels, { offset: -10, scale: 0.5, mean: [0, 1, 2], std: [1, 2, 4], layout: 'NCHW' }, info('float32'))
  assert.deepEqual([[...chw.data], chw.dims], [[0, 15, 2, 9.5, 2, 5.75], [1, 3, 1, 2]])
  assert.deepEqual(toTensor(pixels, { layout: 'NHWC' }, info('float32')).dims, [1, 1, 2, 3])
  assert.deepEqual([...toTensor({ data: [-129, 3.5, 4.5, 200], dims: [4] }, { codes: true }, info('int8')).data], [-128, 4, 4, 127])
  assert.deepEqual([...toTensor({ data: [0, 0.5, 9], dims: [3] }, {}, info('uint8', { quantization: { scale: 0.1, zeroPoint: 3 } })).data], [3, 8, 93])
  const long = toTensor({ data: [1, 2], dims: [2] }, { padTo: 4 }, info('float32'))
  assert.deepEqual([[...long.data], long.dims], [[1, 2, 0, 0], [1, 4]])
  assert.deepEqual(windowsOf({ data: [0, 1, 2, 3, 4], dims: [5] }, { length: 2, step: 2 }).map((w) => [...(w.data as Float32Array)]), [[0, 1], [2, 3]])
  for (const [values, input, field] of [[pixels, { mean: [1, 2] }, 'input.mean'], [{ data: [1, 2], dims: [2] }, { padTo: 1 }, 'input.padTo']] as const)
    assert.throws(() => toTensor(values, input, info('float32')), (e) => e instanceof OctavoError && e.details['field'] === field)
})

/** A WAVE file of 16-bit PCM. */
function wav(samples: number[], channels = 1, cut = 0): Uint8Array {
  const bytes = new Uint8Array(44 + 2 * samples.length)
  const view = new DataView(bytes.buffer)
  const words: [number, string][] = [[0, 'RIFF'], [8, 'WAVE'], [12, 'fmt '], [36, 'data']]
  for (const [at, word] of words) bytes.set(new TextEncoder().encode(word), at)
  for (const [at, value] of [[16, 16], [24, 16000], [40, 2 * samples.length]] as const) view.setUint32(at, value, true)
  for (const [at, value] of [[20, 1], [22, channels], [34, 16]] as const) view.setUint16(at, value, true)
  samples.forEach((s, i) => view.setInt16(44 + 2 * i, s, true))
  return bytes.subarray(0, bytes.length - cut)
}

test('sounds: 16-bit PCM of one channel, anything else refused', () => {
  assert.deepEqual(readWav(wav([-32768, 16384]), 'a.wav'), { rate: 16000, samples: Float32Array.of(-1, 0.5) })
  for (const bytes of [wav([1], 2), wav([1, 2], 1, 1), new Uint8Array(5)]) assert.throws(() => readWav(bytes, 'a.wav'), (e) => e instanceof OctavoError && e.code === 'FILE_UNREADABLE')
})

test('subsets and medians', () => {
  assert.deepEqual(choose(7, { every: 2, from: 1 }), [1, 3, 5])
  assert.deepEqual(choose(7, { limit: 2 }), [0, 1])
  assert.deepEqual(choose(3, { from: 3 }), [])
  assert.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3])], [2, 2.5])
})

const files = (contents: Record<string, Uint8Array | string>): Files => ({
  read: async (path) => { const c = contents[path]; return typeof c === 'string' ? new TextEncoder().encode(c) : c ?? assert.fail(path) },
  list: async () => Object.keys(contents), image: async () => assert.fail('no picture'),
})

test('records end to end: labels, map, subset, and a second model', async () => {
  const recipe = parseRecipe(JSON.stringify({
    model: 'm', metric: 'top1', input: {}, data: { kind: 'records', path: 'r.bin', labels: 'r.csv', labelColumn: 1, dtype: 'int8', shape: [2], labelMap: [1, 0] },
  }), 'r')
  const data = files({ 'r.bin': Uint8Array.of(1, 2, 4, 3, 5, 6, 8, 7), 'r.csv': 'a,0\nb,1\nc,1\nd,0\n' })
  const same = runner(['y'], ({ x }) => ({ y: x! }), [1, 2])
  const first = runner(['y'], () => ({ y: f32([1, 0], [1, 2]) }), [1, 2])
  const whole = await evaluate(recipe, same, data, { against: first })
  assert.deepEqual([whole.scores['top1'], whole.scores['correct'], whole.samples, whole.against!['top1'], whole.sameDecisions], [0.5, 2, 4, 0.5, 0.5])
  assert.deepEqual((await evaluate(recipe, same, data, { every: 2 })).scores['top1'], 0.5)
  await assert.rejects(evaluate(recipe, same, data, { from: 4 }), (e) => e instanceof OctavoError && e.code === 'OPTION_INVALID')
})

test('sounds end to end: the state goes around, chunks that are left out still run', async () => {
  const recipe = parseRecipe(JSON.stringify({
    model: 'm', metric: 'agreement', data: { kind: 'audio', path: 's.wav', reference: 'ref.json', threshold: 2.5 }, input: { chunk: 2, context: 1, state: [1, 1], sr: 16000 },
  }), 'r')
  const seen: number[][] = []
  const counter: Runner = {
    inputs: [{ name: 'input', dtype: 'float32', dims: [1, 3] }, { name: 'state', dtype: 'float32', dims: [1, 1] }, { name: 'sr', dtype: 'int64', dims: [] }], outputs: [{ name: 'output' }, { name: 'stateN' }],
    run: async ({ input, state, sr }) => {
      seen.push([...(input!.data as Float32Array)].map((v) => v * 32768))
      assert.deepEqual([sr!.dims, sr!.data[0]], [[], 16000n])
      const next = f32([Number(state!.data[0]) + 1], [1, 1])
      return { output: next, stateN: next }
    },
  }
  const data = files({ 's.wav': wav([1, 2, 3, 4, 5, 6, 7]), 'ref.json': '[0, 9, 9]' })
  const { scores, samples } = await evaluate(recipe, counter, data, { every: 2 })
  assert.deepEqual(seen, [[0, 1, 2], [2, 3, 4], [4, 5, 6]])
  assert.deepEqual([scores, samples], [{ agreement: 1, speechChunks: 1, chunks: 2 }, 2])
})

test('files end to end: first and last bytes, padding, labels by name', async () => {
  const recipe = parseRecipe(JSON.stringify({
    model: 'm', metric: 'top1', input: { kind: 'bytes', first: 3, last: 3, lastAlign: 'right', pad: 256 },
    data: { kind: 'files', path: 'c.json', config: 'k.json', content: 'b', label: 'p.l', labels: 'space of the config', skip: 'none' },
  }), 'r')
  const seen: number[][] = []
  const model: Runner = { inputs: [{ name: 'x', dtype: 'int32', dims: [1, 6] }], outputs: [{ name: 'y' }], run: async ({ x }) => { seen.push([...(x!.data as Int32Array)]); return { y: f32([0, 1], [1, 2]) } } }
  const cases = [{ b: btoa('AB'), p: { l: 'two' } }, { b: btoa(''), p: { l: 'none' } }, { b: btoa('ABCDE'), p: { l: 'one' } }]
  const { scores } = await evaluate(recipe, model, files({ 'c.json': JSON.stringify(cases), 'k.json': '{"space": ["one", "two"]}' }))
  assert.deepEqual(seen, [[65, 66, 256, 256, 65, 66], [65, 66, 67, 67, 68, 69]])
  assert.equal(scores['top1'], 0.5)
})
