/**
 * Writes docs/operators.md from the rule tables.   --check: exit 1 when the file on disk differs
 */
import { build } from 'esbuild'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './steps.mjs'

const out = join(root, 'build/operators')
mkdirSync(out, { recursive: true })
const families = readdirSync(join(root, 'src/graph/infer')).filter((f) => f.endsWith('.ts')).map((f) => f.slice(0, -3))
await build({ absWorkingDir: root, entryPoints: [...families.map((f) => `src/graph/infer/${f}.ts`), 'src/plan/more-rules.ts'], outbase: 'src', outdir: out, bundle: true, splitting: true, format: 'esm', outExtension: { '.js': '.mjs' }, logLevel: 'error' })

const { INFER } = await import(pathToFileURL(join(out, 'graph/infer/table.mjs')))
const { moreRules } = await import(pathToFileURL(join(out, 'plan/more-rules.mjs')))
const all = { ...INFER, ...moreRules.infer }
const listed = new Set()
const sections = []
for (const family of families) {
  if (family === 'table') continue
  const table = (await import(pathToFileURL(join(out, `graph/infer/${family}.mjs`))))[family.replace(/-./g, (dash) => dash[1].toUpperCase())]
  const names = Object.keys(table ?? {}).filter((key) => key in all).sort()
  if (!names.length) continue
  for (const name of names) if (listed.has(name)) throw new Error(`${name} is in two families, one of them ${family}`)
    else listed.add(name)
  sections.push(`**${family}** (${names.length}): ${names.map((n) => `\`${n}\``).join(', ')}`)
}
const missing = Object.keys(all).filter((key) => !listed.has(key))
if (missing.length) throw new Error(`operators in no family's table: ${missing.join(', ')}`)

const text = `<!-- Written by tools/gen-operators.mjs from src/graph/infer. -->
# Operators

${listed.size} operators, by family; the condition of \`If\` must be known when the plan is made. ONNX opsets 7 to the newest are read; each node is rewritten
to its newest form. Names with a prefix are of that domain: \`com.microsoft\` are ONNX Runtime's, \`octavo\` are made by passes only.

${sections.join('\n\n')}
`

const path = join(root, 'docs/operators.md')
if (process.argv.includes('--check')) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) process.exit(0)
  console.error('docs/operators.md differs from the rule tables: run "node tools/gen-operators.mjs" and commit the result')
  process.exit(1)
}
writeFileSync(path, text)
