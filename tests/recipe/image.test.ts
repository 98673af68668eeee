import assert from 'node:assert/strict'
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readImage } from '../../src/cli/images.js'
import { OctavoError } from '../../src/errors.js'
import { centerCrop, letterbox, letterboxPlace, pickChannels, resizeShort, shapeImage, type Image } from '../../src/recipe/image.js'
import { resize } from '../../src/recipe/resample.js'

/** Made by tests/golden/pictures.py. */
const golden = JSON.parse(readFileSync('tests/golden/pictures.json', 'utf8')) as {
  resize: { width: number; height: number; channels: number; data: string; toWidth: number; toHeight: number; result: string }[]
  gray: { width: number; height: number; data: string; result: string }
  files: { name: string; file: string; width: number; height: number; pixels: string }[]
}
const unpack = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
const ramp = (width: number, height: number, channels = 1): Image => ({ width, height, channels, data: Uint8Array.from({ length: width * height * channels }, (_, i) => i % 251) })

for (const c of golden.resize)
  test(`resize ${c.width}×${c.height}×${c.channels} to ${c.toWidth}×${c.toHeight}: Pillow's bytes`, () => {
    const image = resize({ width: c.width, height: c.height, channels: c.channels, data: unpack(c.data) }, c.toWidth, c.toHeight, 'bilinear-antialias')
    assert.deepEqual([image.width, image.height, image.channels], [c.toWidth, c.toHeight, c.channels])
    assert.deepEqual(image.data, unpack(c.result))
  })

test('plain bilinear: two neighbours whatever the reduction, edges held', () => {
  const row = (data: number[], to: number) => Array.from(resize({ width: data.length, height: 1, channels: 1, data: Uint8Array.from(data) }, to, 1, 'bilinear').data)
  assert.deepEqual(row([0, 100, 200, 40], 2), [50, 120])
  assert.deepEqual(row([10, 250, 0, 0, 90, 30, 0, 0], 2), [125, 15], 'halves go up; the outer pixels of each four do not count')
  assert.deepEqual(row([0, 100], 4), [0, 25, 75, 100])
})

test('gray: Pillow\'s bytes', () => {
  const { width, height, data, result } = golden.gray
  assert.deepEqual(pickChannels({ width, height, channels: 3, data: unpack(data) }, 'gray').data, unpack(result))
})

test('channels: bgr swaps, one channel becomes three equal ones', () => {
  assert.deepEqual([...pickChannels({ width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) }, 'bgr').data], [3, 2, 1, 6, 5, 4])
  assert.deepEqual([...pickChannels(ramp(2, 1), 'rgb').data], [0, 0, 0, 1, 1, 1])
  assert.deepEqual([...pickChannels(ramp(2, 1), 'gray').data], [0, 1])
})

test('crop: of an odd margin the smaller half goes left and top', () => {
  assert.deepEqual([...centerCrop(ramp(5, 4), 2).data], [6, 7, 11, 12])
  assert.deepEqual([...centerCrop(ramp(4, 5), 3).data].slice(0, 3), [4, 5, 6])
  assert.throws(() => centerCrop(ramp(5, 4), 5), (e) => e instanceof OctavoError && e.code === 'SHAPE_MISMATCH')
})

test('sizes: the short side decides, long sides are truncated; letterbox keeps the proportion', () => {
  const size = ({ width, height }: Image) => [width, height]
  assert.deepEqual(size(resizeShort(ramp(33, 20), 10, 'bilinear')), [16, 10])
  assert.deepEqual(size(resizeShort(ramp(20, 33), 10, 'bilinear')), [10, 16])
  assert.deepEqual(size(resizeShort(ramp(20, 20), 10, 'bilinear')), [10, 10])
  const box = letterbox({ width: 8, height: 4, channels: 1, data: new Uint8Array(32).fill(9) }, 4, 4, 'bilinear', 114, 'top-left')
  assert.deepEqual([...box.data], [...new Array(8).fill(9), ...new Array(8).fill(114)])
  assert.deepEqual(letterboxPlace({ width: 8, height: 4 }, 4, 5, 'center'), { scale: 0.5, left: 0, top: 1 })
  const shaped = shapeImage(ramp(40, 30, 3), { resizeShort: 20, centerCrop: 14, resizeAfterCrop: [6, 7], channels: 'gray' })
  assert.deepEqual([shaped.width, shaped.height, shaped.channels], [6, 7, 1])
})

for (const f of golden.files)
  test(`decode ${f.name}: Pillow's pixels, unturned and without colour management`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-'))
    try {
      writeFileSync(join(folder, f.name), unpack(f.file))
      const image = await readImage(join(folder, f.name))
      assert.deepEqual([image.width, image.height, image.channels], [f.width, f.height, 3])
      assert.deepEqual(image.data, unpack(f.pixels))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

test('decode: what is no picture is a coded error', async () => {
  await assert.rejects(readImage('package.json'), (e) => e instanceof OctavoError && e.code === 'FILE_UNREADABLE' && e.message.includes('package.json'))
  await assert.rejects(readImage('no-such.jpg'), (e) => e instanceof OctavoError && e.code === 'FILE_UNREADABLE')
})
