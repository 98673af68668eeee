/**
 * Writes docs/parity.md: how many golden cases of each quantized operator and engine come out as in PyTorch. Build the wasm tiers first.
 *   --check: exit 1 when the file on disk differs
 */
import { build } from 'esbuild'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './steps.mjs'

const out = join(root, 'build/parity')
mkdirSync(out, { recursive: true })
await build({ absWorkingDir: root, entryPoints: ['tests/support/parity.ts'], outdir: out, bundle: true, format: 'esm', platform: 'node', packages: 'external', outExtension: { '.js': '.mjs' }, logLevel: 'error' })
process.chdir(root)
const { parityPage } = await import(pathToFileURL(join(out, 'parity.mjs')))
const text = parityPage()
const path = join(root, 'docs/parity.md')
if (process.argv.includes('--check')) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) process.exit(0)
  console.error('docs/parity.md differs from what the cases give: run "node tools/gen-parity.mjs" and commit the result')
  process.exit(1)
}
writeFileSync(path, text)
