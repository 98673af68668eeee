/**
 * Writes docs/names.md: PyTorch's names beside what the entries of src/ export. Names that PyTorch 2.13 does not have are refused, and so are reasons for names that are here.
 *   --check: exit 1 when the file on disk differs
 */
import { build } from 'esbuild'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './steps.mjs'
import { GROUPS, REASONS } from './torch-names.mjs'

/** The exports of every entry that PyTorch's names may be found in, by its path below src/entry/. */
async function exportsOfEntries() {
  const out = join(root, 'build/names')
  const paths = readdirSync(join(root, 'src/entry'), { recursive: true }).filter((f) => /^torch\b.*\.ts$|^quantize\.ts$/.test(f)).map((f) => f.slice(0, -3))
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  await build({ absWorkingDir: root, entryPoints: paths.map((p) => `src/entry/${p}.ts`), outdir: out, outbase: 'src/entry', bundle: true, splitting: true, format: 'esm', platform: 'node', packages: 'external', outExtension: { '.js': '.mjs' }, logLevel: 'error' })
  return new Map(await Promise.all(paths.map(async (p) => [p, await import(pathToFileURL(join(out, `${p}.mjs`)))])))
}

/** `default_qconfig` is defaultQConfig, `float_qparams_4bit` floatQParams4Bit; names with capitals stay. */
export function camelCase(python) {
  const words = python.replace(/^_|_$/g, '').split('_')
  if (/[A-Z]/.test(words[0])) return python
  const special = { qconfig: 'QConfig', qparams: 'QParams', '4bit': '4Bit' }
  return words.map((word, i) => (i ? special[word] ?? word[0].toUpperCase() + word.slice(1) : word)).join('')
}

/** What `entry` names: a module's exports, or with # something in one of them. */
function placeOf(exports, entry) {
  const [path, inside] = entry.split('#')
  return (inside?.split('.') ?? []).reduce((value, name) => value?.[name], exports.get(path))
}

const importOf = (entry) => `octavo/${entry.split('#')[0]}`

export async function namesPage() {
  const exports = await exportsOfEntries()
  const { torch, modules } = JSON.parse(readFileSync(join(root, 'tests/golden/torch-names.json'), 'utf8'))
  const known = new Map(Object.entries(modules).map(([path, names]) => [path, new Set(names.split(' '))]))
  const legacy = known.get('torch.quantization')
  const counts = { there: 0, reasoned: 0, missing: [] }
  const used = new Set()

  function rowOf(group, text, rare) {
    const [where, given] = text.split('=')
    const [name, module] = where.split(':').reverse()
    const path = module ? `${group.python}.${module}` : group.python
    const full = `${path}.${name}`
    if (!known.get(path)?.has(name)) throw new Error(`PyTorch ${torch} has no ${full}`)
    const ours = given ?? camelCase(name)
    const entry = group.entries.find((e) => { const place = placeOf(exports, e); return place != null && ours in place })
    const reason = REASONS[full]
    if (reason) used.add(full)
    if (entry && reason) throw new Error(`${full} is here as ${ours} of ${importOf(entry)}: take its reason out of tools/torch-names.mjs`)
    if (!entry && rare) return { rare: `\`${full}\`${reason ? ` (${reason})` : ''}` }
    if (entry) counts.there++
    else if (reason) counts.reasoned++
    else counts.missing.push(full)
    const python = `\`${module ? `${module}.` : ''}${name}\`${group.python === 'torch.ao.quantization' && !module && legacy.has(name) ? ' °' : ''}`
    const [here, from, state] = entry ? [`\`${ours}\``, `\`${importOf(entry)}\``, ''] : reason ? ['', '', `not here: ${reason}`] : [`\`${ours}\``, '', '**missing**']
    return { line: `| ${python} | ${here} | ${from} | ${state} |` }
  }

  const absent = []
  const sections = GROUPS.flatMap((group) => {
    const rows = [...['core', 'more'].flatMap((k) => (group[k] ?? '').split(/\s+/).filter(Boolean).map((n) => rowOf(group, n, false))), ...(group.rare ?? '').split(/\s+/).filter(Boolean).map((n) => rowOf(group, n, true))]
    absent.push(...rows.flatMap((r) => r.rare ?? []))
    const lines = rows.flatMap((r) => r.line ?? [])
    return lines.length ? [`## ${group.title}: \`${group.python}\`\n\n| PyTorch | here | import from | state |\n|---|---|---|---|\n${lines.join('\n')}\n`] : []
  })
  for (const full of Object.keys(REASONS)) if (!used.has(full)) throw new Error(`tools/torch-names.mjs gives a reason for ${full}, which no group lists`)
  return `<!-- Written by tools/gen-names.mjs from tools/torch-names.mjs and the exports of src/entry/. -->
# PyTorch's names and ours

The names of PyTorch ${torch}'s eager quantization and what they are called here: ${counts.there} are there, ${counts.reasoned} are not here for the reason given${counts.missing.length ? `, ${counts.missing.length} are missing` : ''}.
Functions and values are in camelCase (\`qconfig\` within a name is \`QConfig\`), without underscores at either end; classes keep their names. [article.md](article.md) tells where else TypeScript asks for another word.

PyTorch has these names twice: \`torch.ao.quantization\`, and the older \`torch.quantization\` for those marked °. Both mean the same; here there is one \`octavo/torch/quantization\`.

${sections.join('\n')}
## Rare names that are not here

${absent.join(', ')}.
`
}

const path = join(root, 'docs/names.md')
const text = await namesPage()
if (process.argv.includes('--check')) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) process.exit(0)
  console.error('docs/names.md differs from what the entries export: run "node tools/gen-names.mjs" and commit the result')
  process.exit(1)
}
writeFileSync(path, text)
