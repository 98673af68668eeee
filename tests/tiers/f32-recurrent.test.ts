import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNARY } from '../../src/runtime/op-codes.js'
import { pack } from '../reference/gemm.js'
import { sigmoid } from '../reference/math.js'
import { recurrent, type Layer } from '../reference/rnn.js'
import { floats, sameBits } from './floats.js'
import { out, random, tiersUnderTest, type TierUnderTest } from './harness.js'

const CELL = { RNN: 0, GRU: 1, LSTM: 2 } as const
const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const
const ALPHA = Math.fround(0.3)

/** Functions that JavaScript computes to the bit, and the default ones, which it does not. */
const EXACT = [(x: number) => (x < 0 ? Math.fround(ALPHA * x) : x), (x: number) => (x < 0 ? 0 : x), (x: number) => (x < 0 ? Math.fround(ALPHA * x) : x)]
const EXACT_CODES = [UNARY.LeakyRelu, UNARY.Relu, UNARY.LeakyRelu]
const DEFAULTS = { RNN: [Math.tanh], GRU: [sigmoid, Math.tanh], LSTM: [sigmoid, Math.tanh, Math.tanh] } as const
const DEFAULT_CODES = { RNN: [UNARY.Tanh, 0, 0], GRU: [UNARY.Sigmoid, UNARY.Tanh, 0], LSTM: [UNARY.Sigmoid, UNARY.Tanh, UNARY.Tanh] } as const

interface Case { readonly layer: Layer; readonly args: Record<string, unknown>; readonly yStep: number; readonly yRow: number; readonly lastRow: number }

function makeCase(seed: number, exact: boolean): Case {
  const next = random(seed * 2654435761)
  const cell = (['RNN', 'GRU', 'LSTM'] as const)[seed % 3]!
  const [steps, batch, hidden] = [1 + (next() % 5), [1, 1, 3, 4, 6][next() % 5]!, [1, 3, 8, 13, 20][next() % 5]!]
  const n = GATES[cell] * hidden
  const [batchFirst, late, padding] = [next() % 2 === 1, next() % 2 === 1, next() % 3]
  const [xStep, xRow] = batchFirst ? [n, steps * n] : [batch * n, n]
  const [yStep, yRow] = batchFirst ? [hidden + padding, steps * (hidden + padding)] : [batch * hidden, hidden]
  const lastRow = hidden + padding
  const scaled = (count: number): Float32Array => floats(count, next()).map((v) => v / 4)
  const [x, r, state, cState, p, bias] = [scaled(steps * batch * n), scaled(n * hidden), scaled(batch * lastRow), scaled(batch * lastRow), scaled(3 * hidden), scaled(hidden)]
  const [lengths, hasPeepholes, hasState, hasBias] = [next() % 2 ? Array.from({ length: batch }, () => (next() % (steps + 3)) - 1) : null, next() % 2 === 1, next() % 3 > 0, next() % 2 === 1]
  const clip = next() % 3 === 0 ? 0.25 : Infinity
  const reverse = next() % 2 === 1
  const split = cell === 'GRU' && !late
  const panels = split ? [pack((k, j) => r[j * hidden + k]!, hidden, 2 * hidden), pack((k, j) => r[(2 * hidden + j) * hidden + k]!, hidden, hidden)] : [pack((k, j) => r[j * hidden + k]!, hidden, n)]
  const [f, g, h] = exact ? EXACT_CODES : DEFAULT_CODES[cell]
  const layer: Layer = {
    cell, steps, batch, hidden, reverse, linearBeforeReset: late, lengths, clip, activations: exact ? EXACT : DEFAULTS[cell], x: (t, b, i) => x[t * xStep + b * xRow + i]!,
    r: (i, k) => r[i * hidden + k]!, bias: hasBias ? [...bias] : Array<number>(hidden).fill(0), peepholes: hasPeepholes ? p : null,
    initialH: (b, i) => (hasState ? state[b * lastRow + i]! : 0), initialC: (b, i) => (hasState ? cState[b * lastRow + i]! : 0),
  }
  const args = {
    x, xStep, xRow, r: Float32Array.from(panels.flatMap((m) => [...m])), bias: hasBias ? bias : null, peepholes: hasPeepholes ? p : null,
    initialH: hasState ? state : null, initialC: hasState ? cState : null, initialRow: lastRow, lengths: lengths ? Int32Array.from(lengths) : null,
    y: out('float32', steps * batch * (hidden + padding), new Float32Array(steps * batch * (hidden + padding)).fill(9)), yStep, yRow,
    lastH: out('float32', batch * lastRow, new Float32Array(batch * lastRow).fill(9)), lastC: out('float32', batch * lastRow, new Float32Array(batch * lastRow).fill(9)), lastRow,
    scratch: out('uint8', 1088 + 4 * batch * hidden * (GATES[cell] + 3)), steps, batch, hidden, cell: CELL[cell], reverse: reverse ? 1 : 0, linearBeforeReset: late ? 1 : 0, clip,
    f, fAlpha: ALPHA, fBeta: 0, g, gAlpha: ALPHA, gBeta: 0, h, hAlpha: ALPHA, hBeta: 0,
  }
  return { layer, args, yStep, yRow, lastRow }
}

/** What the reference says the three outputs hold; gaps between rows keep their 9. */
function wanted({ layer, args, yStep, yRow, lastRow }: Case): Record<'y' | 'lastH' | 'lastC', Float32Array> {
  const run = recurrent(layer)
  const result = { y: (args.y as { initial: Float32Array }).initial.slice(), lastH: new Float32Array(layer.batch * lastRow).fill(9), lastC: new Float32Array(layer.batch * lastRow).fill(9) }
  run.y.forEach((rows, t) => rows.forEach((row, b) => result.y.set(row, t * yStep + b * yRow)))
  run.h.forEach((row, b) => result.lastH.set(row, b * lastRow))
  run.c.forEach((row, b) => result.lastC.set(row, b * lastRow))
  return result
}

const call = (tier: TierUnderTest, c: Case): Record<string, Float32Array> => tier.call('f32_recurrent', c.args as never) as Record<string, Float32Array>
const OUTPUTS = ['y', 'lastH', 'lastC'] as const

const tiers = tiersUnderTest()
for (const tier of tiers) {
  test(`${tier.name}: f32_recurrent gives the reference's bits with functions that JavaScript computes exactly`, () => {
    for (let seed = 1; seed <= 240; seed++) {
      const c = makeCase(seed, true)
      const [got, want] = [call(tier, c), wanted(c)]
      for (const name of OUTPUTS) sameBits(got[name]!, want[name], `seed ${seed} ${name} ${JSON.stringify(c.layer)}`)
    }
  })

  test(`${tier.name}: f32_recurrent with Sigmoid and Tanh is near the reference, and the first tier's bits`, () => {
    for (let seed = 1; seed <= 240; seed++) {
      const c = makeCase(seed, false)
      const [got, want, first] = [call(tier, c), wanted(c), call(tiers[0]!, c)]
      for (const name of OUTPUTS) {
        sameBits(got[name]!, first[name]!, `seed ${seed} ${name}, ${tiers[0]!.name} against ${tier.name}`)
        got[name]!.forEach((v, i) => assert.ok(Math.abs(v - want[name][i]!) < 2e-6, `seed ${seed} ${name}[${i}]: ${v}, expected ${want[name][i]}`))
      }
    }
  })
}
