import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernels } from '../../src/quantization/kernels.js'
import * as reference from '../reference/error.js'
import { dataOf, eachTier } from './golden.js'

const random = (seed: number, count: number, scale = 1): Float32Array => dataOf({ seed, count, kind: 'normal', scale, shift: 0.25 * scale })
/** y = x with some error, and a few elements that are no numbers. */
function pair(seed: number, count: number, wild: boolean): [Float32Array, Float32Array] {
  const [x, noise] = [random(seed, count, 3 ** (seed % 5)), random(seed + 1, count, 0.01)]
  const y = x.map((v, i) => v + noise[i]!)
  if (wild) [NaN, Infinity, -Infinity].forEach((v, i) => { if (count > 3 * i + 1) x[3 * i + 1] = v })
  return [x, y]
}

test('sums of squares and of errors are those of the reference, to the bit, in every tier', () => {
  let cases = 0
  eachTier(() => {
    for (const count of [0, 1, 3, 7, 8, 9, 15, 16, 17, 100, 1023, 65535, 65536, 65537, 65536 * 2 + 5])
      for (const wild of [false, true]) {
        const [x, y] = pair(count + 11, count, wild)
        assert.deepEqual(kernels().errorSums(x, y), reference.errorSums(x, y), `${count} elements, ${wild}`)
        cases++
      }
  })
  console.log(`# error sums: ${cases} cases`)
})

test('a result that is no number where the float one is shows in the error', () => {
  eachTier(() => {
    for (const at of [0, 9]) {
      const x = random(3, 10), y = x.slice()
      y[at] = NaN
      assert.ok(Number.isNaN(kernels().errorSums(x, y).noise))
      y[at] = Infinity
      assert.equal(kernels().errorSums(x, y).noise, Infinity)
    }
  })
})

test('sums of errors per channel are those of the reference, to the bit, in every tier', () => {
  let cases = 0
  eachTier(() => {
    for (const outer of [0, 1, 2, 5])
      for (const channels of [1, 3, 8])
        for (const inner of [1, 2, 7, 8, 9, 49, 5000]) {
          const [x, y] = pair(outer + channels + inner, outer * channels * inner, false)
          assert.deepEqual(kernels().errorChannels(x, y, outer, channels, inner), reference.errorChannels(x, y, outer, channels, inner), `[${outer}, ${channels}, ${inner}]`)
          cases++
        }
    assert.deepEqual(kernels().errorChannels(random(1, 0), random(1, 0), 2, 3, 0), new Float64Array(3))
  })
  console.log(`# error sums per channel: ${cases} cases`)
})

test('scaling channels is one rounding', () => {
  eachTier(() => {
    for (const [outer, channels, inner] of [[1, 1, 1], [2, 3, 9], [5, 8, 1], [3, 4, 21], [1, 7, 1000]] as const) {
      const x = random(inner, outer * channels * inner), scale = random(inner + 1, channels, 4)
      const copy = x.slice()
      assert.deepEqual(kernels().scaleChannels(x, scale, outer, channels, inner), reference.scaleChannels(x, scale, channels, inner))
      assert.deepEqual(x, copy)
    }
  })
})

test('largest magnitudes of rows and columns under scales', () => {
  eachTier(() => {
    for (const [groups, rows, columns, inner] of [[1, 1, 1, 1], [1, 5, 7, 9], [3, 2, 4, 1], [8, 1, 1, 25], [2, 6, 13, 4]] as const) {
      const x = random(columns, groups * rows * columns * inner), rowScale = random(2, groups * rows).map(Math.abs), columnScale = random(3, groups * columns).map(Math.abs)
      const m = kernels().absoluteRows(x, groups * rows * columns)
      assert.deepEqual(m, Float32Array.from({ length: m.length }, (_, r) => Math.max(...x.subarray(r * inner, (r + 1) * inner).map(Math.abs))))
      const at = (g: number, r: number, c: number): number => Math.fround(Math.fround(m[(g * rows + r) * columns + c]! * rowScale[g * rows + r]!) * columnScale[g * columns + c]!)
      const indices = (n: number): number[] => [...Array(n).keys()]
      const expected = {
        rows: Float32Array.from(indices(groups * rows), (i) => Math.max(...indices(columns).map((c) => at(Math.floor(i / rows), i % rows, c)))),
        columns: Float32Array.from(indices(groups * columns), (i) => Math.max(...indices(rows).map((r) => at(Math.floor(i / columns), r, i % columns)))),
      }
      assert.deepEqual(kernels().matrixRanges(m, groups, rowScale, columnScale), expected)
    }
    assert.ok(Number.isNaN(kernels().absoluteRows(Float32Array.of(1, NaN, 2, 3, 4, 5), 1)[0]))
  })
})
