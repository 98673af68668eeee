/**
 * npm start: from an empty clone to answers. Installs and builds what is missing or out of date, then shows the digit
 * example. What follows `--` goes to it: npm start -- --seed 7
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { install, node, requireNode, root } from './steps.mjs'

const BUILT = ['index.js', 'cli.js', 'scalar.wasm', 'simd.wasm', 'relaxed.wasm']
const SOURCES = ['src', 'assembly', 'tools/build.mjs', 'asconfig.json', 'package-lock.json']

/** Milliseconds since 1970 of the latest change below a path. */
function newest(path) {
  const here = statSync(join(root, path))
  return here.isDirectory() ? Math.max(...readdirSync(join(root, path)).map((name) => newest(join(path, name)))) : here.mtimeMs
}

function outOfDate() {
  const files = BUILT.map((name) => join(root, 'dist', name))
  return !files.every(existsSync) || Math.max(...SOURCES.map(newest)) > Math.min(...files.map((f) => statSync(f).mtimeMs))
}

requireNode()
install()
if (outOfDate()) {
  console.log('Building Octavo, once ...')
  node('tools/build.mjs')
}
node('examples/digits/demo.mjs', ...process.argv.slice(2))
