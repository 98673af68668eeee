/** q8_lstm alone, in every tier and with every packing it can take, against the reference loop. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsBytes, extrasOf, packedBytes, PACKING_I16, relaxedPacking, rowBlock, sumsBytes, type Packing } from '../../src/plan/lower/qpacking.js'
import { UNARY } from '../../src/runtime/op-codes.js'
import { dynamicLstm, type Coded, type DynamicLayer } from '../reference/dynamic-lstm.js'
import { sigmoid } from '../reference/math.js'
import { floats, sameBits } from './floats.js'
import { out, random, tiersUnderTest, type TierUnderTest } from './harness.js'
import { capabilitiesOf } from './qconv-case.js'

const ALPHA = Math.fround(0.3)
const leaky = (x: number): number => (x < 0 ? Math.fround(ALPHA * x) : x)
/** Functions that JavaScript computes to the bit, and the default ones, which it does not. */
const EXACT = { functions: [leaky, (x: number) => (x < 0 ? 0 : x), leaky], codes: [UNARY.LeakyRelu, UNARY.Relu, UNARY.LeakyRelu] }
const DEFAULT = { functions: [sigmoid, Math.tanh, Math.tanh], codes: [UNARY.Sigmoid, UNARY.Tanh, UNARY.Tanh] }

interface Matrix extends Coded { readonly data: Int8Array | Uint8Array; readonly zeros: Int8Array | Uint8Array; readonly scales: Float32Array }
interface Case { readonly layer: DynamicLayer; readonly args: Record<string, unknown>; readonly w: Matrix; readonly r: Matrix; readonly yStep: number; readonly yRow: number; readonly lastRow: number }

/** Codes, near the middle or over the whole range; scales and zero points one for all columns or one for each. */
function matrix(k: number, n: number, next: () => number): Matrix {
  const signed = next() % 2 === 1, near = next() % 2 === 1, perColumn = next() % 2 === 1, middle = signed ? 0 : 128, off = next() % 3 === 0
  const make = (length: number, value: () => number): Int8Array | Uint8Array => (signed ? Int8Array.from({ length }, value) : Uint8Array.from({ length }, value))
  const data = make(k * n, () => middle + (near ? (next() % 81) - 40 : (next() % 256) - 128))
  const zeros = make(perColumn ? n : 1, () => (off ? middle + (next() % 7) - 3 : middle))
  const scales = Float32Array.from({ length: perColumn ? n : 1 }, () => 0.001 + (next() % 100) / 20000)
  return { k, data, zeros, scales, code: (i, j) => data[i * n + j]!, zero: (j) => zeros[perColumn ? j : 0]!, scale: (j) => scales[perColumn ? j : 0]! }
}

