import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { Arguments, type Usage } from '../../src/cli/arguments.js'
import { CALIBRATION_OPTIONS, openCalibrationData, shardOf } from '../../src/cli/calibration-data.js'
import { cutIntoBatches } from '../../src/cli/cut-batches.js'
import { writeWhole } from '../../src/cli/node-files.js'
import { TIER_OPTION } from '../../src/cli/arguments.js'
import { OctavoError, type ErrorCode } from '../../src/errors.js'
import { writeNpy } from '../../src/formats/npy.js'
import { Tensor } from '../../src/value.js'
import type { Batch } from '../../src/workflow/graph/options.js'

const MODEL = 'examples/digits/digits-float.onnx', RECIPE = 'examples/digits/recipe.json'
const usage: Usage = { name: 'test', summary: '', synopsis: [], about: '', options: { ...CALIBRATION_OPTIONS, ...TIER_OPTION }, examples: [] }
const argsOf = (...argv: string[]): Arguments => Arguments.parse(argv, usage)
const drawings = gunzipSync(readFileSync('examples/digits/drawings.bin.gz'))
const drawing = (i: number): Float32Array => Float32Array.from(drawings.subarray(i * 400, (i + 1) * 400), (v) => v * Math.fround(1 / 255))

async function read(...argv: string[]): Promise<{ total: number | undefined; batches: Batch[] }> {
  const data = await openCalibrationData(argsOf(...argv), MODEL)
  try {
    const batches: Batch[] = []
    for await (const batch of data.batches()) batches.push(batch)
    let again = 0
    for await (const batch of data.batches()) assert.deepEqual(batch, batches[again++])
    assert.equal(again, batches.length)
    return { total: data.total, batches }
  } finally {
    data.release()
  }
}

const is = (batches: readonly Batch[], indices: readonly number[]): void => {
  assert.equal(batches.length, indices.length)
  batches.forEach((batch, i) => assert.deepEqual(batch['image'], new Tensor('float32', drawing(indices[i]!), [1, 1, 20, 20])))
}
const numbers = (from: number, every: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + every * i)

