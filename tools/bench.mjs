/**
 * npm run bench: Octavo beside onnxruntime-web in the same process, in Node 24 and in Chromium.
 *   node tools/bench.mjs [--json] [--only REGEX] [--engine node|chromium] [--write]
 *   --json    everything as data on stdout      --only    rows whose id matches, e.g. gemm|signed
 *   --write   rewrite the tables of docs/performance.md between their markers
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync, copyFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { install, node, requireNode, root } from './steps.mjs'

requireNode()
const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' }, engine: { type: 'string' }, write: { type: 'boolean' } } })
install()
install(join(root, 'bench'))
install(join(root, 'tests/runtimes'))
if (!existsSync(join(root, 'dist/index.js'))) node('tools/build.mjs')

const { build } = await import('esbuild')
const { findChromium, runPage } = await import('../tests/runtimes/browser.mjs')
const out = join(root, 'build/bench')
const data = process.env.OCTAVO_DATA ?? resolve(root, '../shared/data')
const dist = join(root, 'dist')
const peer = join(root, 'bench/node_modules/onnxruntime-web/dist')
const node24 = join(root, 'tests/runtimes/node_modules/node24/bin/node')
const log = (text) => process.stderr.write(text + '\n')

mkdirSync(out, { recursive: true })
for (const [tier, features] of [['simd', ['simd']], ['relaxed', ['simd', 'relaxed-simd']]])
  node('node_modules/assemblyscript/bin/asc.js', 'bench/ceiling/index.ts', '--config', '/dev/null', '-o', join(out, `ceiling.${tier}.wasm`), '-O3', '--runtime', 'stub', '--noAssert', '--use', 'abort=', ...features.flatMap((f) => ['--enable', f]))
await build({ absWorkingDir: root, entryPoints: ['bench/node.ts'], outfile: join(out, 'node.mjs'), bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' })
await build({ absWorkingDir: root, entryPoints: ['bench/page.ts'], outfile: join(out, 'page.js'), bundle: true, format: 'esm', target: 'es2022', logLevel: 'error' })
copyFileSync(join(root, 'bench/page.html'), join(out, 'page.html'))

const show = (row) => {
  const { median, low, high } = row.ratio
  const speed = row.oursGmacs ? `  ${row.oursGmacs.toFixed(1)} against ${row.theirsGmacs.toFixed(1)} GMAC/s` : ''
  log(`${median >= row.bar ? 'ok  ' : 'LOW '} ${row.title.padEnd(46)} ${median.toFixed(2)}× (${low.toFixed(2)}–${high.toFixed(2)}), bar ${row.bar}×   ${row.ours.median.toFixed(3)} against ${row.theirs.median.toFixed(3)} ms${speed}`)
}

function collector() {
  const result = { rows: [], notes: [] }
  return [result, ({ row, note }) => {
    if (row) result.rows.push(row), show(row)
    else result.notes.push(note), log(`     ${note}`)
  }]
}

async function inNode() {
  const [result, take] = collector()
  const child = spawn(node24, [join(out, 'node.mjs'), data, dist, out, join(peer, 'ort.wasm.bundle.min.mjs'), options.only ?? ''], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('{')) take(JSON.parse(line))
  if (child.exitCode ?? (await new Promise((done) => child.on('exit', done)))) throw new Error('the suite failed in Node 24')
  return { engine: `Node ${execFileSync(node24, ['-p', 'process.versions.node + " (V8 " + process.versions.v8 + ")"'], { encoding: 'utf8' }).trim()}`, ...result }
}

async function inChromium() {
  const chromium = findChromium()
  if (!chromium) return { engine: 'Chromium', rows: [], notes: ['Chromium is not installed: left out'] }
  const [result, take] = collector()
  const query = options.only ? `?only=${encodeURIComponent(options.only)}` : ''
  await runPage(chromium, { bench: out, dist, data, peer }, { page: `bench/page.html${query}`, onLine: take, timeoutMs: 600_000 })
  return { engine: execFileSync(chromium, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split(' built')[0], ...result }
}

/** Medians of fresh processes in turns. */
function coldStart() {
  const model = join(data, 'models/onnx-quantized/mobilenetv2-12-qdq.onnx')
  if (!existsSync(model)) return { notes: ['cold start: left out, the data folder is absent'] }
  const one = (who, entry) => JSON.parse(execFileSync(node24, [join(root, 'bench/cold.mjs'), who, entry, model], { encoding: 'utf8' })).ms
  const times = Array.from({ length: 9 }, () => ({ ours: one('octavo', join(dist, 'index.js')), theirs: one('onnxruntime-web', join(peer, 'ort.wasm.bundle.min.mjs')) }))
  const spread = (values) => { const s = [...values].sort((a, b) => a - b); return { median: s[s.length >> 1], low: s[1], high: s[s.length - 2] } }
  return { id: 'cold-start', title: 'fresh process: import → first MobileNetV2 answer', against: 'onnxruntime-web', bar: 4, ratio: spread(times.map((t) => t.theirs / t.ours)), ours: spread(times.map((t) => t.ours)), theirs: spread(times.map((t) => t.theirs)) }
}

const engines = []
if (options.engine !== 'chromium') {
  log('Node 24')
  engines.push(await inNode())
  if (!options.only || new RegExp(options.only).test('cold-start')) {
    const cold = coldStart()
    if (cold.id) engines[0].rows.push(cold), show(cold)
    else engines[0].notes.push(...cold.notes)
  }
}
if (options.engine !== 'node') {
  log('Chromium')
  engines.push(await inChromium())
}

const { version } = JSON.parse(readFileSync(join(peer, '../package.json'), 'utf8'))
const report = { date: new Date().toISOString().slice(0, 10), cpu: cpus()[0].model.trim(), cores: cpus().length, peer: `onnxruntime-web ${version}, wasm, one thread`, engines }
if (options.json) console.log(JSON.stringify(report, null, 2))
if (options.write) writeTables(report)

function writeTables(report) {
  const path = join(root, 'docs/performance.md')
  const text = readFileSync(path, 'utf8')
  const table = report.engines.map(({ engine, rows, notes }) => [
    `### ${engine}`, '',
    '| work | against | ours, ms | theirs, ms | ratio (10–90 %) | bar |', '|---|---|---|---|---|---|',
    ...rows.map((r) => `| ${r.title} | ${r.against} | ${r.ours.median.toFixed(3)}${r.oursGmacs ? ` (${r.oursGmacs.toFixed(1)} GMAC/s)` : ''} | ${r.theirs.median.toFixed(3)}${r.theirsGmacs ? ` (${r.theirsGmacs.toFixed(1)})` : ''} | **${r.ratio.median.toFixed(2)}×** (${r.ratio.low.toFixed(2)}–${r.ratio.high.toFixed(2)}) | ${r.bar}× |`),
    ...notes.map((n) => `\n${n}`),
  ].join('\n')).join('\n\n')
  const head = `${report.date}, ${report.cpu}, ${report.cores} cores, one thread; ${report.peer}.`
  writeFileSync(path, text.replace(/(<!-- bench -->)[\s\S]*(<!-- \/bench -->)/, `$1\n${head}\n\n${table}\n$2`))
}
