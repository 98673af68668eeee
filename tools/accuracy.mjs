/**
 * npm run accuracy: every model of the table quantized for both engines, scored beside its float original, beside ONNX Runtime's
 * own quantizer, and compared bit by bit with ONNX Runtime's int8 execution.
 *   node tools/accuracy.mjs [--only REGEX] [--write] [--check] [--json] [--anchor] [--python PATH]
 *   --only     models whose name matches, e.g. mnist|yunet        --json    everything as data on stdout
 *   --write    keep what was measured in bench/accuracy/results and rewrite the tables of docs/accuracy.md from all that is kept there
 *   --check    end with 1 when a bar is missed or bits differ that must not
 *   --anchor   quantize with ONNX Runtime's Python quantizer again and rewrite bench/accuracy/anchor.json; without it that file's numbers stand
 *   --python   the interpreter that has onnx, onnxruntime and sympy (default: python3)
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { install, node, requireNode, root } from './steps.mjs'

requireNode()
const { values: options } = parseArgs({ options: {
  only: { type: 'string' }, write: { type: 'boolean' }, check: { type: 'boolean' }, json: { type: 'boolean' }, anchor: { type: 'boolean' }, python: { type: 'string', default: 'python3' },
} })
const data = process.env.OCTAVO_DATA ?? resolve(root, '../shared/data')
if (!existsSync(data)) fail(`there is no data folder at ${data}: set OCTAVO_DATA`)
const imports = (packages) => spawnSync(options.python, ['-c', `import ${packages}`], { stdio: 'ignore' })
if (options.anchor) {
  const { status, error } = imports('onnx, onnxruntime, sympy')
  if (status !== 0) fail(`${options.python} ${error ? `cannot be started (${error.message})` : 'lacks a package'}: --anchor needs Python with onnx, onnxruntime and sympy. Without --anchor the recorded numbers of bench/accuracy/anchor.json are used.`)
}
install()
install(join(root, 'bench'))
if (!existsSync(join(root, 'dist/simd.wasm')) || !existsSync(join(root, 'dist/train.simd.wasm'))) node('tools/build.mjs', 'wasm')

const out = join(root, 'build/accuracy')
const { build } = await import('esbuild')
await build({ absWorkingDir: root, entryPoints: ['bench/accuracy/main.ts'], outdir: out, bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', logLevel: 'warning', chunkNames: 'chunk-[hash]', outExtension: { '.js': '.mjs' } })
mkdirSync(out, { recursive: true })
for (const file of readdirSync(join(root, 'dist'))) if (file.endsWith('.wasm')) copyFileSync(join(root, 'dist', file), join(out, file))

const settings = { root, data, out, only: options.only, write: options.write, check: options.check, json: options.json, anchor: options.anchor, python: imports('onnx').status === 0 ? options.python : undefined }
const { status } = spawnSync(process.execPath, ['--enable-source-maps', join(out, 'main.mjs'), JSON.stringify(settings)], { stdio: 'inherit', cwd: root })
process.exit(status ?? 1)

function fail(why) {
  console.error(`accuracy: ${why}`)
  process.exit(1)
}
