import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accumulate, multiplierOf, requantize, type ConvCase } from '../reference/qconv.js'
import { rne } from '../reference/torch-quantized.js'
import { PACKING_I16, STAGE_FLOAT, STAGE_FUSED, STAGE_JOINED, STAGE_RAW, STAGE_REQUANTIZE, STAGE_SERIAL, STAGE_STEPS, STAGE_WIDE, FORMAT_I8 } from '../../src/plan/lower/qpacking.js'
import { bytesOf, packingsOf, runConv, type Output } from './qconv-case.js'
import { edges, random, tiersUnderTest, type TierUnderTest } from './harness.js'

const f = Math.fround
type Fill = 'random' | 'small' | 'extreme'

/** Values of an 8-bit type: all of its range, near zero as trained weights are, or its ends only. */
function values(next: () => number, count: number, signed: boolean, fill: Fill): Int8Array | Uint8Array {
  const low = signed ? -128 : 0
  return bytesOf(signed, Array.from({ length: count }, () => {
    if (fill === 'extreme') return low + (next() & 1) * 255
    const wide = next() % 256
    if (fill === 'random' || next() % 40 === 0) return low + wide
    return (signed ? 0 : 128) + (wide % 61) - 30
  }))
}

interface Shape {
  batch?: number; spatial?: number[]; channels: number; groups?: number; n: number; kernel?: number[]; strides?: number[]; dilations?: number[]; begin?: number[]; end?: number[]
}

function makeCase(seed: number, s: Shape, xSigned: boolean, wSigned: boolean, xFill: Fill, wFill: Fill, symmetric: boolean): ConvCase {
  const next = random(seed)
  const { batch = 1, spatial = [1, 1, 1], channels, groups = 1, n, kernel = [1, 1, 1], strides = [1, 1, 1], dilations = [1, 1, 1], begin = [0, 0, 0], end = begin } = s
  const outDims = spatial.map((d, i) => Math.floor((d + begin[i]! + end[i]! - (kernel[i]! - 1) * dilations[i]! - 1) / strides[i]!) + 1)
  const count = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1)
  const zero = (signed: boolean): number => (signed ? -128 : 0) + [0, 255, 128, next() % 256][next() % 4]!
  return {
    x: values(next, batch * count(spatial) * groups * channels, xSigned, xFill),
    w: values(next, groups * n * channels * count(kernel), wSigned, wFill),
    xZero: zero(xSigned),
    wZero: Array.from({ length: groups * n }, () => (symmetric ? (wSigned ? 0 : 128) : zero(wSigned))),
    bias: next() % 3 ? Int32Array.from({ length: groups * n }, () => (next() | 0) >> 12) : null,
    batch, spatial, channels, groups, n, kernel, strides, dilations, begin, out: outDims,
  }
}

/** What PyTorch's engines ask for: every further stage, with numbers that spread the outputs over the codes. */
function engineStages(next: () => number, base: Pick<Output, 'xScale' | 'wScale' | 'ldc' | 'yZero' | 'floatBias'>, columns: number, largest: number, low: number, yZero: number, relu: boolean): Output[] {
  const vector = (scale: number): Float32Array => Float32Array.from({ length: columns }, () => (next() / 2 ** 31 - 1) * scale)
  const dtype = low ? 'int8' : 'uint8'
  const codes = { ...base, dtype, yScale: Float32Array.of(0.0173 * largest / 170), min: relu ? yZero : low, max: low + 255, floatBias: vector(largest / 3), rest: vector(largest * 2 ** -26) } as const
  const scales = Float32Array.from({ length: columns }, () => 0.5 + next() / 2 ** 32)
  const floats = { ...base, dtype: 'float32', yScale: null, min: 0, max: 0, floatBias: vector(5) } as const
  return [
    { ...floats, stage: STAGE_FUSED }, { ...floats, stage: STAGE_SERIAL, before: 0 },
    { ...codes, stage: STAGE_REQUANTIZE, rest: undefined }, { ...codes, stage: STAGE_JOINED }, { ...codes, stage: STAGE_WIDE },
    { ...codes, stage: STAGE_STEPS, rest: scales, before: 0.0371, early: yZero, floatBias: vector(largest * 0.01) },
  ]
}

