import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrayOf, type DType } from '../../src/dtype.js'
import { edges, out, random, tiersUnderTest } from './harness.js'

const OF_BYTES: Record<number, DType> = { 1: 'uint8', 2: 'uint16', 4: 'uint32', 8: 'uint64' }

/** The copy as its block describes it, one byte at a time. */
function reference(x: Uint8Array, y: Uint8Array, xAt: number, bytes: number, axes: readonly (readonly number[])[]): void {
  const walk = (k: number, from: number, to: number): void => {
    if (k === axes.length) for (let b = 0; b < bytes; b++) y[to + b] = x[from + b]!
    else for (let i = 0; i < axes[k]![0]!; i++) walk(k + 1, from + i * axes[k]![1]!, to + i * axes[k]![2]!)
  }
  walk(0, xAt, 0)
}

const bytesOf = (n: number, seed: number): Uint8Array => {
  const next = random(seed)
  return Uint8Array.from({ length: n }, () => next())
}

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: copy transposes matrices of every element size`, () => {
    for (const bytes of [1, 2, 4, 8, 3, 12, 20])
      for (const rows of [...edges(8), 3])
        for (const columns of [...edges(16), 3, 65]) {
          const x = bytesOf(rows * columns * bytes, rows * 100 + columns)
          const axes = [[columns, bytes, rows * bytes], [rows, columns * bytes, bytes]]
          const { y } = tier.call('copy', { x, y: out('uint8', x.length), axes: Int32Array.from(axes.flat()), rank: 2, bytes })
          const expected = new Uint8Array(x.length)
          reference(x, expected, 0, bytes, axes)
          assert.deepEqual(y, expected, `${rows}×${columns} of ${bytes} bytes`)
        }
  })

  test(`${tier.name}: copy moves runs of every length`, () => {
    for (const bytes of [1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 23, 31, 32, 33, 47, 48, 63, 64, 65, 511, 512, 513, 2000]) {
      const x = bytesOf(bytes * 3, bytes)
      const axes = [[1, 0, 0], [3, bytes, bytes]]
      const { y } = tier.call('copy', { x, y: out('uint8', x.length), axes: Int32Array.from(axes.flat()), rank: 2, bytes })
      assert.deepEqual(y, x, `${bytes} bytes`)
    }
  })

  test(`${tier.name}: copy follows any source strides: repeats and steps (reversals are Slice's tests)`, () => {
    const next = random(11)
    for (let trial = 0; trial < 400; trial++) {
      const rank = 2 + (next() % 4)
      const bytes = [1, 2, 4, 8][next() % 4]!
      const axes: number[][] = []
      let step = bytes
      let size = bytes
      for (let k = rank - 1; k >= 0; k--) {
        const count = 1 + (next() % (k >= rank - 2 ? 19 : 3))
        axes.unshift([count, (next() % 3) * step, size])
        step *= 2 * count
        size *= count
      }
      const x = bytesOf(step + bytes, trial + 1)
      const expected = new Uint8Array(size)
      reference(x, expected, 0, bytes, axes)
      const { y } = tier.call('copy', { x, y: out('uint8', size), axes: Int32Array.from(axes.flat()), rank, bytes })
      assert.deepEqual(y, expected, JSON.stringify({ bytes, axes }))
    }
  })

  test(`${tier.name}: copy writes strided targets and leaves the gaps alone`, () => {
    for (const [bytes, dtype] of Object.entries(OF_BYTES).map(([b, d]) => [Number(b), d] as const)) {
      const axes = [[5, 6 * bytes, 24 * bytes], [6, bytes, 3 * bytes]]
      const x = bytesOf(30 * bytes, 5)
      const initial = arrayOf(dtype, 120)
      const expected = new Uint8Array(120 * bytes)
      reference(x, expected, 0, bytes, axes)
      const { y } = tier.call('copy', { x, y: out(dtype, 120, initial), axes: Int32Array.from(axes.flat()), rank: 2, bytes })
      assert.deepEqual(new Uint8Array(y!.buffer), expected)
    }
  })
}
