/**
 * Builds dist/.   node tools/build.mjs [wasm|js|types] [TIER ...]
 * Without arguments: every tier of both modules (inference; training: train-scalar, train-simd), the bundles, the declarations. Exits non-zero when any part fails.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const TIERS = ['scalar', 'simd', 'relaxed', 'train-scalar', 'train-simd']
/** asc takes entries per file of targets, not per target: a module of its own has a file of its own. */
const CONFIGS = ['asconfig.json', 'asconfig.train.json']

const run = (args) =>
  new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', fail)
    child.on('exit', (code) => (code === 0 ? done() : fail(new Error(`node ${args.join(' ')} exited ${code}`))))
  })

/** asc exits 0 on an unknown target, so the target's name is checked here. */
export async function buildWasm(tiers = TIERS) {
  const targets = Object.assign({}, ...CONFIGS.map((config) => {
    const found = JSON.parse(readFileSync(join(root, config), 'utf8')).targets
    return Object.fromEntries(Object.entries(found).map(([name, target]) => [name, { ...target, config }]))
  }))
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  const waiting = [...tiers]
  const work = async () => {
    for (let tier = waiting.shift(); tier; tier = waiting.shift()) {
      if (!targets[tier]) throw new Error(`no target "${tier}" in ${CONFIGS.join(', ')} (have: ${Object.keys(targets).join(', ')})`)
      await run([asc, '--config', targets[tier].config, '--target', tier])
      if (!existsSync(join(root, targets[tier].outFile))) throw new Error(`asc left no ${targets[tier].outFile}`)
    }
  }
  await Promise.all([work(), work()])
}

/** Takes out of esbuild's minified files what terser finds beyond it (see docs/dependencies.md). */
async function shrink({ outputs }) {
  const { minify } = await import('terser')
  for (const path of Object.keys(outputs).map((file) => join(root, file))) {
    const { code } = await minify(readFileSync(path, 'utf8'), { module: true, ecma: 2020, compress: { passes: 2 } })
    writeFileSync(path, code)
  }
}

/** Files of src/DIR and below, from the project's folder. */
const sources = (dir) => readdirSync(join(root, dir), { recursive: true }).filter((f) => f.endsWith('.ts')).map((f) => join(dir, f))
const isEager = (entry) => /^src\/entry\/torch\b/.test(entry)

/**
 * The eager door: a build of its own, so that the chunks of the inference entries stay as they are. Every file of nn/ and autograd/ is an entry
 * too, which gives it a chunk of its own: whoever bundles one layer drops the other chunks (sideEffects: false). Their entries are not kept.
 */
async function buildEager(esbuild, common, entries) {
  const inner = [...sources('src/nn'), ...sources('src/autograd')]
  const { metafile } = await esbuild.build({
    ...common, outbase: '.',
    entryPoints: [...entries.map((e) => ({ in: e, out: e.replace(/^src\/entry\/|\.ts$/g, '') })), ...inner.map((e) => ({ in: e, out: `inner/${e.slice(0, -3)}` }))],
  })
  rmSync(join(root, 'dist/inner'), { recursive: true })
  await shrink({ outputs: Object.fromEntries(Object.entries(metafile.outputs).filter(([path]) => !path.startsWith('dist/inner/'))) })
}

/** One ESM file per entry point (src/entry/), and the command line. */
export async function buildJs() {
  const esbuild = await import('esbuild')
  for (const file of readdirSync(join(root, 'dist'), { recursive: true }).filter((f) => f.endsWith('.js'))) rmSync(join(root, 'dist', file))
  const all = sources('src/entry')
  const entries = all.filter((e) => !isEager(e))
  const common = {
    absWorkingDir: root, bundle: true, format: 'esm', target: 'es2022', outdir: 'dist', sourcemap: false, logLevel: 'warning', legalComments: 'none',
    external: ['node:*'], // platform/node.ts only, behind a dynamic import
  }
  const modules = { ...common, minify: true, splitting: true, metafile: true, chunkNames: 'chunk-[hash]', platform: 'neutral', mainFields: ['module', 'main'] }
  const { metafile } = await esbuild.build({ ...modules, entryPoints: entries })
  await shrink(metafile)
  await buildEager(esbuild, modules, all.filter(isEager))
  if (existsSync(join(root, 'src/cli/main.ts')))
    await esbuild.build({ ...common, entryPoints: { cli: 'src/cli/main.ts' }, platform: 'node', packages: 'external', banner: { js: '#!/usr/bin/env node' } })
}

export async function buildTypes() {
  await run([join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'])
}

export const buildAbi = () => run(['tools/gen-abi.mjs'])

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what, ...rest] = process.argv.slice(2)
  mkdirSync(join(root, 'dist'), { recursive: true })
  const parts = { wasm: () => buildWasm(rest.length ? rest : TIERS), js: buildJs, types: buildTypes, abi: buildAbi }
  if (what && !parts[what]) throw new Error(`unknown part "${what}": one of ${Object.keys(parts).join(', ')}`)
  try {
    if (what) await parts[what]()
    else for (const part of [buildAbi, () => buildWasm(), buildJs, buildTypes]) await part()
  } catch (error) {
    console.error(`build: ${error.message}`)
    process.exit(1)
  }
}
