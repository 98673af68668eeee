/**
 * Holds the house's rules that a type checker cannot see:
 *   - imports in src/ run downwards only (the order of rooms below, as in docs/architecture.md);
 *   - only platform/ names a host; only dtype files test element types; no default exports; imports end in .js;
 *   - assembly/ reads ASC_FEATURE_* in tier.ts only.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { root } from './steps.mjs'

/** Rooms of src/, top first: a file may import from its own room and from those below it. Equal numbers stand side by side. */
const LEVELS = {
  cli: 0, entry: 1, recipe: 1, 'inference-session.ts': 2, workflow: 3, 'more-operators.ts': 4, nn: 5, 'operators.ts': 5, 'session.ts': 5, 'plan-session.ts': 6, 'external-data.ts': 5, formats: 6, autograd: 6, plan: 7, graph: 8, quantization: 8, runtime: 9, platform: 10, 'value.ts': 11, 'dtype.ts': 12, 'errors.ts': 13,
}

const failures = []
const fail = (file, line, what) => failures.push(`${file}:${line}: ${what}`)

const files = (dir, ending) =>
  readdirSync(join(root, dir), { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? (e.name === 'node_modules' ? [] : files(join(dir, e.name), ending)) : e.name.endsWith(ending) ? [join(dir, e.name)] : [])

const roomOf = (path) => relative('src', path).split('/')[0]

for (const file of files('src', '.ts')) {
  const level = LEVELS[roomOf(file)]
  if (level === undefined) fail(file, 1, `room "${roomOf(file)}" is not in tools/lint.mjs and docs/architecture.md`)
  readFileSync(join(root, file), 'utf8').split('\n').forEach((text, i) => {
    const from = /^(?:import|export)\b.*\bfrom '(\.[^']*)'/.exec(text)?.[1] ?? /^\} from '(\.[^']*)'/.exec(text)?.[1]
    if (from && !from.endsWith('.js')) fail(file, i + 1, `import "${from}" must end in .js`)
    const target = from && roomOf(join(dirname(file), from).replace(/\.js$/, '.ts'))
    if (target && target !== roomOf(file) && !(LEVELS[target] > level)) fail(file, i + 1, `imports run downwards: ${roomOf(file)} may not import ${target}`)
    if (/^export default\b/.test(text)) fail(file, i + 1, 'no default exports')
    if (/@ts-ignore|@ts-nocheck|\bas any\b/.test(text)) fail(file, i + 1, 'no type escapes')
    if (/\bfrom 'node:|\bprocess\.|\bDeno\b|\bBun\b/.test(text) && !['platform', 'cli', 'workflow'].includes(roomOf(file)) && !/^\s*(\*|\/)/.test(text)) fail(file, i + 1, 'only platform/ knows the host')
  })
}

for (const file of files('assembly', '.ts'))
  readFileSync(join(root, file), 'utf8').split('\n').forEach((text, i) => {
    if (/ASC_FEATURE_/.test(text) && !file.endsWith('tier.ts')) fail(file, i + 1, 'only tier.ts reads ASC_FEATURE_*')
  })

for (const failure of failures) console.error(failure)
if (failures.length) process.exit(1)