function inFolder(work: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-'))
    try {
      await work(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

const rejects = (run: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> =>
  assert.rejects(run, (e) => e instanceof OctavoError && e.code === code && (assert.match(e.message, words), true))

test('a recipe: its even samples, those asked for, the shard\'s', async () => {
  const even = await read('--recipe', RECIPE)
  is(even.batches, numbers(0, 2, 100))
  assert.equal(even.total, 100)
  is((await read('--recipe', RECIPE, '--every', '50', '--from', '3')).batches, [3, 53, 103, 153])
  const seen = []
  for (const k of [1, 2, 3]) {
    const { batches, total } = await read('--recipe', RECIPE, '--limit', '7', '--shard', `${k}/3`)
    assert.equal(total, batches.length)
    is(batches, [0, 2, 4, 6, 8, 10, 12].filter((_, i) => i % 3 === k - 1))
    seen.push(...batches)
  }
  assert.equal(seen.length, 7)
})

test('folders and files of NumPy arrays', inFolder(async (folder) => {
  const all = new Tensor('float32', Float32Array.from({ length: 2400 }, (_, i) => drawing(Math.floor(i / 400))[i % 400]!), [6, 1, 20, 20])
  const npz = join(folder, 'all.npz')
  writeFileSync(npz, zipSync({ 'image.npy': writeNpy(all) }))
  const whole = await read('--calibrate', npz)
  is(whole.batches, numbers(0, 1, 6))
  assert.equal(whole.total, 6)
  is((await read('--calibrate', npz, '--every', '2', '--from', '1', '--limit', '2')).batches, [1, 3])
  writeFileSync(npz, zipSync({ 'arr_0.npy': writeNpy(all) }))
  is((await read('--calibrate', npz)).batches, numbers(0, 1, 6))
  mkdirSync(join(folder, 'many'))
  for (const i of numbers(0, 1, 4)) writeFileSync(join(folder, 'many', `${i}.npy`), writeNpy(new Tensor('float32', drawing(i), [1, 1, 20, 20])))
  const many = await read('--calibrate', join(folder, 'many'))
  is(many.batches, numbers(0, 1, 4))
  is((await read('--calibrate', join(folder, 'many'), '--shard', '2/2')).batches, [1, 3])
}))

test('a folder of pictures, made into inputs by options or by a recipe', inFolder(async (folder) => {
  const { default: sharp } = await import('sharp')
  for (const i of numbers(0, 1, 5)) await sharp(drawings.subarray(i * 400, (i + 1) * 400), { raw: { width: 20, height: 20, channels: 1 } }).png().toFile(join(folder, `${i}.png`))
  is((await read('--calibrate', folder)).batches, numbers(0, 1, 5))
  is((await read('--calibrate', folder, '--recipe', RECIPE, '--from', '2')).batches, [2, 3, 4])
  const { batches: [signed] } = await read('--calibrate', folder, '--pixels', 'signed')
  assert.ok(Math.min(...(signed!['image']!.data as Float32Array)) === -1)
  writeFileSync(join(folder, 'x.npy'), writeNpy(new Tensor('float32', drawing(0), [1, 1, 20, 20])))
  await rejects(read('--calibrate', folder), 'OPTION_INVALID', /5 pictures and 1 NumPy/)
}))

test('what cannot be calibrated on is refused', inFolder(async (folder) => {
  await rejects(read(), 'OPTION_INVALID', /--calibrate.*--recipe/)
  await rejects(read('--calibrate', folder), 'FILE_UNREADABLE', /no pictures/)
  await rejects(read('--calibrate', join(folder, 'none')), 'FILE_UNREADABLE', /no such file/)
  await rejects(read('--calibrate', RECIPE), 'OPTION_INVALID', /expected a folder, an .npz/)
  await rejects(read('--recipe', RECIPE, '--from', '200'), 'OPTION_INVALID', /no sample is left/)
  for (const bad of ['0/3', '4/3', '3', 'a/b', '1/0']) assert.throws(() => shardOf(argsOf('--shard', bad)), /OPTION_INVALID: --shard/)
  assert.deepEqual(shardOf(argsOf('--shard', '3/16')), { index: 3, count: 16 })
}))

test('arrays are cut into what the model takes', () => {
  const array = (...dims: number[]): Tensor => new Tensor('float32', Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i), dims)
  const input = (name: string, ...dims: (number | string | null)[]) => ({ name, dtype: 'float32' as const, dims })
  const cut = (arrays: Record<string, Tensor>, ...inputs: ReturnType<typeof input>[]) => cutIntoBatches(new Map(Object.entries(arrays)), inputs, 'f')
  const shapes = (batches: Batch[]): string => batches.map((b) => Object.values(b).map((t) => `${t.dims}:${t.data[0]}`).join(' ')).join('|')
  assert.equal(shapes(cut({ x: array(3, 2) }, input('x', 'N', 2))), '1,2:0|1,2:2|1,2:4')
  assert.equal(shapes(cut({ x: array(4, 2) }, input('x', 2, 2))), '2,2:0|2,2:4')
  assert.equal(shapes(cut({ x: array(2, 5, 3) }, input('x', 'L', 3))), '5,3:0|5,3:15')
  assert.equal(shapes(cut({ x: array(3, 2), s: array(1) }, input('x', 1, 2), input('s', 1))), '1,2:0 1:0|1,2:2 1:0|1,2:4 1:0')
  assert.equal(shapes(cut({ x: array(3, 2) }, input('x', 2, 2))), '3,2:0', 'left for the session to refuse')
  assert.throws(() => cut({ x: array(3, 2), y: array(2, 2) }, input('x', 1, 2), input('y', 1, 2)), /INPUT_MISMATCH.*3 feeds|2 feeds/)
  assert.throws(() => cut({ z: array(3, 2) }, input('x', 1, 2), input('y', 1, 2)), /INPUT_MISMATCH: f: no array "x"/)
})

test('files are written whole or not at all', inFolder(async (folder) => {
  const file = join(folder, 'a.bin'), link = join(folder, 'link')
  await writeWhole(file, 'first')
  symlinkSync(file, link)
  await writeWhole(link, 'second')
  assert.deepEqual([readFileSync(file, 'utf8'), statSync(link).isFile(), readdirSync(folder).sort()], ['second', true, ['a.bin', 'link']])
  await rejects(writeWhole(join(folder, 'no', 'b'), ''), 'FILE_UNWRITABLE', /folder is not there/)
  await rejects(writeWhole(folder, ''), 'FILE_UNWRITABLE', /it is a folder/)
  if (existsSync('/dev/full')) await rejects(writeWhole('/dev/full', 'x'), 'FILE_UNWRITABLE', /disk is full/)
  assert.deepEqual(readdirSync(folder).sort(), ['a.bin', 'link'], 'nothing is left over')
}))
