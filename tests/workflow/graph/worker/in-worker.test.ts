/** Workers start from files: these tests run what is shipped in dist/. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import type * as Quantize from '../../../../src/entry/quantize.js'
import { ROOT } from '../../../support/data.js'

const file = (path: string) => pathToFileURL(join(ROOT, path))
const skip = existsSync(join(ROOT, 'dist/quantize-worker.js')) ? false : 'no dist/: run npm run build'
const { calibrate, quantizeDynamic, quantizeDynamicInWorker, quantizeStatic, quantizeStaticInWorker, Tensor } = skip ? ({} as typeof Quantize) : ((await import(file('dist/quantize.js').href)) as typeof Quantize)
const MODEL = file('examples/digits/digits-float.onnx')

/** Feeds of the digits model: views of one large array, as a generator that fills one buffer again and again would give. */
const pixels = Float32Array.from({ length: 8 * 400 }, (_, i) => ((i * 2654435761) >>> 24) / 255)
const batches = (count = 8): Quantize.Batch[] => Array.from({ length: count }, (_, i) => ({ image: new Tensor('float32', pixels.subarray(i * 400, (i + 1) * 400), [1, 1, 20, 20]) }))
async function* once(count = 8): AsyncGenerator<Quantize.Batch> {
  yield* batches(count)
}
const withoutTimes = ({ seconds, ...report }: Quantize.QuantizeReport) => ({ ...report, steps: Object.keys(seconds) })
const failure = async (promise: Promise<unknown>): Promise<Quantize.OctavoError> => promise.then(() => assert.fail('it worked'), (error) => error as Quantize.OctavoError)

test('the bytes, the report and the observers are those of this thread, however batches come', { skip }, async () => {
  for (const options of [{}, { calibrateMethod: 'minmax', engine: 'qnnpack', opTypesToExclude: ['Gemm'], nodesToExclude: [/pool/i].slice(0, 0) }] as const) {
    const want = await quantizeStatic(MODEL, batches(), options)
    for (const data of [batches(), () => batches(), () => once()]) {
      const got = await quantizeStaticInWorker(MODEL, data, options)
      assert.deepEqual(got.model, want.model)
      assert.deepEqual(withoutTimes(got.report), withoutTimes(want.report))
      for (const [name, observer] of want.observers) assert.deepEqual(got.observers.get(name)!.stateDict(), observer.stateDict())
      assert.deepEqual([...got.observers.keys()], [...want.observers.keys()])
    }
    assert.deepEqual((await quantizeStaticInWorker(MODEL, once(), options)).model, want.model, 'batches that can be read once')
  }
})

test('a model as bytes, as a path, as a Blob and as a promise; the bytes given stay the caller\'s', { skip }, async () => {
  const bytes = new Uint8Array(readFileSync(MODEL))
  const want = (await quantizeStatic(bytes, batches())).model
  for (const source of [bytes, MODEL.pathname, new Blob([bytes]), Promise.resolve(MODEL), new Response(bytes)]) assert.deepEqual((await quantizeStaticInWorker(source, batches())).model, want)
  assert.equal(bytes.byteLength, readFileSync(MODEL).length)
  assert.equal(pixels.length, 3200, 'batches are copied')
})

test('what was calibrated elsewhere', { skip }, async () => {
  const calibration = await calibrate(MODEL, batches(), { calibrateMethod: 'minmax' })
  const [want, got] = [await quantizeStatic(MODEL, calibration), await quantizeStaticInWorker(MODEL, calibration)]
  assert.deepEqual(got.model, want.model)
  assert.deepEqual([...got.observers.values()].map((o) => o.stateDict()), [...want.observers.values()].map((o) => o.stateDict()))
  assert.equal((await failure(quantizeStaticInWorker(MODEL, { ...calibration, engine: 'torch' as never }))).code, 'CALIBRATION_INVALID')
})

test('dynamic quantization', { skip }, async () => {
  for (const options of [{}, { perChannel: false, weightType: 'uint8' }] as const) {
    const [want, got] = [await quantizeDynamic(MODEL, options), await quantizeDynamicInWorker(MODEL, options)]
    assert.deepEqual(got.model, want.model)
    assert.deepEqual(withoutTimes(got.report), withoutTimes(want.report))
  }
  assert.equal((await failure(quantizeDynamicInWorker(file('examples/digits/digits-int8.onnx')))).code, 'ALREADY_QUANTIZED')
})

test('progress arrives in order and knows the total of an array', { skip }, async () => {
  const events: Quantize.ProgressEvent[] = []
  await quantizeStaticInWorker(MODEL, batches(), { onProgress: (event) => events.push(event) })
  assert.deepEqual(events.filter((e) => e.phase === 'calibrate'), Array.from({ length: 9 }, (_, done) => ({ phase: 'calibrate', done, total: 8 })))
  assert.deepEqual([...new Set(events.map((e) => e.phase))].slice(0, 3), ['prepare', 'calibrate', 'convert'])
})

