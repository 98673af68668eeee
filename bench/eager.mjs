/**
 * The eager door beside its traced plan, its ONNX export and PyTorch: int8 ResNet-20 at batch 1, and 100 calibration batches of 16.
 *
 *   node bench/eager.mjs [--python PATH]
 *   --python   an interpreter with torch, for the calibration's other side (left out without it)
 *
 * Ends with 1 when a bar is missed. Needs dist/*.wasm.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { root } from '../tools/steps.mjs'

const { values: { python } } = parseArgs({ options: { python: { type: 'string' } } })

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1' } })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1))
}

const outfile = 'build/bench/eager.mjs'
await build({ absWorkingDir: root, entryPoints: ['bench/eager.ts'], outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', logLevel: 'error' })
const { tier, eager, plan, calibration } = run(process.execPath, [outfile])
const torch = python && run(python, ['bench/eager.py'])
const rows = [
  ['eager ÷ traced plan', eager.theirs.median, eager.ours.median, 1.3], ['traced plan ÷ ONNX export', plan.theirs.median, plan.ours.median, 1.05],
  ...(torch ? [['prepare + 100 batches ÷ PyTorch', calibration, torch.calibration, 2]] : []),
]
console.log(`int8 ResNet-20, tier ${tier}${torch ? `, torch ${torch.version}, one thread` : ''}`)
let missed = false
for (const [name, ours, other, bar] of rows) {
  missed ||= ours / other > bar
  console.log(`${name.padEnd(34)}${ours.toFixed(3).padStart(11)} ms ${other.toFixed(3).padStart(11)} ms  ${(ours / other).toFixed(2)}×  bar ${bar}×${ours / other > bar ? '  MISSED' : ''}`)
}
if (missed) process.exit(1)
