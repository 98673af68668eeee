/**
 * Bundles tests/ and runs node:test over it.   node tools/test.mjs [PATTERN ...]
 * PATTERN: part of a test file's path (tests/ is implied); without one, the specs inside wasm run too (tools/aspect.mjs).
 * Build dist/ first; OCTAVO_TIER forces a tier.
 *   --runtimes   also run tests/runtimes/, which needs its own packages and a browser
 */
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const out = join(root, 'build/tests')

function testFiles(dir) {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === 'runtimes' ? [] : testFiles(path)
    return entry.name.endsWith('.test.ts') ? [path] : []
  })
}

const runtimes = process.argv.includes('--runtimes')
const patterns = process.argv.slice(2).filter((a) => a !== '--runtimes')
const entries = testFiles('tests').filter((f) => !patterns.length || patterns.some((p) => f.includes(p)))
if (!entries.length) {
  console.error(`no test file matches ${patterns.join(', ')}`)
  process.exit(1)
}

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
await build({
  absWorkingDir: root, entryPoints: entries, outdir: out, outbase: 'tests', bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20',
  packages: 'external', sourcemap: 'linked', logLevel: 'warning', chunkNames: 'chunk-[hash]',
})
for (const tier of ['scalar', 'simd', 'relaxed', 'train.scalar', 'train.simd']) if (existsSync(join(root, `dist/${tier}.wasm`))) copyFileSync(join(root, `dist/${tier}.wasm`), join(out, `${tier}.wasm`))

const files = entries.map((f) => join(out, f.slice('tests/'.length).replace(/\.ts$/, '.js')))
if (runtimes) files.push(join(root, 'tests/runtimes/runtimes.test.mjs'))
const child = spawn(process.execPath, ['--enable-source-maps', '--test', ...files], { cwd: root, stdio: 'inherit' })
child.on('exit', (code, signal) => {
  const specs = patterns.length ? 0 : spawnSync(process.execPath, [join(root, 'tools/aspect.mjs')], { cwd: root, stdio: 'inherit' }).status
  process.exit(signal ? 1 : code || (specs ?? 1))
})