function makeCase(seed: number, { functions, codes }: typeof EXACT): Case {
  const next = random(seed * 2654435761)
  const [steps, batch, hidden, inputs] = [1 + (next() % 5), [1, 1, 2, 5, 6, 11][next() % 6]!, [1, 3, 8, 13, 20][next() % 5]!, [1, 2, 5, 16, 33][next() % 5]!]
  const n = 4 * hidden, padding = next() % 3, lastRow = hidden + padding
  const [yStep, yRow] = [batch * (hidden + padding), hidden + padding]
  const [w, r] = [matrix(inputs, n, next), matrix(hidden, n, next)]
  const [x, state, cState, p, bias] = [steps * batch * inputs, batch * lastRow, batch * lastRow, 3 * hidden, n].map((count) => floats(count, next())) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]
  if (seed % 9 === 0) x.fill(seed % 2 ? 0 : 3)
  const [lengths, hasPeepholes, hasState, hasBias] = [next() % 2 ? Array.from({ length: batch }, () => (next() % (steps + 3)) - 1) : null, next() % 2 === 1, next() % 3 > 0, next() % 2 === 1]
  const clip = next() % 3 === 0 ? 0.25 : Infinity, reverse = next() % 2 === 1
  const layer: DynamicLayer = {
    steps, batch, hidden, reverse, lengths, clip, activations: functions, x: (t, b, k) => x[(t * batch + b) * inputs + k]!, w, r,
    bias: (j) => (hasBias ? bias[j]! : 0), peepholes: hasPeepholes ? p : null, initialH: (b, i) => (hasState ? state[b * lastRow + i]! : 0), initialC: (b, i) => (hasState ? cState[b * lastRow + i]! : 0),
  }
  const last = (): unknown => out('float32', batch * lastRow, new Float32Array(batch * lastRow).fill(9))
  const args = {
    x: out('float32', steps * batch * n), xStep: batch * n, xRow: n, r: null, bias: hasBias ? bias : null, peepholes: hasPeepholes ? p : null,
    initialH: hasState ? state : null, initialC: hasState ? cState : null, initialRow: lastRow, lengths: lengths ? Int32Array.from(lengths) : null,
    y: out('float32', steps * yStep, new Float32Array(steps * yStep).fill(9)), yStep, yRow, lastH: last(), lastC: last(), lastRow,
    scratch: out('uint8', 1088 + 4 * batch * hidden * 7), steps, batch, hidden, cell: 2, reverse: +reverse, linearBeforeReset: 0, clip,
    f: codes[0]!, fAlpha: ALPHA, fBeta: 0, g: codes[1]!, gAlpha: ALPHA, gBeta: 0, h: codes[2]!, hAlpha: ALPHA, hBeta: 0,
    input: x, codes: out('uint8', Math.max(steps * batch * inputs, batch * hidden)), blocks: out('uint8', 512),
  }
  return { layer, args, w, r, yStep, yRow, lastRow }
}

/** The packings that this tier can take for a matrix: int8 codes as they are only where their zero points are in the middle. */
function packings(tier: TierUnderTest, { data, zeros }: Matrix): Packing[] {
  const capabilities = capabilitiesOf(tier)
  if (!capabilities || !Array.from(zeros).every((z) => z === (data instanceof Int8Array ? 0 : 128))) return [PACKING_I16]
  return [PACKING_I16, ...[0, 0.09].flatMap((share) => relaxedPacking(capabilities, false, share) ?? [])]
}

/** A matrix packed by q_pack: the fields of a CodedMatrix with the prefix w or r. */
function packed(tier: TierUnderTest, prefix: 'w' | 'r', m: Matrix, n: number, rows: number, packing: Packing): Record<string, unknown> {
  const { format } = packing, extras = extrasOf(m.k, packing), bytes = packedBytes(1, n, m.k, packing)
  const { packed, sums } = tier.call('q_pack', {
    w: m.data, wZeroPoint: m.zeros, packed: out('uint8', bytes), sums: out('int32', sumsBytes(1, n) / 4), groups: 1, n, taps: 1, channels: m.k, strideN: 1, strideTap: 0, strideC: n,
    zeroPointStride: +(m.zeros.length > 1), wSigned: +(m.data instanceof Int8Array), format, extras, tapSpan: m.k,
  })
  const block = rowBlock(rows, m.k, format)
  const fields = { Panels: packed, Sums: sums, Scale: m.scales, ScaleStep: +(m.scales.length > 1), K: m.k, Format: format, Extras: extras, Flip: packing.flip, Shift: packing.shift, Lda: block.lda, BlockRows: block.blockRows }
  return { ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [prefix + name, value])), [`${prefix}RowBytes`]: block.bytes }
}

