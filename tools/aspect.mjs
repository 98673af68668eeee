/**
 * Specs that run inside wasm: what only wasm can see (offsets of fields, alignment, vector tails, math one lane against four).
 *
 *   node tools/aspect.mjs [TIER ...]     default: scalar and simd, and relaxed where this Node runs it
 *
 * Runs assembly/__tests__/*.spec.ts, and one spec per module written here from src/runtime/abi.ts with more-abi.ts, and from abi.train.ts: that every field of every parameter
 * block lies where the host writes it. Exits 1 when a spec fails.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.mjs'

const OUT = 'build/aspect'
/** Each module's files of src/runtime/; the first is named as its blocks in assembly/. */
const ABIS = [['abi', 'more-abi'], ['abi.train']]
const FEATURES = { scalar: [], simd: ['simd'], relaxed: ['simd', 'relaxed-simd'] }
/** A module of one function that holds i8x16.relaxed_swizzle. */
const RELAXED_PROBE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11)

function blockSpec([abi, ...more]) {
  const source = [abi, ...more].map((file) => readFileSync(join(root, `src/runtime/${file}.ts`), 'utf8')).join('\n')
  const blockOf = (kernel) => new RegExp(`^ {2}${kernel}: (\\w+Params)$`, 'm').exec(source)[1]
  const blocks = [...source.matchAll(/^ {2}\['(\w+)[^']*', '([^']+)'\],$/gm)].map(([, kernel, fields]) => [blockOf(kernel), fields.replaceAll('~', '').split(' ')])
  if (!blocks.length) throw new Error(`src/runtime/${abi}.ts lists no parameter blocks`)
  const checks = blocks.map(([name, fields]) => [
    `  test("${name}", () => {`,
    ...fields.map((field, i) => `    expect(offsetof<${name}>("${field}")).toBe(${4 * i});`),
    `    expect(offsetof<${name}>()).toBe(${4 * fields.length});`,
    '  });',
  ].join('\n'))
  return [`import { ${blocks.map(([name]) => name).join(', ')} } from "../../assembly/${abi}";`, '', 'describe("every field lies where the host writes it", () => {', ...checks, '});', ''].join('\n')
}

function configOf(tier) {
  return {
    targets: { noCoverage: { transform: [join(root, 'tools/aspect/transform.mjs')] } },
    options: {
      exportMemory: true, outFile: 'output.wasm', textFile: 'output.wat', bindings: 'raw', exportStart: '_start', exportRuntime: true,
      use: ['RTRACE=1'], debug: true, exportTable: true, enable: FEATURES[tier],
    },
    entries: ['../../node_modules/@as-pect/assembly/assembly/index.ts'],
  }
}

function run(tier) {
  writeFileSync(join(root, OUT, `${tier}.json`), JSON.stringify(configOf(tier)))
  const { status } = spawnSync(process.execPath, [
    'node_modules/@as-pect/cli/lib/test.js', '--no-logo', '--summary', '--config', 'tools/aspect/config.mjs', '--as-config', `${OUT}/${tier}.json`,
    'assembly/__tests__/*.spec.ts', ...ABIS.map(([abi]) => `${OUT}/${abi}.spec.ts`),
  ], { cwd: root, stdio: 'inherit' })
  return status === 0
}

const tiers = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(FEATURES).filter((tier) => tier !== 'relaxed' || WebAssembly.validate(RELAXED_PROBE))
for (const tier of tiers) if (!FEATURES[tier]) throw new Error(`unknown tier "${tier}": one of ${Object.keys(FEATURES).join(', ')}`)
mkdirSync(join(root, OUT), { recursive: true })
for (const files of ABIS) writeFileSync(join(root, OUT, `${files[0]}.spec.ts`), blockSpec(files))
const failed = tiers.filter((tier) => {
  console.log(`as-pect: tier ${tier}`)
  return !run(tier)
})
if (failed.length) {
  console.error(`as-pect: specs failed in tier ${failed.join(', ')}`)
  process.exit(1)
}