/** One output of such a stage by its definition. */
function engineOutput(o: Output, acc: number, j: number, w: number): number {
  const x = o.xScale![0]!
  const bias = o.floatBias![j]!
  if (o.stage === STAGE_FUSED) return f(f(acc) * f(x * w) + bias)
  if (o.stage === STAGE_SERIAL) return f(f(f(f(acc) * x) * w) + bias)
  const m = multiplierOf(x, w, o.yScale![0]!)
  const bounded = (v: number, zero: number): number => Math.min(Math.max(rne(v) + zero, o.min), o.max)
  if (o.stage === STAGE_WIDE) return bounded(acc * m, o.yZero)
  if (o.stage === STAGE_REQUANTIZE) return bounded(f(f(f(acc) + bias) * m), o.yZero)
  if (o.stage === STAGE_JOINED) return bounded(f(f(f(acc) + (bias + o.rest![j]!)) * m), o.yZero)
  return bounded(f(f(f(f(f(f(acc) * f(0.0371)) * o.rest![j]!) + bias) * m) + o.early!), 0)
}

/** Runs a case in every packing and stage and compares it with the definition. */
function check(tier: TierUnderTest, c: ConvCase, seed: number): number {
  const next = random(seed + 1)
  const acc = accumulate(c)
  const columns = c.groups * c.n
  const rows = acc.length / columns
  const ldc = columns + next() % 3
  const perChannel = next() % 2 === 1
  const largest = acc.reduce((m, v) => Math.max(m, Math.abs(v)), 1)
  const wScale = Float32Array.from({ length: perChannel ? columns : 1 }, () => ((next() % 1000) + 500) / 1000)
  const xScale = Float32Array.of(0.0173)
  const yScale = Float32Array.of((0.0173 * largest) / (100 + (next() % 300)))
  const floatBias = Float32Array.from({ length: columns }, () => (next() % 2000) / 37 - 20)
  const ySigned = next() % 2 === 1
  const low = ySigned ? -128 : 0
  const relu = next() % 3 === 0
  const yZero = low + [0, 255, next() % 256][next() % 3]!
  const base = { xScale, wScale, ldc, yZero, floatBias: null }
  const stages: Output[] = [
    { ...base, stage: STAGE_REQUANTIZE, dtype: ySigned ? 'int8' : 'uint8', yScale, min: relu ? yZero : low, max: low + 255 },
    { ...base, stage: STAGE_RAW, dtype: 'int32', yScale: null, min: 0, max: 0 },
    { ...base, stage: STAGE_FLOAT, dtype: 'float32', yScale: null, min: 0, max: 0, floatBias },
    ...engineStages(next, base, columns, largest, low, yZero, relu),
  ]
  let compared = 0
  for (const packing of packingsOf(tier, c))
    for (const o of stages) {
      const got = runConv(tier, c, o, packing)
      for (let r = 0; r < rows; r++)
        for (let j = 0; j < columns; j++, compared++) {
          const w = wScale[perChannel ? j : 0]!
          const v = acc[r * columns + j]!
          const want = o.stage > STAGE_FLOAT || (o.stage === STAGE_REQUANTIZE && o.floatBias) ? engineOutput(o, v, j, w) : o.stage === STAGE_RAW ? v : o.stage === STAGE_FLOAT ? f(f(f(v) * f(xScale[0]! * w)) + floatBias[j]!) : requantize(v, multiplierOf(xScale[0]!, w, yScale[0]!), yZero, o.min, o.max)
          const value = Number(got[r * ldc + j])
          if (value !== want) assert.fail(`${tier.name} seed ${seed} packing ${JSON.stringify(packing)} stage ${o.stage} [${r}, ${j}]: expected ${want}, got ${value} (${JSON.stringify({ ...c, x: 0, w: 0, wZero: 0, bias: 0 })})`)
        }
    }
  return compared
}

