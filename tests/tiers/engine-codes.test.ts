/** Kernels of PyTorch's quantized operators against their definitions, at the edges of their vectors, in every tier. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseQParams } from '../../src/quantization/choose-qparams.js'
import { clamp, rne } from '../reference/torch-quantized.js'
import { edges, out, random, tiersUnderTest } from './harness.js'

const f = Math.fround
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1e30, -1e30, 2 ** 31, -(2 ** 31), 0.5, 1.5, -0.5, 1e-45]
const same = (got: ArrayLike<number>, want: ArrayLike<number>, what: string): void => assert.deepEqual(Array.from(got), Array.from(want), what)

/** One scale: sum rounded once, NaN the greatest code. Per channel: rounded twice, NaN code 0. */
function quantized(x: number, scale: number, zero: number, lo: number, hi: number, fused: boolean): number {
  const inverse = f(1 / scale)
  const v = fused ? f(x * inverse + zero) : f(f(x * inverse) + zero)
  return Number.isNaN(v) ? (fused ? hi : 0) : rne(clamp(v, lo, hi))
}

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: f32_quantize_reciprocal of one scale and of many`, () => {
    const next = random(11)
    for (const [kernel, lo, hi, dtype, array] of [['f32_quantize_reciprocal_u8', 0, 255, 'uint8', Uint8Array], ['f32_quantize_reciprocal_s8', -128, 127, 'int8', Int8Array]] as const)
      for (const inner of [...edges(16), 61])
        for (const axis of [1, 3])
          for (const varied of [0, 1]) {
            const x = Float32Array.from({ length: 2 * axis * inner }, (_, i) => (i % 5 === 4 ? SPECIAL[next() % SPECIAL.length]! : f(((next() % 600) - 300) / 2 * 0.1)))
            const scale = Float32Array.from({ length: axis }, (_, c) => [0.1, 0.25, 0.037][c]!)
            const zero = new array(Array.from({ length: axis }, (_, c) => [lo, hi, lo + 100][(c + inner) % 3]!))
            const { y } = tier.call(kernel, { x, y: out(dtype, x.length), scale, zero, outer: 2, axis, block: 1, inner, scaleRow: 0, scaleStep: 1, varied, lo, hi })
            same(y as never, Array.from(x, (v, i) => quantized(v, scale[Math.floor(i / inner) % axis]!, zero[Math.floor(i / inner) % axis]!, lo, hi, !varied)), `${kernel} ${inner} × ${axis}`)
          }
    const x = Float32Array.from([...SPECIAL, 3.25, -7.5])
    const { y } = tier.call('f32_quantize_reciprocal_s32', { x, y: out('int32', x.length), scale: Float32Array.of(0.5), zero: Int32Array.of(3), outer: 1, axis: 1, block: 1, inner: x.length, scaleRow: 0, scaleStep: 1, varied: 0, lo: 0, hi: 0 })
    same(y as never, Array.from(x, (v) => (Number.isNaN(v) ? -(2 ** 31) : clamp(rne(f(f(v * 2) + 3)), -(2 ** 31), 2 ** 31 - 1))), 'int32')
  })

  test(`${tier.name}: f32_range_u8 chooses as PyTorch`, () => {
    const next = random(12)
    const cases = [[0], [1, 2], [-3, -1], [1e-9, 0], [-1e-9, 2e-9], [1e30, -1e30], [-2, 1e-9]]
    for (const count of [...edges(4), 33]) cases.push(Array.from({ length: count }, () => (next() / 2 ** 32 - 0.4) * 7))
    for (const values of cases)
      for (const codes of [127, 255])
        for (const handed of [0, 1]) {
          const x = Float32Array.from(values)
          const got = tier.call('f32_range_u8', { x, count: x.length, scale: out('float32', 1), zero: out('uint8', 1), codes, handed })
          const { scale, zeroPoint } = chooseQParams(Math.min(...x), Math.max(...x), 0, codes)
          same([got.scale![0] as number, got.zero![0] as number], [handed ? f(1 / f(1 / scale)) : f(scale), zeroPoint], `${values.slice(0, 3)} ${codes}`)
        }
  })

  test(`${tier.name}: q8_table_binary adds, multiplies and adds in fixed point, over any broadcast`, () => {
    const next = random(13)
    const floats = (): Float32Array => Float32Array.from({ length: 256 }, () => (next() / 2 ** 31 - 1) * 40)
    const ints = (): Int32Array => Int32Array.from({ length: 256 }, () => (next() | 0) >> 4)
    const codes = (n: number): Uint8Array => Uint8Array.from({ length: n }, () => next() & 255)
    for (const inner of [...edges(4), 21])
      for (const mid of [1, 3])
        for (const innerB of [0, 1])
          for (const op of [0, 1, 2]) {
            const [a, b] = [codes(mid * inner), codes(innerB ? mid * inner : mid)]
            const [aTable, bTable] = op === 2 ? [ints(), ints()] : [floats(), floats()]
            const [scale, early, late, lo, hi, shift] = [op === 1 ? f(0.031) : f(1.7), op === 0 ? 9 : 0, op === 0 ? 0 : 12, op === 0 ? 0 : -12, op === 0 ? 255 : 243, 17]
            const { y } = tier.call('q8_table_binary', {
              a, b, c: null, y: out('uint8', mid * inner), op, inner, innerA: 1, innerB, innerC: 0, mid, midA: inner, midB: innerB ? inner : 1, midC: 0, lineBytes: inner, outer: 1, rank: 0, table: null,
              aTable, bTable, shift, late, scale, early, lo, hi,
            })
            const want = Array.from(a, (code, i) => {
              const [p, q] = [aTable[code]!, bTable[b[innerB ? i : Math.floor(i / inner)]!]!]
              if (op < 2) return rne(clamp(f(f(f(op ? p * q : p + q) * scale) + early), lo, hi)) + late
              const sum = p + q
              return clamp(Math.sign(sum) * Math.floor(Math.abs(sum) / 2 ** shift + 0.5), lo, hi) + late
            })
            same(y as never, want, `op ${op} inner ${inner} mid ${mid} innerB ${innerB}`)
          }
  })

  test(`${tier.name}: x8_lut_channels and q8_embedding`, () => {
    const next = random(14)
    const table = Uint8Array.from({ length: 3 * 256 }, () => next() & 255)
    for (const inner of [1, 5, 17]) {
      const x = Uint8Array.from({ length: 2 * 3 * inner }, () => next() & 255)
      const { y } = tier.call('x8_lut_channels', { x, y: out('uint8', x.length), table, outer: 2, channels: 3, inner })
      same(y as never, Array.from(x, (v, i) => table[(Math.floor(i / inner) % 3) * 256 + v]!), `channels, inner ${inner}`)
    }
    for (const bits of [8, 4])
      for (const weighted of [false, true]) {
        const [rows, features] = [5, 6]
        const rowBytes = (features * bits) / 8
        const codes = Uint8Array.from({ length: rows * rowBytes }, () => next() & 255)
        const params = Float32Array.from({ length: 2 * rows }, () => next() / 2 ** 32)
        const [indices, offsets] = [Int32Array.of(4, 0, 0, 2, 3), Int32Array.of(0, 2, 2, 5)]
        const weights = weighted ? Float32Array.from(indices, () => next() / 2 ** 31 - 1) : null
        const { y } = tier.call('q8_embedding', { codes, params, indices, offsets, weights, y: out('float32', 3 * features), bags: 3, features, rowBytes, bits })
        const want = Array.from({ length: 3 * features }, (_, at) => {
          const [bag, j] = [Math.floor(at / features), at % features]
          let sum = 0
          for (let i = offsets[bag]!; i < offsets[bag + 1]!; i++) {
            const row = indices[i]!
            const byte = codes[row * rowBytes + (bits === 8 ? j : j >> 1)]!
            const code = bits === 8 ? byte : j % 2 ? byte >> 4 : byte & 15
            const weight = weights ? weights[i]! : 1
            sum = f(f(weight * params[2 * row]!) * code + f(sum + f(weight * params[2 * row + 1]!)))
          }
          return sum
        })
        same(y as never, want, `embedding of ${bits} bits`)
      }
  })
}