test('errors arrive with their codes, and with the cause that a source of batches threw', { skip }, async () => {
  const nan = { image: new Tensor('float32', new Float32Array(400).fill(NaN), [1, 1, 20, 20]) }
  assert.equal((await failure(quantizeStaticInWorker(MODEL, [nan]))).code, 'CALIBRATION_INVALID')
  assert.equal((await failure(quantizeStaticInWorker(MODEL, []))).code, 'CALIBRATION_INVALID')
  assert.equal((await failure(quantizeStaticInWorker(MODEL, 7 as never))).code, 'OPTION_INVALID')
  assert.equal((await failure(quantizeStaticInWorker(MODEL, [{ image: 'a picture' } as never]))).code, 'CALIBRATION_INVALID')
  assert.equal((await failure(quantizeStaticInWorker(MODEL, [null as never]))).code, 'CALIBRATION_INVALID')
  assert.equal((await failure(quantizeStaticInWorker('no-such.onnx', batches()))).code, 'SOURCE_UNREADABLE')
  assert.equal((await failure(quantizeStaticInWorker(MODEL, batches(), { engine: 'torch' as never }))).code, 'ENGINE_UNKNOWN')
  assert.equal((await failure(quantizeStaticInWorker(MODEL, batches(), { helper: () => 1 } as never))).code, 'OPTION_INVALID')
  const why = new Error('the camera was unplugged')
  const thrown = await failure(quantizeStaticInWorker(MODEL, async function* () { yield batches()[0]!; throw why }))
  assert.equal(thrown.code, 'CALIBRATION_INVALID')
  assert.match(thrown.message, /camera/)
  assert.equal(thrown.cause, why)
  const mine = new Error('my own bar broke')
  assert.equal(await failure(quantizeStaticInWorker(MODEL, batches(), { onProgress: () => { throw mine } })), mine)
})

test('an abort ends the work at once and closes the source', { skip }, async () => {
  const controller = new AbortController()
  let closed = 0, read = 0
  async function* endless(): AsyncGenerator<Quantize.Batch> {
    try {
      for (;;) {
        if (++read === 5) controller.abort(new Error('enough'))
        yield batches(1)[0]!
      }
    } finally {
      closed++
    }
  }
  const error = await failure(quantizeStaticInWorker(MODEL, endless(), { signal: controller.signal }))
  assert.equal(error.code, 'ABORTED')
  assert.match((error.cause as Error).message, /enough/)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual([closed, read < 10], [1, true])
  assert.equal((await failure(quantizeStaticInWorker(MODEL, batches(), { signal: AbortSignal.abort() }))).code, 'ABORTED')
})

test('a worker of the caller\'s: several jobs at a time, left running, other messages left alone', { skip }, async () => {
  const worker = new Worker(file('dist/quantize-worker.js'))
  try {
    worker.postMessage('something else')
    worker.postMessage({ subject: 'another library' })
    const want = (await quantizeStatic(MODEL, batches())).model
    const results = await Promise.all([1, 2, 3].map(() => quantizeStaticInWorker(MODEL, batches(), { worker })))
    for (const { model } of results) assert.deepEqual(model, want)
    const controller = new AbortController()
    const stopped = failure(quantizeStaticInWorker(MODEL, async function* () { for (;;) yield batches(1)[0]! }, { worker, signal: controller.signal }))
    setTimeout(() => controller.abort(), 30)
    assert.equal((await stopped).code, 'ABORTED')
    assert.deepEqual((await quantizeStaticInWorker(MODEL, batches(), { worker })).model, want, 'it still works')
  } finally {
    await worker.terminate()
  }
  const made = await quantizeStaticInWorker(MODEL, batches(), { worker: () => new Worker(file('dist/quantize-worker.js')) })
  assert.ok(made.model.length > 1000)
  assert.deepEqual((await quantizeStaticInWorker(MODEL, batches(), { worker: file('dist/quantize-worker.js') })).model, made.model)
})

test('bundled and minified by somebody else, with the worker as a file of its own', { skip }, async () => {
  const folder = mkdtempSync(join(ROOT, 'build/bundle-'))
  try {
    const entry = (name: string) => join(ROOT, 'dist', `${name}.js`)
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
    await build({ entryPoints: { app: entry('quantize'), 'my-worker': entry('quantize-worker') }, outdir: folder, bundle: true, minify: true, format: 'esm', external: ['node:*'], logLevel: 'error' })
    const app = (await import(pathToFileURL(join(folder, 'app.js')).href)) as typeof Quantize
    const feeds = batches().map(({ image }) => ({ image: new app.Tensor('float32', image!.data, image!.dims) }))
    const { model, observers } = await app.quantizeStaticInWorker(MODEL, feeds, { worker: pathToFileURL(join(folder, 'my-worker.js')), wasmFolder: file('dist/') })
    const want = await quantizeStatic(MODEL, batches())
    assert.deepEqual(model, want.model)
    assert.deepEqual([...observers.keys()], [...want.observers.keys()])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a worker that does not start says what to do', { skip }, async () => {
  const error = await failure(quantizeStaticInWorker(MODEL, batches(), { worker: file('dist/no-such-worker.js') }))
  assert.equal(error.code, 'SOURCE_UNREADABLE')
  assert.match(error.message, /the worker did not start: .*no-such-worker.*option worker/)
  const dead = await failure(quantizeStaticInWorker(MODEL, batches(), { worker: () => new Worker('process.exit(3)', { eval: true }) }))
  assert.match(dead.message, /ended with 3/)
})
