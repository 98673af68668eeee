import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gemm, pack } from '../reference/gemm.js'
import { floats, sameBits } from './floats.js'
import { edges, out, random, tiersUnderTest } from './harness.js'

const ROWS = out('uint32', 256)
const one = Int32Array.of(0, 0, 0)

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: f32_pack lays any view of B in panels of eight columns`, () => {
    for (const n of edges(8))
      for (const k of [1, 3, 6]) {
        const x = floats(n * k * 2, n * 31 + k)
        const plain = { batches: 1, batchStride: 0, kOuter: 1, kInner: k, kOuterStride: 0, nOuter: 1, nInner: n, nOuterStride: 0 }
        const call = (args: object): Float32Array => tier.call('f32_pack', { x, y: out('float32', Math.ceil(n / 8) * 8 * k), ...plain, alpha: 1, ...args } as never).y as Float32Array
        sameBits(call({ kInnerStride: n, nInnerStride: 1 }), pack((l, j) => x[l * n + j]!, k, n), `rows n=${n} k=${k}`)
        sameBits(call({ kInnerStride: 1, nInnerStride: k, alpha: 0.3 }), pack((l, j) => x[j * k + l]!, k, n, Math.fround(0.3)), `transposed n=${n} k=${k}`)
        sameBits(call({ kInnerStride: n, nInnerStride: 1, alpha: -2 }), pack((l, j) => x[l * n + j]!, k, n, -2), `scaled n=${n} k=${k}`)
        if (k === 6) {
          const split = { kOuter: 3, kInner: 2, kOuterStride: 1, kInnerStride: 3, nInnerStride: 6 }
          sameBits(call(split), pack((l, j) => x[j * 6 + (l % 2) * 3 + Math.floor(l / 2)]!, k, n), `split k n=${n}`)
        }
      }
  })

  test(`${tier.name}: f32_pack splits columns and walks batches`, () => {
    const x = floats(2 * 5 * 12, 7)
    const { y } = tier.call('f32_pack', {
      x, y: out('float32', 2 * 2 * 5 * 8), batches: 2, batchStride: 60, kOuter: 1, kInner: 5, kOuterStride: 0, kInnerStride: 12,
      nOuter: 4, nInner: 3, nOuterStride: 1, nInnerStride: 4, alpha: 1,
    })
    const half = (at: number): Float32Array => pack((l, j) => x[at + l * 12 + (j % 3) * 4 + Math.floor(j / 3)]!, 5, 12)
    sameBits(y as Float32Array, Float32Array.from([...half(0), ...half(60)]), 'two batches')
  })

  test(`${tier.name}: f32_gemm gives the reference's bits`, () => {
    let cases = 0
    for (const m of [...edges(4), 257])
      for (const n of [...edges(8), 32, 67])
        for (const k of [1, 2, 7, 64]) {
          const next = random(m * 1000 + n * 10 + k)
          const lda = k + (next() % 3), ldc = n + (next() % 4)
          const a = floats(m * lda, next()), b = floats(k * n, next()), bias = floats(n, next()), before = floats(m * ldc, next())
          const mode = next() % 3
          const clamped = next() % 2 === 0
          const [lo, hi] = clamped ? [-0.5, 1.25] : [-Infinity, Infinity]
          const { c } = tier.call('f32_gemm', {
            a, b: pack((l, j) => b[l * n + j]!, k, n), start: mode === 0 ? bias : mode === 1 ? before : null, lds: mode === 1 ? ldc : 0,
            c: out('float32', m * ldc, before), rows: ROWS, segments: Uint32Array.of(0), segmentCount: 1, run: k, offsets: one, batches: 1, m, n, lda, ldc, lo, hi,
          })
          const start = (i: number, j: number): number => (mode === 0 ? bias[j]! : mode === 1 ? before[i * ldc + j]! : 0)
          sameBits(c as Float32Array, gemm(a, b, start, before, { m, n, k, lda, ldc, lo, hi }), `m=${m} n=${n} k=${k} mode=${mode} clamp=${clamped}`)
          cases++
        }
    assert.ok(cases > 100)
  })

  test(`${tier.name}: f32_gemm blocks long rows, walks batches, lets NaN through the clamp`, () => {
    const m = 37, n = 9, k = 2100
    const a = floats(2 * m * k, 3), b = floats(k * n, 4)
    a[k + 5] = NaN
    a[2 * k + 5] = Infinity
    const panels = pack((l, j) => b[l * n + j]!, k, n)
    const { c } = tier.call('f32_gemm', {
      a, b: panels, start: null, lds: 0, c: out('float32', 2 * m * n), rows: ROWS, segments: Uint32Array.of(0), segmentCount: 1, run: k,
      offsets: Int32Array.of(4 * m * k, 0, 0, 0, 0, 4 * m * n), batches: 2, m, n, lda: k, ldc: n, lo: 0, hi: 6,
    })
    const half = (at: number): Float32Array => gemm(a.subarray(at), b, () => 0, new Float32Array(m * n), { m, n, k, lo: 0, hi: 6 })
    sameBits(c as Float32Array, Float32Array.from([...half(m * k), ...half(0)]), 'two products')
  })

  test(`${tier.name}: f32_gemm reads a column-major A by segments of one float`, () => {
    const m = 6, n = 11, k = 5
    const a = floats(m * k, 8), b = floats(k * n, 9), start = floats(m * 12, 10)
    const { c } = tier.call('f32_gemm', {
      a, b: pack((l, j) => b[l * n + j]!, k, n), start, lds: 12, c: out('float32', m * n), rows: ROWS, segments: Uint32Array.from({ length: k }, (_, l) => 4 * l * m),
      segmentCount: k, run: 1, offsets: one, batches: 1, m, n, lda: 1, ldc: n, lo: -Infinity, hi: Infinity,
    })
    const rowMajor = Float32Array.from({ length: m * k }, (_, i) => a[(i % k) * m + Math.floor(i / k)]!)
    sameBits(c as Float32Array, gemm(rowMajor, b, (i, j) => start[i * 12 + j]!, new Float32Array(m * n), { m, n, k }), 'transposed A')
  })
}
