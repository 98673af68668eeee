import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edges, out, random, tiersUnderTest } from './harness.js'

for (const tier of tiersUnderTest())
  test(`${tier.name}: f32_unary is max(x, 0)`, () => {
    for (const count of edges(4)) {
      const next = random(count)
      const x = Float32Array.from({ length: count }, () => (next() % 2001) - 1000)
      const { y } = tier.call('f32_unary', { x, y: out('float32', count), count, op: 0, alpha: 0, beta: 0 })
      assert.deepEqual(y, x.map((v) => Math.max(v, 0)))
    }
  })
