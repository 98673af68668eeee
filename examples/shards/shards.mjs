/**
 * Calibration by several processes: each observes a part of the data, the parts are merged, the model is quantized from them.
 *
 *   node examples/shards/shards.mjs [--shards N] [--observer minmax|histogram|percentile] [--model FILE --recipe FILE [--data DIR]]
 *
 * Without a model it takes the digits of ../digits. At the end one process does the same work alone, and both results are compared: with minmax every scale and
 * zero point must be the same bits, or this ends with status 1.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const { values: given } = parseArgs({ options: { shards: { type: 'string', default: '4' }, observer: { type: 'string', default: 'minmax' }, model: { type: 'string' }, recipe: { type: 'string' }, data: { type: 'string' } } })
const count = Number(given.shards), { observer } = given
const model = given.model ?? join(here, '../digits/digits-float.onnx'), recipe = given.recipe ?? join(here, '../digits/recipe.json')
const data = ['--recipe', recipe, ...(given.data === undefined ? [] : ['--data', given.data])]
const folder = mkdtempSync(join(tmpdir(), 'octavo-shards-'))
const at = (name) => join(folder, name)

/** One process of the command line; its JSON. */
function octavo(...argv) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(here, '../../dist/cli.js'), ...argv, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', (text) => { out += text })
    child.on('error', fail)
    child.on('close', (code) => (code === 0 ? done(JSON.parse(out)) : fail(new Error(`octavo ${argv[0]} ended with status ${code}`))))
  })
}

/** Runs jobs, as many at once as there are processors: what a CI matrix or a job queue does on several machines. */
async function queue(jobs) {
  const results = [], waiting = [...jobs.entries()]
  const work = async () => { for (let job = waiting.shift(); job; job = waiting.shift()) results[job[0]] = await job[1]() }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work))
  return results
}

const differences = (a, b) => a.values.map((value, i) => {
  const other = b.values[i]
  return { name: value.name, same: value.name === other.name && value.scale === other.scale && value.zeroPoint === other.zeroPoint, change: Math.abs(other.scale / value.scale - 1) }
})

try {
  const files = Array.from({ length: count }, (_, i) => at(`part${i + 1}.json`))
  const parts = await queue(files.map((file, i) => () => octavo('calibrate', model, ...data, '--observer', observer, '--shard', `${i + 1}/${count}`, '-o', file)))
  for (const { samples, shards, values } of parts) console.log(`shard ${shards.present[0]} of ${count}: ${samples} samples, ${values} values observed`)
  const merged = await octavo('merge', ...files, '-o', at('all.json'))
  console.log(`merged: ${merged.samples} samples`)
  await octavo('calibrate', model, ...data, '--observer', observer, '-o', at('one.json'))
  const [many, one] = await queue(['all', 'one'].map((name) => () => octavo('quantize', model, '--calibration', at(`${name}.json`), '-o', at(`${name}.onnx`))))
  const rows = differences(one, many), different = rows.filter((row) => !row.same), worst = Math.max(0, ...rows.map((row) => row.change))
  const sameFile = Buffer.compare(readFileSync(at('all.onnx')), readFileSync(at('one.onnx'))) === 0
  console.log(`against one process: ${rows.length - different.length} of ${rows.length} scales and zero points are the same bits, scales differ by at most ${(100 * worst).toFixed(2)} %; the models are ${sameFile ? 'the same bytes' : 'not the same bytes'}`)
  if (observer === 'minmax' && (different.length || !sameFile || !rows.length)) {
    console.error(`these should be equal: ${different.map((row) => row.name).join(', ') || 'the models'}`)
    process.exitCode = 1
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
