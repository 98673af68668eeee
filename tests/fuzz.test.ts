/** A short run of tools/fuzz.mjs with a fixed seed: no mutant may end in anything but a result or a coded error. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { tryModel } from '../fuzz/case.js'
import { Random } from '../fuzz/random.js'
import { mutant } from '../fuzz/mutate.js'
import { builtSeeds } from '../fuzz/seeds.js'
import { moreOperators } from '../src/more-operators.js'
import { addOperators } from '../src/operators.js'
import { adopt } from '../src/runtime/load.js'

const skip = existsSync('dist/simd.wasm') ? false : 'no dist/simd.wasm: run npm run build'

test('2,000 mutants end in a result or a coded error', { skip, timeout: 120_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/fuzz.mjs', '--count', '2000', '--seed', '7', '--json'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const { count, failures, ends } = JSON.parse(stdout) as { count: number; failures: number; ends: Record<string, number> }
  assert.equal(failures, 0)
  assert.equal(Object.values(ends).reduce((a, b) => a + b, 0), count)
  for (const end of ['run', 'MODEL_TRUNCATED', 'MODEL_MALFORMED', 'GRAPH_INVALID', 'SHAPE_MISMATCH']) assert.ok(ends[end]! > 20, `only ${ends[end]} mutants ended in ${end}: the mutator no longer reaches it`)
})

test('the models that mutants are made of run, but for the one that loops', { skip }, () => {
  addOperators(moreOperators)
  const tier = adopt(new WebAssembly.Module(readFileSync('dist/simd.wasm')))
  const ends = builtSeeds().map(({ name, bytes }) => [name, tryModel(bytes, tier).end])
  assert.deepEqual(ends.filter(([, end]) => end !== 'run'), [['loops', 'OP_UNSUPPORTED']])
})

test('a case is the same every time, and differs from its neighbours', () => {
  const seeds = builtSeeds()
  const again = builtSeeds()
  const distinct = new Set<string>()
  for (let index = 0; index < 200; index++) {
    const { name, bytes } = mutant(seeds, 3, index)
    assert.deepEqual(mutant(again, 3, index), { name, bytes })
    distinct.add(Buffer.from(bytes).toString('base64'))
  }
  assert.ok(distinct.size > 150, `${distinct.size} distinct mutants of 200`)
})

test('the generator spreads evenly', () => {
  const random = new Random(1)
  const counts = Array(8).fill(0)
  for (let i = 0; i < 80000; i++) counts[random.int(8)]++
  for (const n of counts) assert.ok(Math.abs(n - 10000) < 500, `${counts}`)
})
