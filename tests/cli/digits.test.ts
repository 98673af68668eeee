import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readNpy, writeNpy } from '../../src/formats/npy.js'
import { Tensor } from '../../src/value.js'

/** The command line as it is shipped: dist/cli.js, on the models of the example. */
function octavo(...argv: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...argv], { encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}
const json = (...argv: string[]) => {
  const { status, out, err } = octavo(...argv, '--json')
  assert.equal(status, 0, err)
  return JSON.parse(out)
}
const skip = existsSync('dist/cli.js') ? false : 'no dist/: run npm run build'
const [FLOAT, INT8, RECIPE] = ['examples/digits/digits-float.onnx', 'examples/digits/digits-int8.onnx', 'examples/digits/recipe.json'] as const
const drawings = gunzipSync(readFileSync('examples/digits/drawings.bin.gz'))
const labels = readFileSync('examples/digits/drawings.csv', 'utf8').trim().split('\n').map((l) => Number(l.split(',')[1]))

function inFolder(work: (folder: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-'))
    try {
      await work(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

test('the models stay small', () => { for (const [model, most] of [[FLOAT, 60_000], [INT8, 30_000]] as const) assert.ok(statSync(model).size < most) })

test('eval: the recipe\'s score, both models, a subset', { skip }, () => {
  const whole = json('eval', '--recipe', RECIPE, '--against', FLOAT, '--check')
  assert.equal(whole.asExpected, true)
  assert.ok(whole.cases === 200 && whole.msPerSample > 0 && whole.sameAnswers === undefined)
  assert.ok(whole.against.sameAnswers >= 0.98 && whole.against.top1 >= 0.95)
  const half = json('eval', FLOAT, '--recipe', RECIPE, '--every', '2', '--from', '1')
  assert.deepEqual([half.cases, half.asExpected, half.model], [100, null, FLOAT])
  const failed = octavo('eval', '--recipe', RECIPE, '--check', '--limit', '3')
  assert.equal(failed.status, 1, 'a subset cannot be checked')
})

test('run: a NumPy file in, the answer and NumPy files out, the same in every tier', { skip }, inFolder((folder) => {
  const image = Float32Array.from(drawings.subarray(0, 400), (v) => v / 255)
  writeFileSync(join(folder, 'x.npy'), writeNpy(new Tensor('float32', image, [1, 1, 20, 20])))
  const answers = ['scalar', 'simd'].map((tier) => {
    const result = json('run', INT8, '--input', `image=${join(folder, 'x.npy')}`, '--top', '2', '--save', join(folder, tier), '--tier', tier)
    assert.deepEqual([result.tier, result.runs[0].outputs[0].top.length, result.runs[0].outputs[0].top[0].index], [tier, 2, labels[0]])
    return readNpy(new Uint8Array(readFileSync(join(folder, tier, 'probabilities.npy'))))
  })
  assert.deepEqual(answers[0]!.dims, [1, 10])
  assert.deepEqual(answers[0]!.data, answers[1]!.data)
}))

test('run: pictures and labels', { skip }, inFolder(async (folder) => {
  const { default: sharp } = await import('sharp')
  const files = [1, 2].map((i) => join(folder, `${i}.png`))
  for (const [k, file] of files.entries()) await sharp(drawings.subarray((k + 1) * 400, (k + 2) * 400), { raw: { width: 20, height: 20, channels: 1 } }).png().toFile(file)
  writeFileSync(join(folder, 'names.txt'), ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', ''].join('\n'))
  const names = readFileSync(join(folder, 'names.txt'), 'utf8').split('\n')
  const wanted = [1, 2].map((i) => names[labels[i]!])
  for (const how of [['--pixels', 'unit'], ['--recipe', RECIPE]])
    assert.deepEqual(json('run', INT8, '--image', ...files, '--labels', join(folder, 'names.txt'), ...how).runs.map((r: { outputs: { top: { label: string }[] }[] }) => r.outputs[0]!.top[0]!.label), wanted)
  const { out } = octavo('run', INT8, '--image', files[0]!, '--labels', join(folder, 'names.txt'))
  assert.match(out, new RegExp(`probabilities: float32 \\[1, 10\\]\\n +[\\d.e-]+  ${wanted[0]} \\(${labels[1]}\\)`))
  const wrong = octavo('run', INT8, '--image', files[0]!, '--labels', RECIPE)
  assert.deepEqual([wrong.status, wrong.out], [2, ''])
}))

test('inspect: what is in the file, what runs, what it costs', { skip }, () => {
  const seen = json('inspect', INT8, '--dim', 'N=2')
  assert.deepEqual([seen.inputs[0].name, seen.inputs[0].dims], ['image', ['N', 1, 20, 20]])
  const op = (name: string) => seen.operators.find((o: { op: string }) => o.op === name)
  assert.ok(op('QuantizeLinear').inFile > op('QuantizeLinear').planned, 'codes travel between int8 nodes')
  assert.ok(seen.macs >= 2 * (400 * 8 * 9 + 100 * 16 * 72 + 4000) && seen.steps > 3 && seen.memory.wasmBytes > 0 && seen.tierReason)
  assert.ok(seen.nodes.length === seen.steps && seen.nodes.some((n: { writes?: string }) => n.writes === 'float32[2,10]'))
  assert.match(octavo('inspect', FLOAT, '--nodes').out, /float32 \[N, 1, 20, 20\][^]*Operators[^]*Kernels[^]*Calls/)
})

test('bench: medians and bounds', { skip }, () => {
  const { models } = json('bench', FLOAT, INT8, '--seconds', '1')
  for (const { timings, rounds } of models) {
    const [{ runtime, ms, low, high, ratio }] = timings
    assert.ok(runtime === 'octavo' && low <= ms && ms <= high && ratio === 1 && rounds >= 5)
  }
})

test('errors of models: one line, the code first', { skip }, () => {
  for (const [argv, code] of [[['run', 'package.json'], 'MODEL_MALFORMED'], [['run', INT8], 'INPUT_MISSING'], [['inspect', 'package.json'], 'MODEL_MALFORMED'], [['run', INT8, '--input', 'image=package.json'], 'FILE_UNREADABLE']] as const) {
    const { status, out, err } = octavo(...argv)
    assert.deepEqual([status, out, err.split(':')[0], err.trim().split('\n').length], [1, '', code, 1], err)
  }
})

test('the example runs without a terminal and reads its digits', { skip }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/digits/demo.mjs', '--seed', '1'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.ok(stdout.split('\n').every((line) => line.length <= 110) && /[▀▄█]{3}/.test(stdout))
  const right = [...stdout.matchAll(/\((\d+\.\d) %\)/g)].map((m) => Number(m[1]))
  assert.ok(right.length === 2 && right.every((r) => r > 95), stdout)
})
