/**
 * The same models in every engine and every tier, from the same dist/: all digests must be equal. The scalar tier in the
 * Node that runs this file is what the others are compared with. An engine that is absent is named; with CI set that fails.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findChromium, runPage } from './browser.mjs'
import { MODELS } from './cases.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, '../..')
const data = process.env.OCTAVO_DATA ?? resolve(root, '../shared/data')
const folders = { project: join(root, 'examples/digits'), ...(existsSync(data) ? { data } : {}) }
const TIERS = ['scalar', 'simd', 'relaxed']
/** Tiers an engine need not have. Everything else must run. */
const MAY_REFUSE = { 'Node 20': ['relaxed'] }

const run = promisify(execFile)
const bin = (path) => join(here, 'node_modules', path)
const roots = Object.entries(folders).map(([name, path]) => `${name}=${path}`)
const script = join(here, 'command-line.mjs')

const viaCommand = (command, before = []) => existsSync(command) && (async (tier) => JSON.parse((await run(command, [...before, script, tier, ...roots], { env: { ...process.env, OCTAVO_TIER: '' } })).stdout))

function viaBrowser() {
  const chromium = findChromium()
  if (!chromium) return false
  let page
  return async (tier) => {
    page ??= runPage(chromium, { ...folders, dist: join(root, 'dist'), tests: here })
    const result = (await page)[tier]
    assert.ok(!result.error, result.error)
    return result
  }
}

const ENGINES = {
  'Node 20': viaCommand(bin('node20/bin/node')),
  'Node 24': viaCommand(bin('node24/bin/node')),
  Deno: viaCommand(bin('.bin/deno'), ['run', '--allow-read', '--allow-env', '--no-lock']),
  Chromium: viaBrowser(),
}

if (!folders.data) console.log(`# the data folder is absent (${data}): only the project's own models run`)
const expected = JSON.parse((await run(process.execPath, [script, 'scalar', ...roots], { env: { ...process.env, OCTAVO_TIER: '' } })).stdout)

for (const [engine, execute] of Object.entries(ENGINES))
  for (const tier of TIERS)
    test(`${engine}, tier ${tier}: same bits as the scalar tier`, { skip: !execute && !process.env.CI && `${engine} is not installed here` }, async (t) => {
      assert.ok(execute, `${engine} is not installed (npm ci in tests/runtimes; apt-get install chromium)`)
      const result = await execute(tier)
      if (result.refused) {
        assert.ok(MAY_REFUSE[engine]?.includes(tier), result.refused)
        return t.diagnostic(`${engine} cannot run ${tier}, as expected: ${result.refused}`)
      }
      assert.equal(result.tier, tier)
      assert.ok(Object.keys(result.digests).length >= (folders.data ? MODELS.length : 2), 'some models did not run')
      assert.deepEqual(result.digests, expected.digests)
      t.diagnostic(`${engine} ran ${Object.keys(result.digests).length} models in tier ${result.tier}`)
    })

const quantizeScript = join(here, 'quantize-command.mjs')
const quantizeWith = (command, before = []) => existsSync(command) && (async () => JSON.parse((await run(command, [...before, quantizeScript], { env: { ...process.env, OCTAVO_TIER: '' } })).stdout))
const chromium = findChromium()
const QUANTIZERS = {
  'Node 20': quantizeWith(bin('node20/bin/node')),
  'Node 24': quantizeWith(bin('node24/bin/node')),
  Deno: quantizeWith(bin('.bin/deno'), ['run', '--allow-read', '--allow-env', '--no-lock']),
  Chromium: chromium && (() => runPage(chromium, { ...folders, dist: join(root, 'dist'), tests: here }, { page: 'tests/quantize-page.html' })),
}

const quantized = JSON.parse((await run(process.execPath, [quantizeScript])).stdout)
for (const [engine, execute] of Object.entries(QUANTIZERS))
  test(`${engine}: quantizing here and in a worker writes the same bytes as everywhere`, { skip: !execute && !process.env.CI && `${engine} is not installed here` }, async (t) => {
    assert.ok(execute, `${engine} is not installed (npm ci in tests/runtimes; apt-get install chromium)`)
    const told = await execute()
    assert.ok(!told.error, told.error)
    for (const [way, { digest, bytes, batches, events, frames, longest, ms }] of Object.entries(told)) {
      assert.deepEqual({ digest, bytes, batches }, { digest: quantized.here.digest, bytes: quantized.here.bytes, batches: 60 }, way)
      assert.ok(events > 60)
      if (engine !== 'Chromium') continue
      t.diagnostic(`${way}: ${frames} frames in ${ms.toFixed(0)} ms, at most ${longest.toFixed(0)} ms between two`)
      assert.ok(frames > 10 && longest < ms / 2, 'the page paints while it quantizes')
    }
    assert.deepEqual(Object.keys(told), ['here', 'in a worker', ...(engine === 'Chromium' ? ['in a worker from another origin'] : [])])
  })

/** The kernels' own tests, where the Node that runs this file has no relaxed tier: bundled by tools/test.mjs, which runs first. */
const kernelTests = join(root, 'build/tests/tiers')
test('Node 24, tier relaxed: every kernel against its reference', { skip: !existsSync(bin('node24/bin/node')) && !process.env.CI && 'Node 24 is not installed here' }, async (t) => {
  const files = readdirSync(kernelTests).filter((f) => f.endsWith('.test.js')).map((f) => join(kernelTests, f))
  const env = { ...process.env, OCTAVO_TIER: 'relaxed' }
  delete env.NODE_TEST_CONTEXT // else the inner runner reports to the outer one
  const { stdout } = await run(bin('node24/bin/node'), ['--test', '--test-reporter=tap', ...files], { cwd: root, env, maxBuffer: 2 ** 26 })
  const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1])
  assert.equal(count('fail'), 0)
  assert.ok(count('pass') >= files.length, `only ${count('pass')} tests ran`)
  t.diagnostic(`${count('pass')} kernel tests passed in tier relaxed`)
})