function call(tier: TierUnderTest, c: Case, [wPacking, rPacking]: readonly [Packing, Packing]): Record<string, Float32Array> {
  const n = 4 * c.layer.hidden
  const { columns } = tier.call('q_fold', {
    sums: null, bias: null, floatBias: null, xZeroPoint: null, xScale: null, wScale: null, yScale: null, yZeroPoint: null, columns: out('uint8', columnsBytes(1, n)), groups: 1, n, wScaleStride: 0,
    biasStride: 0, halfScales: 0, xSigned: 0, ySigned: 0, shift: 0, yMin: 0, yMax: 255, alpha: 1, rest: null, before: 1, early: 0,
  })
  const { wRowBytes, ...w } = packed(tier, 'w', c.w, n, c.layer.steps * c.layer.batch, wPacking), { rRowBytes, ...r } = packed(tier, 'r', c.r, n, c.layer.batch, rPacking)
  return tier.call('q8_lstm', { ...c.args, columns, rows: out('uint8', Math.max(wRowBytes as number, rRowBytes as number)), ...w, ...r } as never) as Record<string, Float32Array>
}

const OUTPUTS = ['y', 'lastH', 'lastC'] as const

/** What the reference says the outputs hold; gaps between rows keep their 9. */
function wanted({ layer, yStep, yRow, lastRow }: Case): Record<(typeof OUTPUTS)[number], Float32Array> {
  const run = dynamicLstm(layer)
  const [y, lastH, lastC] = [layer.steps * yStep, layer.batch * lastRow, layer.batch * lastRow].map((count) => new Float32Array(count).fill(9)) as [Float32Array, Float32Array, Float32Array]
  run.y.forEach((rows, t) => rows.forEach((row, b) => y.set(row, t * yStep + b * yRow)))
  run.h.forEach((row, b) => lastH.set(row, b * lastRow))
  run.c.forEach((row, b) => lastC.set(row, b * lastRow))
  return { y, lastH, lastC }
}

const tiers = tiersUnderTest()
const PLAIN = [PACKING_I16, PACKING_I16] as const
for (const tier of tiers) {
  test(`${tier.name}: q8_lstm gives the reference's bits with functions that JavaScript computes exactly, however weights are packed`, () => {
    let runs = 0
    for (let seed = 1; seed <= 240; seed++) {
      const c = makeCase(seed, EXACT), want = wanted(c)
      for (const w of packings(tier, c.w)) for (const r of packings(tier, c.r)) {
        const got = call(tier, c, [w, r])
        runs++
        for (const name of OUTPUTS) sameBits(got[name]!, want[name], `seed ${seed} ${name} ${JSON.stringify(c.layer)} ${JSON.stringify([w, r])}`)
      }
    }
    console.log(`# ${tier.name}: ${runs} runs`)
  })

  test(`${tier.name}: q8_lstm with Sigmoid and Tanh gives the first tier's bits and is within a step of the reference`, () => {
    let near = 0, all = 0
    for (let seed = 1; seed <= 240; seed++) {
      const c = makeCase(seed, DEFAULT), got = call(tier, c, PLAIN), first = call(tiers[0]!, c, PLAIN), want = wanted(c)
      for (const name of OUTPUTS) {
        sameBits(got[name]!, first[name]!, `seed ${seed} ${name}, ${tiers[0]!.name} against ${tier.name}`)
        got[name]!.forEach((v, i) => {
          const difference = Math.abs(v - want[name][i]!)
          assert.ok(difference < 0.02, `seed ${seed} ${name}[${i}]: ${v}, expected ${want[name][i]}`)
          all++
          if (difference < 2e-6) near++
        })
      }
    }
    assert.ok(near > 0.995 * all, `${near} of ${all} are within rounding`)
  })

  test(`${tier.name}: q8_lstm ends with NaN and infinities in its inputs and states, in the first tier's bits`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const c = makeCase(seed, DEFAULT)
      for (const [i, v] of [NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45].entries()) {
        const arrays = [c.args.input, c.args.initialH, c.args.initialC].filter((a): a is Float32Array => a instanceof Float32Array), array = arrays[(seed + i) % arrays.length]!
        array[(seed * 7 + i) % array.length] = v
        const got = call(tier, c, PLAIN), first = call(tiers[0]!, c, PLAIN)
        for (const name of OUTPUTS) sameBits(got[name]!, first[name]!, `seed ${seed} ${v} ${name}, ${tiers[0]!.name} against ${tier.name}`)
      }
    }
  })
}
