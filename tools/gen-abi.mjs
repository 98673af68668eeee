/**
 * Writes src/runtime/abi.ts, more-abi.ts and assembly/abi-stamp.ts from assembly/: parameter blocks (assembly/abi.ts) and which block each exported kernel
 * takes (assembly/index.ts and the kernels' own `changetype<…Params>(p)`).
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

function parseBlocks(source) {
  const blocks = new Map()
  for (const [, name, body] of source.matchAll(/export class (\w+) \{\n([\s\S]*?)\n\}/g)) {
    const fields = []
    for (const line of body.replace(/\/\*[\s\S]*?\*\//g, '').split('\n')) {
      const text = line.replace(/\/\/.*/, '').trim()
      if (!text) continue
      const field = /^(\w+): (\w+);$/.exec(text)
      if (!field || !(field[2] in MARK)) throw new Error(`assembly/abi.ts, ${name}: expected "name: usize|i32|u32|f32;", got "${text}"`)
      fields.push({ name: field[1], type: field[2] })
    }
    blocks.set(name, fields)
  }
  return blocks
}

function parseKernels(index) {
  const kernels = new Map()
  for (const [, names, from] of index.matchAll(/export \{([^}]*)\} from "(\.\/[^"]+)";/g)) {
    const path = join('assembly', from + '.ts')
    const source = read(path)
    for (const name of names.split(',').map((s) => s.trim()).filter(Boolean)) {
      const at = source.search(new RegExp(`export function ${name}\\(`))
      if (at < 0) throw new Error(`assembly/index.ts exports ${name}, which ${path} does not define`)
      const signature = /export function \w+\(([^)]*)\)/.exec(source.slice(at))[1].trim()
      if (signature !== 'p: usize') throw new Error(`${path}: ${name} must take (p: usize), got (${signature})`)
      const block = /changetype<(\w+)>\(p\)/.exec(source.slice(at))
      if (!block) throw new Error(`${path}: ${name} never reads its block with changetype<…Params>(p)`)
      kernels.set(name, block[1])
    }
  }
  return kernels
}

const blocks = parseBlocks(read('assembly/abi.ts'))
const kernels = parseKernels(read('assembly/index.ts'))
for (const [kernel, block] of kernels) if (!blocks.has(block)) throw new Error(`kernel ${kernel} takes ${block}, which assembly/abi.ts does not define`)

const out = [
  '// Written by tools/gen-abi.mjs from assembly/abi.ts and assembly/index.ts. Do not edit.',
  "import type { Operand } from './operand.js'",
  '',
]
for (const [name, fields] of blocks)
  out.push(`export interface ${name} {`, ...fields.map((f) => `  ${f.name}: ${f.type === 'usize' ? 'Operand' : 'number'}`), '}', '')
out.push('/** Every exported kernel and the block it takes. */', 'export interface Kernels {')
for (const [name, block] of kernels) out.push(`  ${name}: ${block}`)
out.push('}', '', 'export type KernelName = keyof Kernels', 'export type ParamsOf<K extends KernelName> = Kernels[K]', '')
/** Text of the rule files that every session has: those that lower/table.ts imports. */
function coreRules(path = 'src/plan/lower/table.ts', seen = new Map()) {
  if (seen.has(path)) return seen
  const source = read(path)
  seen.set(path, source)
  for (const [, from] of source.matchAll(/^(?:import (?!type).*|\}) from '(\.\/[^']+)\.js'/gm)) coreRules(join(dirname(path), from + '.ts'), seen)
  return seen
}

const core = [...coreRules().values()].join('\n')
const rows = [...blocks].flatMap(([name, fields]) => {
  const takers = [...kernels].filter(([, block]) => block === name).map(([kernel]) => kernel)
  const text = `  ['${takers.join(' ')}', '${fields.map((f) => f.name + MARK[f.type]).join(' ')}'],`
  return takers.length ? [{ text, core: takers.some((kernel) => core.includes(`'${kernel}'`)) }] : []
})

/** FNV-1a of the layouts: a module built from other blocks carries another number and is refused. */
const stamp = [...[...out, ...rows.map((row) => row.text)].join('\n')].reduce((hash, c) => Math.imul(hash ^ c.charCodeAt(0), 0x01000193), 0x811c9dc5) | 0

out.push(
  '/** Kernels that take the same block, and its fields in order: field k lies at byte 4·k, `~` follows the name of a float32. */',
  'export type Layouts = readonly (readonly [kernels: string, fields: string])[]', '',
  '/** Of the kernels that the rules of every session name. */', 'export const LAYOUTS: Layouts = [', ...rows.filter((row) => row.core).map((row) => row.text), ']', '',
  '/** What a module of this version exports as `abi`. */', `export const ABI = ${stamp}`, '',
)
const more = [
  out[0], "import type { Layouts } from './abi.js'", '', '/** Of the kernels that only moreOperators names. */', 'export const MORE_LAYOUTS: Layouts = [', ...rows.filter((row) => !row.core).map((row) => row.text), ']', '',
]

const targets = {
  'src/runtime/abi.ts': out.join('\n'),
  'src/runtime/more-abi.ts': more.join('\n'),
  'assembly/abi-stamp.ts': `// Written by tools/gen-abi.mjs from assembly/abi.ts and assembly/index.ts. Do not edit.\nexport const ABI: i32 = ${stamp};\n`,
}
for (const [target, text] of Object.entries(targets)) {
  if (!process.argv.includes('--check')) writeFileSync(join(root, target), text)
  else if (!existsSync(join(root, target)) || read(target) !== text) {
    console.error(`${target} differs from assembly/: run "node tools/gen-abi.mjs" and commit the result`)
    process.exitCode = 1
  }
}
