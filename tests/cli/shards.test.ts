import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

/** Calibrating in parts, as it is shipped: dist/cli.js and the example. */
const skip = existsSync('dist/cli.js') ? false : 'no dist/: run npm run build'
const [FLOAT, RECIPE] = ['examples/digits/digits-float.onnx', 'examples/digits/recipe.json'] as const

function octavo(...argv: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...argv], { encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}

function inFolder(work: (at: (name: string) => string, folder: string) => void): () => void {
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-'))
    try {
      work((name) => join(folder, name), folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

for (const [observer, shards] of [['minmax', '4'], ['minmax', '7'], ['histogram', '3'], ['percentile', '3']] as const)
  test(`the example: ${shards} processes with ${observer} ranges, against one`, { skip }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/shards/shards.mjs', '--shards', shards, '--observer', observer], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, /merged: 100 samples/)
    const [, same, total, change] = /(\d+) of (\d+) scales and zero points are the same bits, scales differ by at most ([\d.]+) %/.exec(stdout)!.map(Number) as [number, number, number, number]
    assert.ok(total >= 3 && (observer !== 'minmax' || same === total) && change < 1, stdout)
  })

test('calibrate, merge and quantize: what they say, and what they refuse', { skip }, inFolder((at) => {
  const part = (k: number, ...more: string[]) => octavo('calibrate', FLOAT, '--recipe', RECIPE, '--observer', 'minmax', '--limit', '10', '--shard', `${k}/2`, '-o', at(`${k}.json`), ...more)
  const first = part(1, '--json')
  assert.equal(first.status, 0, first.err)
  const { values, sha256, ...said } = JSON.parse(first.out)
  assert.deepEqual(said, { output: at('1.json'), model: 'digits-float.onnx', engine: 'fbgemm', calibrateMethod: 'minmax', batches: 5, samples: 5, shards: { count: 2, present: [1] } })
  assert.ok(values >= 3 && /^[0-9a-f]{64}$/.test(sha256))
  assert.match(part(2).out, /digits-float\.onnx -> .*2\.json\nminmax of \d+ values over 5 samples in 5 batches, shard 2 of 2/)
  const refused = (words: RegExp, ...argv: string[]): void => {
    const { status, out, err } = octavo(...argv)
    assert.deepEqual([status, out, err.trim().split('\n').length], [1, '', 1], err)
    assert.match(err, words)
  }
  refused(/CALIBRATION_INVALID: shard 2 of 2 is missing/, 'merge', at('1.json'), '-o', at('all.json'))
  refused(/CALIBRATION_INVALID: shard 1 of 2 is in .*1\.json and in .*1\.json/, 'merge', at('1.json'), at('1.json'), '-o', at('all.json'))
  refused(/CALIBRATION_INVALID: the calibration lacks shard 2/, 'quantize', FLOAT, '--calibration', at('1.json'), '-o', at('q.onnx'))
  assert.equal(part(2, '--exclude', 'op:MaxPool').status, 0)
  refused(/CALIBRATION_INVALID: .*1\.json and .*2\.json do not go together/, 'merge', at('1.json'), at('2.json'), '-o', at('all.json'))
  assert.equal(part(2).status, 0)
  assert.equal(octavo('merge', at('2.json'), at('1.json'), '-o', at('all.json')).status, 0)
  writeFileSync(at('other.json'), JSON.stringify({ ...JSON.parse(readFileSync(at('all.json'), 'utf8')), model: { name: 'other.onnx', sha256: '0'.repeat(64) } }))
  refused(/CALIBRATION_INVALID: the calibration is of another model/, 'quantize', FLOAT, '--calibration', at('other.json'), '-o', at('q.onnx'))
  assert.equal(octavo('quantize', FLOAT, '--calibration', at('all.json'), '-o', at('q.onnx')).status, 0)
  assert.ok(existsSync(at('q.onnx')))
}))

test('a file that cannot be written whole is not there at all', { skip }, inFolder((at, folder) => {
  const limited = (...argv: string[]) => spawnSync('sh', ['-c', `ulimit -f 4; exec "$@"`, 'sh', process.execPath, 'dist/cli.js', ...argv], { encoding: 'utf8' })
  const { status, stderr } = limited('calibrate', FLOAT, '--recipe', RECIPE, '--limit', '4', '-o', at('part.json'))
  assert.equal(status, 1, stderr)
  assert.match(stderr, /FILE_UNWRITABLE: cannot write .*part\.json: it is larger than files may be here/)
  assert.deepEqual(readdirSync(folder), [])
}))
