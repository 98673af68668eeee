/** docs/names.md says what the entries export, and its names are PyTorch's. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { ROOT } from './support/data.js'

test('the table of names is what the entries export', () => {
  const { status, stderr } = spawnSync(process.execPath, ['tools/gen-names.mjs', '--check'], { cwd: ROOT, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})
