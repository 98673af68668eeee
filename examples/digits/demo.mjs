/**
 * Draws digits and lets two models read them: a small network in float32, and the same in 8 bits.
 *   node examples/digits/demo.mjs [--seed N]     (npm start builds Octavo first)
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { InferenceSession, Tensor } from '../../dist/index.js'
import { SIZE, asText, drawMany } from './draw.mjs'

const SHOWN = 6
const PER_ROW = 3
const SCORED = 500
const GAP = '      '
const MODELS = ['float', 'int8']

const { values: options } = parseArgs({ options: { seed: { type: 'string' } } })
const seed = Number(options.seed ?? Date.now() % 1_000_000)
if (!Number.isInteger(seed)) {
  console.error(`--seed: expected a whole number, got "${options.seed}".`)
  process.exit(2)
}

/** Drawings as the models' input: [N, 1, SIZE, SIZE], ink 1 and paper 0. */
const toTensor = (pixels) => new Tensor('float32', Float32Array.from(pixels, (v) => v / 255), [pixels.length / SIZE ** 2, 1, SIZE, SIZE])

const probabilitiesOf = async (session, pixels) => (await session.run({ image: toTensor(pixels) })).probabilities.data

/** The most probable digit of picture i. */
function answer(probabilities, i) {
  const row = probabilities.subarray(10 * i, 10 * i + 10)
  const digit = row.reduce((best, p, d) => (p > row[best] ? d : best), 0)
  return { digit, probability: row[digit] }
}

/** Median milliseconds of a run on one picture, once the engine has compiled everything. */
async function timeOne(session, pixels) {
  const feeds = { image: toTensor(pixels) }
  const times = []
  for (let i = 0; i < 600; i++) {
    const start = performance.now()
    await session.run(feeds)
    if (i >= 200) times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[times.length / 2]
}

const file = (kind) => new URL(`digits-${kind}.onnx`, import.meta.url)
const sessions = {}
for (const kind of MODELS) sessions[kind] = await InferenceSession.create(file(kind))
const { tier, tierReason } = sessions.int8.info
const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))

console.log(`\nOctavo ${version}: neural networks in 8 bits, in WebAssembly\nTier ${tier}: ${tierReason}.\n`)
console.log(`${SHOWN} digits, drawn just now (seed ${seed}), read by one small network in float32 and in 8 bits:\n`)

const shown = drawMany(SHOWN, seed)
const answers = {}
for (const kind of MODELS) answers[kind] = await probabilitiesOf(sessions[kind], shown.pixels)
const cell = (text) => text.padEnd(SIZE)
for (let first = 0; first < SHOWN; first += PER_ROW) {
  const row = Array.from({ length: PER_ROW }, (_, k) => first + k)
  console.log(asText(row.map((i) => shown.pixels.subarray(i * SIZE ** 2, (i + 1) * SIZE ** 2)), GAP).join('\n'))
  for (const kind of MODELS) {
    const cells = row.map((i) => {
      const { digit, probability } = answer(answers[kind], i)
      return cell(`${kind.padEnd(6)}${digit}  ${(100 * probability).toFixed(1)} %${digit === shown.labels[i] ? '' : `  no: ${shown.labels[i]}`}`)
    })
    console.log(cells.join(GAP).trimEnd())
  }
  console.log()
}

const scored = drawMany(SCORED, seed + 1)
const guesses = {}
const rows = [['', ...MODELS], ['model file'], [`right of ${SCORED} more`], ['time a digit'], ['wasm memory']]
for (const kind of MODELS) {
  const session = sessions[kind]
  const probabilities = await probabilitiesOf(session, scored.pixels)
  guesses[kind] = Array.from(scored.labels, (_, i) => answer(probabilities, i).digit)
  const right = guesses[kind].filter((digit, i) => digit === scored.labels[i]).length
  rows[1].push(`${((await readFile(file(kind))).length / 1000).toFixed(1)} KB`)
  rows[2].push(`${right} (${((100 * right) / SCORED).toFixed(1)} %)`)
  rows[3].push(`${(1000 * (await timeOne(session, shown.pixels.subarray(0, SIZE ** 2)))).toFixed(0)} us`)
  rows[4].push(`${(session.info.memoryBytes / 1e6).toFixed(1)} MB`)
  session.release()
}
for (const [name, ...cells] of rows) console.log(`  ${name.padEnd(18)}${cells.map((c) => c.padStart(16)).join('')}`)
const same = guesses.float.filter((digit, i) => digit === guesses.int8[i]).length
console.log(`\nBoth gave the same answer to ${same} of ${SCORED}.

Next, a model of your own (ONNX):
  npx octavo inspect model.onnx                  what it is, what it costs, what was fused
  npx octavo run model.onnx --image photo.jpg    its answer to a picture
  npx octavo bench model.onnx                    how fast it is here
  npx octavo --help                              everything else
Or in code: examples/digits/demo.mjs, which you have just seen, is about 100 lines.
`)
