import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fewestKept } from '../../../src/workflow/graph/mixed-precision.js'
import { random } from '../../tiers/harness.js'

/** All sets of things 0…n−1, smallest first. */
const subsets = (n: number): number[][] => Array.from({ length: 2 ** n }, (_, bits) => [...Array(n).keys()].filter((i) => (bits >> i) & 1)).sort((a, b) => a.length - b.length)

interface Game { readonly ranked: number[]; readonly asked: () => number; readonly error: (kept: readonly number[]) => number; readonly errorOf: (kept: readonly number[]) => Promise<number> }

/** Costs that add up, plus what pairs add or take beside (`mutual` of the sum at most). */
function game(n: number, seed: number, mutual: number): Game {
  const next = random(seed), u = (): number => next() / 2 ** 32
  const costs = Array.from({ length: n }, () => 10 ** (u() * 3)), pairs = Array.from({ length: n * n }, () => (u() * 2 - 1) * mutual)
  const error = (kept: readonly number[]): number => {
    const rest = [...Array(n).keys()].filter((i) => !kept.includes(i))
    let sum = 0
    for (const i of rest) for (const j of rest) sum += i === j ? costs[i]! : pairs[i * n + j]! * Math.sqrt(costs[i]! * costs[j]!) / n
    return Math.sqrt(Math.max(0, sum))
  }
  let asked = 0
  return { ranked: [...costs.keys()].sort((a, b) => costs[b]! - costs[a]!), error, asked: () => asked, errorOf: async (kept) => (asked++, error(kept)) }
}

test('with errors that add up, no smaller set is good enough', async () => {
  let cases = 0
  for (let seed = 1; seed <= 60; seed++)
    for (const share of [1.1, 0.9, 0.5, 0.2, 0.05, 0.001, 1e-9]) {
      const n = 1 + (seed % 9), g = game(n, seed, 0), limit = share * g.error([])
      const { kept, error } = await fewestKept(g.ranked, limit, g.errorOf)
      const least = subsets(n).find((s) => g.error(s) <= limit)!.length
      assert.equal(kept.length, least, `seed ${seed}, share ${share}`)
      assert.ok(Math.abs(error - g.error(kept)) < 1e-12 && error <= limit)
      assert.ok(g.asked() <= 1 + Math.ceil(Math.log2(n)) + n, `${g.asked()} questions for ${n}`)
      cases++
    }
  console.log(`# searches equal to exhaustive ones, additive: ${cases}/${cases}`)
})

test('with errors that depend on each other, the set is good enough, and one larger than the least at most', async () => {
  let [equal, cases] = [0, 0]
  for (let seed = 1; seed <= 60; seed++)
    for (const share of [0.9, 0.5, 0.2, 0.05]) {
      const n = 2 + (seed % 8), g = game(n, seed * 7, 1), limit = share * g.error([])
      const { kept, error } = await fewestKept(g.ranked, limit, g.errorOf)
      assert.ok(g.error(kept) <= limit && Math.abs(error - g.error(kept)) < 1e-12)
      assert.ok(g.asked() <= 1 + Math.ceil(Math.log2(n)) + n)
      const least = subsets(n).find((s) => g.error(s) <= limit)!.length
      assert.ok(kept.length <= least + 1, `seed ${seed}, share ${share}: ${kept.length} kept, ${least} are enough`)
      if (kept.length === least) equal++
      cases++
    }
  console.log(`# searches equal to exhaustive ones, dependent: ${equal}/${cases}`)
  assert.ok(equal >= 0.95 * cases)
})
