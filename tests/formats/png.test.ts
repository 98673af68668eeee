import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { encodePng } from '../../src/formats/png.js'

test('pixels come back as they were, whatever they are', async () => {
  const shapes = [[1, 1], [3, 2], [17, 5], [64, 48]] as const
  const fills: readonly ((i: number) => number)[] = [() => 0, (i) => i, (i) => (i * 2654435761) >>> 24, (i) => (i % 97 < 48 ? 255 : 3), (i) => Math.floor(i / 50)]
  for (const [width, height] of shapes)
    for (const channels of [1, 3])
      for (const fill of fills) {
        const data = Uint8Array.from({ length: width * height * channels }, (_, i) => fill(i))
        const png = encodePng({ width, height, channels, data })
        const read = await sharp(png).toColourspace(channels === 1 ? 'b-w' : 'srgb').raw().toBuffer({ resolveWithObject: true })
        assert.deepEqual([read.info.width, read.info.height, read.info.channels], [width, height, channels])
        assert.ok(Buffer.from(data).equals(read.data))
      }
})

test('filters make smooth pictures small', () => {
  const data = Uint8Array.from({ length: 100 * 100 * 3 }, (_, i) => (i % 300) / 3 + Math.floor(i / 300))
  assert.ok(encodePng({ width: 100, height: 100, channels: 3, data }).length < 1000)
})

test('what is no picture is refused', () => {
  for (const bad of [{ width: 2, height: 2, channels: 4, data: new Uint8Array(16) }, { width: 2, height: 2, channels: 3, data: new Uint8Array(4) }, { width: 0, height: 1, channels: 1, data: new Uint8Array(0) }])
    assert.throws(() => encodePng(bad), { code: 'SHAPE_MISMATCH' })
})
