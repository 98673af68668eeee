/** The examples of examples/article/ print what the same programs print in PyTorch 2.13: tests/golden/article.json holds what `python examples/article/static.py ENGINE` printed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './support/data.js'

const skip = existsSync(join(ROOT, 'dist/torch/quantization.js')) ? false : 'no dist/: run npm run build'
const golden = JSON.parse(readFileSync(join(ROOT, 'tests/golden/article.json'), 'utf8')) as { static: Record<string, string> }

for (const [engine, expected] of Object.entries(golden.static))
  test(`the article's static flow by ${engine} prints what PyTorch prints`, { skip }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/article/static.mjs', engine], { cwd: ROOT, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.equal(stdout, expected)
  })
