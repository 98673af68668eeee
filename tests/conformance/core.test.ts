import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { DATA, ROOT, skipWithoutData } from '../support/data.js'
import { accepts } from '../../src/runtime/probe.js'
import { TIERS } from '../../src/runtime/tiers.js'

const run = promisify(execFile)
const forced = process.env['OCTAVO_TIER']

for (const tier of TIERS.filter((t) => !forced || t === forced)) {
  const skip = skipWithoutData || (accepts(tier) ? false : `${process.version} does not accept tier ${tier}`)
  test(`ONNX backend tests in tier ${tier}: all of core.json but those listed as known failures`, { skip }, async () => {
    const { stdout } = await run(process.execPath, [join(ROOT, 'dist/cli.js'), 'conformance', join(DATA!, 'conformance'), '--json'], { cwd: ROOT, env: { ...process.env, OCTAVO_TIER: tier }, maxBuffer: 2 ** 26 })
    const { passed, failed, skipped, unsupported } = JSON.parse(stdout) as Record<string, number>
    assert.deepEqual({ passed, failed, skipped, unsupported }, { passed: 825, failed: 0, skipped: 0, unsupported: 0 })
  })
}
