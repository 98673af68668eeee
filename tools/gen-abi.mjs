/**
 * Writes src/runtime/abi.ts, more-abi.ts and assembly/abi-stamp.ts from assembly/: parameter blocks (assembly/abi.ts) and which block each exported kernel
 * takes (assembly/index.ts and the kernels' own `changetype<…Params>(p)`); and the same for the training module, from abi.train.ts and index.train.ts.
 *
 *   node tools/gen-abi.mjs            rewrite the file
 *   node tools/gen-abi.mjs --check    exit 1 when the file on disk differs
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const read = (path) => readFileSync(join(root, path), 'utf8')

/** What follows a field's name in the compact layout string: only floats are stored in another way than the rest. */
const MARK = { usize: '', i32: '', u32: '', f32: '~' }

function parseBlocks(path) {
  const source = read(path)
  const blocks = new Map()
  for (const [, name, base, body] of source.matchAll(/export class (\w+)(?: extends (\w+))? \{\n([\s\S]*?)\n\}/g)) {
    if (base && !blocks.has(base)) throw new Error(`${path}, ${name}: its base ${base} must be defined before it`)
    const fields = [...(blocks.get(base) ?? [])]
    for (const line of body.replace(/\/\*[\s\S]*?\*\//g, '').split('\n')) {
      const text = line.replace(/\/\/.*/, '').trim()
      if (!text) continue
      const field = /^(\w+): (\w+);$/.exec(text)
      if (!field || !(field[2] in MARK)) throw new Error(`${path}, ${name}: expected "name: usize|i32|u32|f32;", got "${text}"`)
      fields.push({ name: field[1], type: field[2] })
    }
    blocks.set(name, fields)
  }
  for (const [, names, from] of source.matchAll(/^export \{([^}]*)\} from "(\.\/[^"]+)";/gm)) {
    const shared = parseBlocks(join(dirname(path), from + '.ts'))
    for (const name of names.split(',').map((s) => s.trim())) {
      if (!shared.has(name)) throw new Error(`${path}: ${from}.ts defines no block ${name}`)
      blocks.set(name, shared.get(name))
    }
  }
  return blocks
}

function parseKernels(indexPath) {
  const index = read(indexPath)
  const kernels = new Map()
  for (const [, names, from] of index.matchAll(/export \{([^}]*)\} from "(\.\/[^"]+)";/g)) {
    const path = join('assembly', from + '.ts')
    const source = read(path)
    for (const name of names.split(',').map((s) => s.trim()).filter(Boolean)) {
      const at = source.search(new RegExp(`export function ${name}\\(`))
      if (at < 0) throw new Error(`${indexPath} exports ${name}, which ${path} does not define`)
      const signature = /export function \w+\(([^)]*)\)/.exec(source.slice(at))[1].trim()
      if (signature !== 'p: usize') throw new Error(`${path}: ${name} must take (p: usize), got (${signature})`)
      const block = /changetype<(\w+)>\(p\)/.exec(source.slice(at))
      if (!block) throw new Error(`${path}: ${name} never reads its block with changetype<…Params>(p)`)
      kernels.set(name, block[1])
    }
  }
  return kernels
}

/** One module: the interfaces of its blocks and kernels, a row of the table of layouts per block, and the stamp of all that. */
function describe(blocksPath, indexPath) {
  const blocks = parseBlocks(blocksPath)
  const kernels = parseKernels(indexPath)
  for (const [kernel, block] of kernels) if (!blocks.has(block)) throw new Error(`kernel ${kernel} takes ${block}, which ${blocksPath} does not define`)
  const head = `// Written by tools/gen-abi.mjs from ${blocksPath} and ${indexPath}. Do not edit.`
  const types = [head, "import type { Operand } from './operand.js'", '']
  for (const [name, fields] of blocks)
    types.push(`export interface ${name} {`, ...fields.map((f) => `  ${f.name}: ${f.type === 'usize' ? 'Operand' : 'number'}`), '}', '')
  types.push('/** Every exported kernel and the block it takes. */', 'export interface Kernels {')
  for (const [name, block] of kernels) types.push(`  ${name}: ${block}`)
  types.push('}', '', 'export type KernelName = keyof Kernels', 'export type ParamsOf<K extends KernelName> = Kernels[K]', '')
  const rows = [...blocks].flatMap(([name, fields]) => {
    const takers = [...kernels].filter(([, block]) => block === name).map(([kernel]) => kernel)
    const text = `  ['${takers.join(' ')}', '${fields.map((f) => f.name + MARK[f.type]).join(' ')}'],`
    return takers.length ? [{ text, takers }] : []
  })
  /** FNV-1a of the layouts: a module built from other blocks carries another number and is refused. */
  const stamp = [...[...types, ...rows.map((row) => row.text)].join('\n')].reduce((hash, c) => Math.imul(hash ^ c.charCodeAt(0), 0x01000193), 0x811c9dc5) | 0
  return { head, types, rows, stamp: ['/** What a module of this version exports as `abi`. */', `export const ABI = ${stamp}`, ''], wasm: `${head}\nexport const ABI: i32 = ${stamp};\n` }
}

/** Text of the rule files that every session has: those that lower/table.ts imports. */
function coreRules(path = 'src/plan/lower/table.ts', seen = new Map()) {
  if (seen.has(path)) return seen
  const source = read(path)
  seen.set(path, source)
  for (const [, from] of source.matchAll(/^(?:import (?!type).*|\}) from '(\.\/[^']+)\.js'/gm)) coreRules(join(dirname(path), from + '.ts'), seen)
  return seen
}

const inference = describe('assembly/abi.ts', 'assembly/index.ts')
const core = [...coreRules().values()].join('\n')
const inCore = ({ takers }) => takers.some((kernel) => core.includes(`'${kernel}'`))
const texts = (rows) => rows.map((row) => row.text)
const out = [
  ...inference.types,
  '/** Kernels that take the same block, and its fields in order: field k lies at byte 4·k, `~` follows the name of a float32. */',
  'export type Layouts = readonly (readonly [kernels: string, fields: string])[]', '',
  '/** Of the kernels that the rules of every session name. */', 'export const LAYOUTS: Layouts = [', ...texts(inference.rows.filter(inCore)), ']', '',
  ...inference.stamp,
]
const more = [
  inference.head, "import type { Layouts } from './abi.js'", '', '/** Of the kernels that only moreOperators names. */', 'export const MORE_LAYOUTS: Layouts = [', ...texts(inference.rows.filter((row) => !inCore(row))), ']', '',
]

const training = describe('assembly/abi.train.ts', 'assembly/index.train.ts')
const train = [
  training.head, "import type { Layouts } from './abi.js'", ...training.types.slice(1), '/** Of every kernel of the training module. */', 'export const LAYOUTS: Layouts = [', ...texts(training.rows), ']', '', ...training.stamp,
]

const targets = {
  'src/runtime/abi.ts': out.join('\n'),
  'src/runtime/more-abi.ts': more.join('\n'),
  'src/runtime/abi.train.ts': train.join('\n'),
  'assembly/abi-stamp.ts': inference.wasm,
  'assembly/abi-stamp.train.ts': training.wasm,
}
for (const [target, text] of Object.entries(targets)) {
  if (!process.argv.includes('--check')) writeFileSync(join(root, target), text)
  else if (!existsSync(join(root, target)) || read(target) !== text) {
    console.error(`${target} differs from assembly/: run "node tools/gen-abi.mjs" and commit the result`)
    process.exitCode = 1
  }
}
