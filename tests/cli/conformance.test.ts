import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { difference } from '../../src/cli/compare.js'
import { fromHalf } from '../../src/value.js'
import { runCase, type Subject } from '../../src/cli/conformance-case.js'
import { readTarGz } from '../../src/cli/tar.js'
import { OctavoError } from '../../src/errors.js'
import { Tensor } from '../../src/value.js'

const ascii = (text: string) => new TextEncoder().encode(text)

/** One tar entry: header and padded body. */
function entry(name: string, body: Uint8Array, type = '0', prefix = ''): Uint8Array {
  const block = new Uint8Array(512 + Math.ceil(body.length / 512) * 512)
  block.set(ascii(name), 0)
  block.set(ascii(body.length.toString(8).padStart(11, '0')), 124)
  block[156] = type.charCodeAt(0)
  block.set(ascii('ustar'), 257)
  block.set(ascii(prefix), 345)
  block.set(body, 512)
  return block
}

const tar = (...entries: Uint8Array[]) => gzipSync(Buffer.concat([...entries, new Uint8Array(1024)]))

test('tar: files, prefixes, long names of both kinds, folders left out', () => {
  const files = readTarGz(tar(
    entry('a/', new Uint8Array(0), '5'), entry('a/one', ascii('1')), entry('two', ascii('22'), '0', 'deep/er'),
    entry('././@LongLink', ascii('long/name/of/three\0'), 'L'), entry('long', ascii('333')),
    entry('pax', ascii('23 path=pax/name/four\n'), 'x'), entry('p', new Uint8Array(600).fill(4)), entry('five', new Uint8Array(0)),
  ), 'x.tar.gz')
  assert.deepEqual([...files].map(([name, bytes]) => [name, bytes.length]), [['a/one', 1], ['deep/er/two', 2], ['long/name/of/three', 3], ['pax/name/four', 600], ['five', 0]])
})

test('tar: a cut archive and a file that is no gzip are coded errors', () => {
  const cut = gzipSync(entry('a', new Uint8Array(900)).subarray(0, 1000))
  for (const bytes of [cut, ascii('no gzip')]) assert.throws(() => readTarGz(bytes, 'x.tar.gz'), (e) => e instanceof OctavoError && e.code === 'FILE_UNREADABLE' && e.message.includes('x.tar.gz'))
})

test('tolerances: floats within rtol and atol, integers exact, NaN and infinities as wanted', () => {
  const f = (...v: number[]) => new Tensor('float32', v)
  assert.equal(difference(f(1.0009, NaN, -Infinity, 0), f(1, NaN, -Infinity, 5e-8)), undefined)
  assert.match(difference(f(1.002), f(1))!, /1 of 1 elements differ; element 0: expected 1, got 1\.00/)
  assert.match(difference(f(1, 2), f(NaN, 2))!, /expected NaN, got 1/)
  assert.ok(difference(f(3e38), f(Infinity)))
  assert.ok(difference(f(NaN), f(0)))
  assert.match(difference(new Tensor('int32', [100001]), new Tensor('int32', [100000]))!, /expected 100000, got 100001/)
  assert.match(difference(new Tensor('uint8', [1]), new Tensor('int8', [1]))!, /expected int8, got uint8/)
  assert.match(difference(new Tensor('uint8', [1, 2], [2, 1]), new Tensor('uint8', [1, 2], [1, 2]))!, /dims \[1,2\], got \[2,1\]/)
  assert.equal(difference(undefined, f(1)), 'the output is missing')
})

test('half precision bits', () => {
  assert.deepEqual([0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00].map(fromHalf), [1, -2, 65504, 2 ** -24, -0, Infinity])
  assert.ok(Number.isNaN(fromHalf(0x7e00)))
})

/** A TensorProto of float32: dims, data_type 1, name, raw_data. */
function proto(name: string, values: number[]): Uint8Array {
  const raw = new Uint8Array(Float32Array.from(values).buffer)
  return Uint8Array.from([8, values.length, 16, 1, 0x42, name.length, ...ascii(name), 0x4a, raw.length, ...raw])
}

test('a case: feeds by position, the first difference, unsupported against failed, and the session given back', async () => {
  let released = 0
  const subject = (answer: number): Subject => ({
    inputNames: ['x'], outputNames: ['y'], release: () => { released++ },
    run: async ({ x }) => ({ y: new Tensor('float32', Array.from(x!.data as Float32Array, (v) => v + answer)) }),
  })
  const one = { name: 'test_one', model: new Uint8Array(0), sets: [{ inputs: [proto('other', [1, 2])], outputs: [proto('y', [2, 3])] }] }
  assert.deepEqual(await runCase(one, async () => subject(1)), { status: 'passed' })
  const wrong = await runCase(one, async () => subject(2))
  assert.equal(wrong.status, 'failed')
  assert.match('reason' in wrong ? wrong.reason : '', /output "y": 2 of 2 elements differ; element 0: expected 2, got 3/)
  const refused = await runCase(one, async () => { throw new OctavoError('OP_UNSUPPORTED', 'no') })
  assert.deepEqual(refused, { status: 'unsupported', code: 'OP_UNSUPPORTED', reason: 'OP_UNSUPPORTED: no' })
  assert.equal((await runCase(one, async () => { throw new RangeError('trap') })).status, 'failed')
  assert.equal(released, 2)
})
