/**
 * npm run size: raw, gzip and brotli bytes of everything in dist/ that a user downloads, beside the budgets.
 *   --json     as data        --budget   only check the budgets; exit 1 when one is broken
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { root } from './steps.mjs'

const KB = 1000
/** gzip budgets in bytes, by file of dist/: a script counts with everything it imports, but not what it loads when a model needs it. */
const BUDGETS = { 'index.js': 45 * KB /* the goal is 40 */, 'scalar.wasm': 40 * KB, 'simd.wasm': 40 * KB, 'relaxed.wasm': 40 * KB }

/** A script and the chunks it imports statically. */
function closure(file, seen = new Set()) {
  if (seen.has(file)) return seen
  seen.add(file)
  if (file.endsWith('.js')) for (const [, from] of readFileSync(join(root, 'dist', file), 'utf8').matchAll(/(?:^|[;}])(?:import|export)[^;"']*["']\.\/([^"']+\.js)["']/g)) closure(from, seen)
  return seen
}

const rows = readdirSync(join(root, 'dist')).filter((f) => /\.(js|wasm)$/.test(f) && !/^(cli|chunk-.*)\.js$/.test(f)).map((file) => {
  const bytes = Buffer.concat([...closure(file)].map((f) => readFileSync(join(root, 'dist', f))))
  const gzip = gzipSync(bytes, { level: 9 }).length
  return { file, raw: bytes.length, gzip, brotli: brotliCompressSync(bytes).length, budget: BUDGETS[file] ?? null, over: gzip > (BUDGETS[file] ?? Infinity) }
})

const args = process.argv.slice(2)
if (args.includes('--json')) console.log(JSON.stringify(rows, null, 2))
else if (!args.includes('--budget')) {
  const cell = (v) => (v === null ? '-' : (v / KB).toFixed(1)).padStart(9)
  console.log(`${'file'.padEnd(16)}${['raw KB', 'gzip', 'brotli', 'budget'].map((h) => h.padStart(9)).join('')}`)
  for (const r of rows) console.log(`${r.file.padEnd(16)}${[r.raw, r.gzip, r.brotli, r.budget].map(cell).join('')}${r.over ? '  OVER' : ''}`)
}
const missing = Object.keys(BUDGETS).filter((f) => !rows.some((r) => r.file === f))
for (const file of missing) console.error(`dist/${file} is missing: run npm run build`)
for (const r of rows.filter((r) => r.over)) console.error(`dist/${r.file}: ${r.gzip} bytes gzip, over its budget of ${r.budget}`)
if (missing.length || rows.some((r) => r.over)) process.exit(1)
