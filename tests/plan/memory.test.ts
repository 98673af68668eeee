import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeLives, type Life } from '../../src/plan/memory.js'
import { footprint } from '../../src/runtime/memory.js'
import { random } from '../tiers/harness.js'

const overlap = (a: Life, b: Life): boolean => a.first <= b.last && b.first <= a.last
const touch = (a: Life, b: Life): boolean => a.offset < b.offset + footprint(b.bytes) && b.offset < a.offset + footprint(a.bytes)

test('storages that live at the same time never share a byte, and the block holds them all', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const next = random(seed)
    const lives: Life[] = Array.from({ length: 40 }, () => {
      const first = next() % 60
      return { bytes: 1 + (next() % 5000), first, last: first + (next() % 8), offset: -1 }
    })
    const size = placeLives(lives)
    for (const a of lives) {
      assert.equal(a.offset % 64, 0)
      assert.ok(a.offset + footprint(a.bytes) <= size)
      for (const b of lives) assert.ok(a === b || !overlap(a, b) || !touch(a, b), `seed ${seed}`)
    }
  }
})

test('storages that never meet share one place', () => {
  const lives = [0, 1, 2, 3].map((t) => ({ bytes: 1000, first: t, last: t, offset: -1 }))
  assert.equal(placeLives(lives), footprint(1000))
})