const signs = [[false, true], [false, false], [true, true], [true, false]] as const

for (const tier of tiersUnderTest()) {
  test(`${tier.name}: int8 matrix product at the edges of a tile, every signedness, stage and packing`, () => {
    let seed = 1
    for (const rows of [...edges(4), 6, 10])
      for (const n of edges(8))
        for (const k of [1, 2, 3, 4, 5, 16, 67])
          for (const [xSigned, wSigned] of signs)
            check(tier, makeCase(seed, { spatial: [1, 1, rows], channels: k, n }, xSigned, wSigned, 'random', (['small', 'random'] as const)[seed % 2]!, seed % 3 !== 0), seed++)
  })

  test(`${tier.name}: int8 matrix product of extreme values`, () => {
    let seed = 1000
    for (const [xSigned, wSigned] of signs)
      for (const k of [1, 2, 7, 64, 300])
        for (const symmetric of [true, false])
          check(tier, makeCase(seed, { spatial: [1, 1, 9], channels: k, n: 19 }, xSigned, wSigned, 'extreme', 'extreme', symmetric), seed++)
    for (const w of [127, -128]) {
      const c = makeCase(seed, { spatial: [1, 1, 7], channels: 129, n: 9 }, false, true, 'random', 'random', true)
      check(tier, { ...c, x: c.x.map(() => 255) as Uint8Array, w: c.w.map(() => w) as Int8Array, xZero: 0 }, seed++)
    }
  })

  test(`${tier.name}: int8 convolution with padding, stride, dilation and groups`, () => {
    const shapes: Shape[] = [
      { spatial: [1, 7, 9], channels: 3, n: 9, kernel: [1, 3, 3], begin: [0, 1, 1], strides: [1, 2, 2] },
      { spatial: [1, 8, 8], channels: 16, n: 8, kernel: [1, 3, 3], begin: [0, 1, 1] },
      { spatial: [1, 6, 5], channels: 5, n: 3, kernel: [1, 2, 3], begin: [0, 0, 2], end: [0, 1, 0], batch: 3 },
      { spatial: [1, 9, 11], channels: 4, n: 12, kernel: [1, 3, 2], begin: [0, 2, 3], end: [0, 1, 2], dilations: [1, 2, 3] },
      { spatial: [1, 5, 6], channels: 7, groups: 3, n: 4, kernel: [1, 3, 3], begin: [0, 1, 1], batch: 2 },
      { spatial: [1, 4, 4], channels: 8, groups: 2, n: 9 },
      { spatial: [1, 5, 5], channels: 33, n: 17, strides: [1, 2, 3] },
      { spatial: [1, 1, 40], channels: 6, n: 5, kernel: [1, 1, 5], begin: [0, 0, 4], strides: [1, 1, 3], batch: 2 },
      { spatial: [1, 1, 2], channels: 3, n: 2, kernel: [1, 1, 5], begin: [0, 0, 9], end: [0, 0, 9], dilations: [1, 1, 2] },
      { spatial: [4, 5, 6], channels: 3, n: 10, kernel: [3, 2, 3], begin: [1, 0, 1], end: [2, 1, 1], strides: [1, 2, 1], dilations: [2, 1, 1], batch: 2 },
      { spatial: [1, 40, 40], channels: 3, n: 8, kernel: [1, 3, 3], begin: [0, 1, 1] },
      { spatial: [1, 12, 12], channels: 2, groups: 5, n: 1, kernel: [1, 5, 5], begin: [0, 2, 2], strides: [1, 2, 1] },
    ]
    let seed = 2000
    for (const shape of shapes)
      for (const [xSigned, wSigned] of signs)
        for (const symmetric of [true, false]) check(tier, makeCase(seed, shape, xSigned, wSigned, 'random', 'small', symmetric), seed++)
  })

  test(`${tier.name}: int8 depthwise convolution of any window`, () => {
    const shapes: Shape[] = [
      { spatial: [1, 6, 7], channels: 1, n: 1, groups: 16, kernel: [1, 3, 3], begin: [0, 1, 1] },
      { spatial: [1, 9, 8], channels: 1, n: 1, groups: 35, kernel: [1, 3, 3], begin: [0, 1, 1], strides: [1, 2, 2], batch: 2 },
      { spatial: [1, 9, 9], channels: 1, n: 1, groups: 24, kernel: [1, 5, 5], begin: [0, 2, 2] },
      { spatial: [1, 9, 9], channels: 1, n: 1, groups: 7, kernel: [1, 3, 3], begin: [0, 0, 2], end: [0, 3, 0], dilations: [1, 2, 3], strides: [1, 1, 2] },
      { spatial: [1, 1, 12], channels: 1, n: 1, groups: 17, kernel: [1, 1, 4], begin: [0, 0, 1], end: [0, 0, 2] },
      { spatial: [3, 5, 4], channels: 1, n: 1, groups: 15, kernel: [2, 3, 2], begin: [1, 1, 0], end: [0, 1, 1], strides: [1, 2, 1] },
      { spatial: [1, 7, 5], channels: 1, n: 1, groups: 9, kernel: [1, 3, 3], begin: [0, 3, 4], end: [0, 0, 0], dilations: [1, 2, 1], strides: [1, 1, 2] },
      { spatial: [1, 4, 6], channels: 1, n: 1, groups: 8, kernel: [1, 3, 3], strides: [1, 3, 1] },
      { spatial: [1, 1, 1200], channels: 1, n: 1, groups: 8, kernel: [1, 1, 9], begin: [0, 0, 4], dilations: [1, 1, 1] },
      { spatial: [1, 3, 3], channels: 1, n: 1, groups: 33, kernel: [1, 1, 1] },
      { spatial: [1, 2, 2], channels: 1, n: 1, groups: 1, kernel: [1, 7, 7], begin: [0, 3, 3] },
    ]
    let seed = 3000
    for (const shape of shapes)
      for (const [xSigned, wSigned] of signs)
        for (const fill of ['random', 'small', 'extreme'] as const)
          for (const symmetric of [true, false]) check(tier, makeCase(seed, shape, xSigned, wSigned, fill, fill, symmetric), seed++)
  })

  test(`${tier.name}: one activation zero point per row`, () => {
    const rows = 9
    const c = makeCase(5, { spatial: [1, 1, rows], channels: 21, n: 11 }, true, false, 'random', 'random', false)
    const zeros = Int8Array.from({ length: rows }, (_, r) => r * 31 - 128)
    const o: Output = { stage: STAGE_RAW, dtype: 'int32', xScale: null, wScale: null, yScale: null, yZero: 0, min: 0, max: 0, floatBias: null, ldc: 11 }
    const got = runConv(tier, { ...c, bias: null }, o, PACKING_I16, zeros)
    zeros.forEach((xZero, r) => {
      const row = accumulate({ ...c, bias: null, xZero, x: c.x.slice(r * 21, r * 21 + 21), spatial: [1, 1, 1], out: [1, 1, 1] })
      assert.deepEqual(Array.from(got.subarray(r * 11, r * 11 + 11), Number), Array.from(row))
    })
  })

  test(`${tier.name}: the mirrored reading of activations folds to the same sums`, { skip: tier.name !== 'relaxed' && 'only the relaxed tier reads activations so' }, () => {
    // Where a host reads the operand as signed, bytes of 128 and more never reach it once flipped; only those are fed here.
    const c = makeCase(6, { spatial: [1, 5, 5], channels: 9, n: 11, kernel: [1, 3, 3], begin: [0, 1, 1] }, false, true, 'random', 'small', true)
    const high = { ...c, x: c.x.map((v) => v | 128) as Uint8Array, xZero: 200 }
    const o: Output = { stage: STAGE_RAW, dtype: 'int32', xScale: null, wScale: null, yScale: null, yZero: 0, min: 0, max: 0, floatBias: null, ldc: 11 }
    assert.deepEqual(runConv(tier, high, o, { format: FORMAT_I8, flip: 0x80, shift: -128, extras: 0, kernel: 'q_conv' }), accumulate(high))
  })
}
