/**
 * How long calibrating SqueezeNet on 100 photos takes, beside ONNX Runtime's Python calibrators on one thread of the same machine.
 *
 *   node bench/calibration.mjs [--python PATH] [--only REGEX] [--rounds N] [--json]
 *   --python   an interpreter with onnx, onnxruntime and pillow (default: python3, or $OCTAVO_PYTHON)
 *   --only     pairs whose name matches: minmax, histogram, percentile, entropy
 *   --rounds   times that every pair is run; medians are shown (default: 1)
 *
 * "inputs": from the same preprocessed samples in memory, time of the calibration alone. "photos": from JPEG files, time of the whole process. Ends with 1
 * when histogram takes longer than their entropy or percentile, or minmax more than three times their minmax. Needs dist/ and the data folder ($OCTAVO_DATA).
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../tools/steps.mjs'

const { values: options } = parseArgs({ options: { python: { type: 'string', default: process.env.OCTAVO_PYTHON ?? 'python3' }, only: { type: 'string', default: '' }, rounds: { type: 'string', default: '1' }, json: { type: 'boolean' } } })
const data = resolve(process.env.OCTAVO_DATA ?? join(root, '../shared/data'))
const folder = join(root, 'build/bench/calibration')
const bundle = join(folder, 'ours.mjs')

/** Ours, theirs, and how many times as long as theirs ours may take. */
const PAIRS = [['minmax', 'MinMax', 3], ['histogram', 'Percentile', 1], ['histogram', 'Entropy', 1], ['percentile', 'Percentile', undefined], ['entropy', 'Entropy', undefined]]
  .filter(([method]) => new RegExp(options.only).test(method))

function fail(message) {
  console.error(message)
  process.exit(1)
}

/** A process's last line of output as JSON, with the seconds that it took as a whole. */
function timed(command, args) {
  const start = performance.now()
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26, env: { ...process.env, OMP_NUM_THREADS: '1' } })
  const whole = (performance.now() - start) / 1000
  if (status !== 0) fail(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return { ...JSON.parse(stdout.trimEnd().split('\n').at(-1).startsWith('{') ? stdout.trimEnd().split('\n').at(-1) : stdout), whole }
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

if (!existsSync(data)) fail(`no data folder at ${data}: set OCTAVO_DATA`)
if (!existsSync(join(root, 'dist/cli.js'))) fail('no dist/: run npm run build')
const found = spawnSync(options.python, ['-c', 'import numpy, onnx, onnxruntime, PIL'], { encoding: 'utf8' })
if (found.status !== 0) fail(`${options.python} ${found.error ? `cannot be started (${found.error.message})` : 'lacks a package'}: this comparison needs Python with onnx, onnxruntime and pillow (pip install onnx onnxruntime pillow). Name one with --python or OCTAVO_PYTHON.`)

mkdirSync(folder, { recursive: true })
const { build } = await import('esbuild')
await build({ absWorkingDir: root, entryPoints: ['bench/calibration.ts'], outfile: bundle, bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', logLevel: 'error' })
const { samples, model, recipe } = timed(process.execPath, [bundle, 'prepare', data, folder])

const ours = (method) => timed(process.execPath, [bundle, 'calibrate', data, folder, method]).seconds
const theirs = (method) => timed(options.python, ['bench/calibration.py', model, join(folder, 'inputs.npy'), method]).seconds
const oursWhole = (method) => timed(process.execPath, ['dist/cli.js', 'calibrate', '--recipe', recipe, '--observer', method, '-o', join(folder, 'calibration.json'), '--json']).whole
const theirsWhole = (method) => timed(options.python, ['bench/calibration.py', model, join(folder, 'photos.json'), method]).whole

const rows = []
let broken = false
for (const [method, peer, limit] of PAIRS)
  for (const [from, a, b] of [['inputs', ours, theirs], ['photos', oursWhole, theirsWhole]]) {
    const [x, y] = [[], []]
    for (let i = 0; i < Number(options.rounds); i++) {
      x.push(a(method))
      y.push(b(peer))
    }
    const row = { from, method, peer, samples, ours: median(x), theirs: median(y), limit: limit ?? null }
    row.ratio = row.ours / row.theirs
    rows.push(row)
    broken ||= row.ratio > (limit ?? Infinity)
    if (!options.json) console.log(`${from}  ${`${method} / ${peer}`.padEnd(24)} ${row.ours.toFixed(2).padStart(7)} s ${row.theirs.toFixed(2).padStart(7)} s   ${row.ratio.toFixed(2)}×${limit === undefined ? '' : row.ratio > limit ? `  OVER its limit of ${limit}` : `  (limit ${limit})`}`)
  }
if (options.json) console.log(JSON.stringify(rows, null, 2))
if (broken) process.exit(1)
