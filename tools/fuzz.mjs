/**
 * Feeds broken models to the reader, the planner and the kernels.   node tools/fuzz.mjs [--count N] [--seed S] [--from I] [--tier simd] [--json]
 * Every mutant must end in a result or a coded error within 5 s. A failure prints what repeats it, and its bytes go to
 * build/fuzz/. Build dist/ first. Real models join in where the data folder is ($OCTAVO_DATA, or ../shared/data).
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { root } from './steps.mjs'

const { values: options } = parseArgs({
  options: { count: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' }, from: { type: 'string', default: '0' }, tier: { type: 'string', default: 'simd' }, json: { type: 'boolean' } },
})
const [count, seed, from] = [options.count, options.seed, options.from].map(Number)
const wasm = join(root, `dist/${options.tier}.wasm`)
if (!existsSync(wasm)) {
  console.error(`${wasm} is missing: run npm run build`)
  process.exit(1)
}
const data = [process.env.OCTAVO_DATA, resolve(root, '../shared/data')].find((path) => path && existsSync(path))
const out = join(root, 'build/fuzz')
mkdirSync(out, { recursive: true })
await build({ absWorkingDir: root, entryPoints: ['fuzz/worker.ts'], outdir: out, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', sourcemap: 'inline', logLevel: 'warning' })

/** A worker that has said nothing for this long hangs. The case itself is allowed 5 s. */
const SILENCE_MS = 15000
const ends = {}
const faults = []
let slowest = { ms: 0 }

/** Cases from `first` on in one worker; resolves to the case to go on with. */
const series = (first) => new Promise((done) => {
  const worker = new Worker(join(out, 'worker.mjs'), { workerData: { wasm, data, seed, from: first, to: from + count }, resourceLimits: { maxOldGenerationSizeMb: 1024 }, execArgv: ['--enable-source-maps'] })
  let current = { index: first - 1, name: 'before the first case' }
  let timer
  const stop = (next, fault) => {
    clearTimeout(timer)
    if (fault) faults.push({ ...current, fault })
    worker.terminate()
    done(current.index < first ? Infinity : next) // a worker that fails before its first case would fail again
  }
  const watch = () => {
    clearTimeout(timer)
    timer = setTimeout(() => stop(current.index + 1, `no answer within ${SILENCE_MS} ms`), SILENCE_MS)
  }
  watch()
  worker.on('message', (progress) => {
    watch()
    current = progress
    if (!progress.end) return
    ends[progress.end] = (ends[progress.end] ?? 0) + 1
    if (progress.fault) faults.push(progress)
    if (progress.ms > slowest.ms) slowest = progress
    if (process.stderr.isTTY && progress.index % 100 === 0) process.stderr.write(`\r${progress.index} of ${from + count}, ${faults.length} failures`)
  })
  worker.on('error', (error) => stop(current.index + 1, error.stack ?? String(error)))
  worker.on('exit', () => stop(from + count))
})

const started = performance.now()
for (let next = from; next < from + count; ) next = await series(next)
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')

/** Failures with one cause, told apart by their first lines without numbers. */
const causes = new Map()
for (const fault of faults) {
  const cause = fault.fault.split('\n').slice(0, 3).join('\n').replace(/\d+ (ms|bytes)/g, '# $1')
  causes.set(cause, [...(causes.get(cause) ?? []), fault])
}
for (const group of causes.values()) {
  const [{ index, name, fault, bytes }] = group
  const file = join(out, `case-${seed}-${index}.onnx`)
  if (bytes) writeFileSync(file, bytes)
  console.error(`\n${group.length} × ${fault.split('\n').slice(0, 8).join('\n')}\n  ${name}\n  node tools/fuzz.mjs --seed ${seed} --from ${index} --count 1${bytes ? `   ${file}` : ''}`)
}
const seconds = ((performance.now() - started) / 1000).toFixed(1)
if (options.json) console.log(JSON.stringify({ count, seed, tier: options.tier, data: !!data, seconds: Number(seconds), ends, failures: faults.length, slowestMs: Math.round(slowest.ms) }))
else {
  console.log(`${count} mutants (seed ${seed}, tier ${options.tier}${data ? '' : ', without the data folder'}) in ${seconds} s; slowest ${Math.round(slowest.ms)} ms (${slowest.index}: ${slowest.name})`)
  console.log(Object.entries(ends).sort((a, b) => b[1] - a[1]).map(([end, n]) => `${end} ${n}`).join('  '))
  console.log(faults.length ? `${faults.length} failures, ${causes.size} causes` : 'no failures')
}
process.exitCode = faults.length ? 1 : 0
