import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OctavoError } from '../../../src/errors.js'
import { Tensor } from '../../../src/value.js'
import { BatchSource } from '../../../src/workflow/graph/batches.js'
import type { Batch } from '../../../src/workflow/graph/options.js'

const batch = (v: number, size = 4): Batch => ({ x: new Tensor('float32', new Float32Array(size).fill(v)) })
const values = async (source: AsyncIterable<Batch>): Promise<number[]> => {
  const seen: number[] = []
  for await (const { x } of source) seen.push(x!.data[0] as number)
  return seen
}
const code = (expected: string, part?: RegExp) => (error: unknown): boolean =>
  error instanceof OctavoError && error.code === expected && (!part || part.test(error.message))

function* three(): Generator<Batch> {
  for (let i = 0; i < 3; i++) yield batch(i)
}
async function* threeLater(): AsyncGenerator<Batch> {
  for (const b of three()) {
    await new Promise((resume) => setTimeout(resume, 1))
    yield b
  }
}

test('every form of batches is walked as often as asked', async () => {
  for (const [form, batches] of Object.entries({ array: [...three()], iterable: three(), set: new Set(three()), asyncIterable: threeLater(), function: three, asyncFunction: threeLater })) {
    const source = new BatchSource(batches)
    assert.equal(source.complete, true, form)
    for (let walk = 0; walk < 3; walk++) assert.deepEqual(await values(source), [0, 1, 2], `${form}, walk ${walk}`)
    assert.equal(source.complete, true, form)
    assert.equal(source.count, form === 'array' ? 3 : undefined)
  }
})

test('what can be read once is kept while it fits, as copies, and the first walk sees all of it', async () => {
  function* reused(): Generator<Batch> {
    const x = new Tensor('float32', new Float32Array(4))
    for (let i = 0; i < 5; i++) {
      x.data.fill(i as never)
      yield { x }
    }
  }
  const source = new BatchSource(reused(), undefined, 3 * 16)
  assert.deepEqual(await values(source), [0, 1, 2, 3, 4])
  assert.equal(source.complete, false)
  assert.deepEqual(await values(source), [0, 1, 2])
  assert.deepEqual(await values(source), [0, 1, 2])
  const large = new BatchSource(reused(), undefined, 15)
  assert.deepEqual(await values(large), [0, 1, 2, 3, 4])
  await assert.rejects(values(large), code('CALIBRATION_INVALID', /read once only/))
})

test('a walk that stops early closes the source; an array starts again, what is read once does not', async () => {
  let closed = 0
  function* watched(): Generator<Batch> {
    try { yield* three() } finally { closed++ }
  }
  const once = new BatchSource(watched())
  assert.deepEqual(await values(once.first(2)), [0, 1])
  assert.equal(closed, 1)
  assert.equal(once.complete, false)
  assert.deepEqual(await values(once), [0, 1])
  const often = new BatchSource(watched)
  assert.deepEqual(await values(often.first(1)), [0])
  assert.deepEqual(await values(often), [0, 1, 2])
  assert.deepEqual(await values(new BatchSource([...three()]).first(9)), [0, 1, 2])
})

test('memory does not grow with the number of batches', async () => {
  let made = 0
  function* many(): Generator<Batch> {
    for (; made < 400; made++) yield batch(made, 1 << 18)
  }
  let walked = 0, most = 0
  for await (const { x } of new BatchSource(many())) {
    walked += x!.size
    most = Math.max(most, process.memoryUsage().arrayBuffers)
  }
  assert.equal(walked, 400 << 18)
  assert.ok(most < 350 * 2 ** 20, `${most} bytes of ${walked * 4}`)
})

test('bad data is refused with the batch', async () => {
  assert.throws(() => new BatchSource({ x: batch(0) } as never), code('OPTION_INVALID', /"x"/))
  assert.throws(() => new BatchSource(7 as never), code('OPTION_INVALID'))
  await assert.rejects(values(new BatchSource([])), code('CALIBRATION_INVALID', /no batches/))
  await assert.rejects(values(new BatchSource(() => 5 as never)), code('OPTION_INVALID', /function/))
  await assert.rejects(values(new BatchSource([batch(0), new Tensor('float32', [1]) as never])), code('CALIBRATION_INVALID', /batch 1.*a Tensor/))
  await assert.rejects(values(new BatchSource([{ x: [1, 2] } as never])), code('CALIBRATION_INVALID', /batch 0/))
  const spent = three()
  const source = new BatchSource(() => spent)
  assert.deepEqual(await values(source), [0, 1, 2])
  await assert.rejects(values(source), code('CALIBRATION_INVALID', /from the beginning/))
  async function* broken(): AsyncGenerator<Batch> {
    yield batch(0)
    throw new Error('the disk is gone')
  }
  const failure = await values(new BatchSource(broken())).catch((e: unknown) => e)
  assert.ok(code('CALIBRATION_INVALID', /batch 1: .*the disk is gone/)(failure))
  assert.equal(((failure as OctavoError).cause as Error).message, 'the disk is gone')
})

test('an abort ends a walk at once, also one that waits for data, and closes the source', async () => {
  const abort = new AbortController()
  let closed = false
  const never: AsyncIterable<Batch> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: async () => { closed = true; return { done: true, value: undefined } } }) }
  const waiting = values(new BatchSource(never, abort.signal))
  setTimeout(() => abort.abort('enough'), 5)
  const error = await waiting.catch((e: unknown) => e)
  assert.ok(code('ABORTED')(error) && (error as OctavoError).cause === 'enough')
  assert.equal(closed, true)
  await assert.rejects(values(new BatchSource([batch(0)], AbortSignal.abort())), code('ABORTED'))
  const later = new AbortController()
  const seen: number[] = []
  await assert.rejects(async () => {
    for await (const { x } of new BatchSource(three, later.signal)) {
      seen.push(x!.data[0] as number)
      if (seen.length === 2) later.abort()
    }
  }, code('ABORTED'))
  assert.deepEqual(seen, [0, 1])
})
