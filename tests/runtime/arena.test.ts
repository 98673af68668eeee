import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arena, footprint } from '../../src/runtime/memory.js'
import { random } from '../tiers/harness.js'

const newArena = (limit = 2 ** 26): Arena => new Arena(new WebAssembly.Memory({ initial: 1, maximum: 4096 }), 1000, limit)

test('blocks are aligned, disjoint, and everything freed comes back', () => {
  const arena = newArena()
  const next = random(7)
  const live: { at: number; bytes: number }[] = []
  for (let i = 0; i < 2000; i++) {
    if (live.length && next() % 2) {
      const [block] = live.splice(next() % live.length, 1)
      arena.free(block!.at, block!.bytes)
    } else {
      const bytes = 1 + (next() % 3000)
      const at = arena.allocate(bytes)
      assert.equal(at % 64, 0)
      assert.ok(at >= 1000 && at + footprint(bytes) <= arena.size)
      for (const other of live) assert.ok(at + footprint(bytes) <= other.at || other.at + footprint(other.bytes) <= at)
      live.push({ at, bytes })
    }
  }
  assert.equal(arena.used, live.reduce((sum, b) => sum + footprint(b.bytes), 0))
  for (const { at, bytes } of live) arena.free(at, bytes)
  assert.equal(arena.used, 0)
  const first = arena.allocate(10)
  assert.equal(first, 1024)
})

test('the limit is a coded error that says what was needed', () => {
  const arena = newArena(1 << 20)
  assert.throws(() => arena.allocate(2 << 20), { code: 'ARENA_EXHAUSTED', details: { need: 1024 + footprint(2 << 20), have: 65536, max: 1 << 20 } })
  arena.allocate(1000)
})
