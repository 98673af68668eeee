/** quantizeDynamic beside ONNX Runtime's quantize_dynamic: the same codes and scales, the same results, and real models no further from float. How dynamic-quantizer.json was made: tests/golden/dynamic-quantizer.py. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { nodeFiles } from '../../../src/cli/recipes.js'
import { viewOf, type DType } from '../../../src/dtype.js'
import { decodeModel } from '../../../src/formats/onnx/decode.js'
import { evaluate } from '../../../src/recipe/evaluate.js'
import type { Runner } from '../../../src/recipe/runner.js'
import { openSamples } from '../../../src/recipe/samples.js'
import { parseRecipe, type Recipe } from '../../../src/recipe/schema.js'
import { GraphSession } from '../../../src/session.js'
import { Tensor } from '../../../src/value.js'
import { everyNode } from '../../../src/workflow/graph/clean.js'
import type { QuantizeOptions } from '../../../src/workflow/graph/options.js'
import { quantizeDynamic } from '../../../src/workflow/graph/quantize-dynamic.js'
import { DATA, skipWithoutData } from '../../support/data.js'
import { loadedTiers } from '../../support/sessions.js'
import { tier, tierName } from './small-model.js'

interface Stored { readonly dtype: DType; readonly dims: readonly number[]; readonly data: string }
interface Case {
  readonly name: string
  readonly options: QuantizeOptions
  readonly exact: boolean
  readonly model: string
  readonly ops: readonly string[]
  readonly feeds: Readonly<Record<string, Stored>>
  readonly outputs: Readonly<Record<string, Stored>>
  readonly constants: readonly Stored[]
}
interface Anchor { readonly file: string; readonly perChannel: boolean; readonly equal?: number; readonly decisions?: number; readonly sqnr?: number; readonly codes: readonly string[] }

const { cases, models, madeBy } = JSON.parse(readFileSync('tests/golden/dynamic-quantizer.json', 'utf8')) as { cases: Case[]; models: Anchor[]; madeBy: string }
const HOST = { tier: tierName, wasmFolder: resolve('dist') }
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'))
const tensorOf = ({ dtype, dims, data }: Stored): Tensor => new Tensor(dtype, viewOf(dtype, bytesOf(data).buffer, 0, dims.reduce((n, d) => n * d, 1)), dims)
const rawOf = ({ data }: Tensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

test(`codes, scales and results as ${madeBy}`, async () => {
  let constants = 0, equal = 0
  for (const c of cases) {
    const { model } = await quantizeDynamic(bytesOf(c.model), { ...HOST, ...c.options })
    const graph = decodeModel(model)
    assert.deepEqual(graph.nodes.map((n) => n.op).sort(), [...c.ops].sort(), c.name)
    const ours = [...graph.constants.values()].map((t) => `${t.dtype} ${rawOf(t).toString('base64')}`)
    const symmetric = c.options.weightType !== 'uint8' // other scales are PyTorch's here, rounded once more: the last bit may differ
    for (const stored of c.constants) {
      if (!symmetric && stored.dtype === 'float32') continue
      assert.ok(ours.includes(`${stored.dtype} ${stored.data}`), `${c.name}: no constant of ${stored.dtype} [${stored.dims}] has these elements`)
      constants++
    }
    for (const [name, loaded] of loadedTiers()) {
      const session = new GraphSession(graph, loaded, model.length)
      const got = session.runSync(Object.fromEntries(Object.entries(c.feeds).map(([input, stored]) => [input, tensorOf(stored)])))
      for (const [output, stored] of Object.entries(c.outputs)) {
        const want = tensorOf(stored).data as Float32Array
        if (c.exact && symmetric) assert.deepEqual(got[output]!.data, want, `${c.name}, ${output}, ${name}`)
        else want.forEach((v, i) => assert.ok(Math.abs(v - (got[output]!.data[i] as number)) < 4e-6, `${c.name}, ${output}[${i}], ${name}`))
        if (c.exact && symmetric) equal++
      }
      session.release()
    }
  }
  console.log(`# ${cases.length} models, ${constants} constants to the bit, ${equal} outputs to the bit`)
})

const runnerOf = (model: Uint8Array): Runner & { session: GraphSession } => {
  const graph = decodeModel(model), session = new GraphSession(graph, tier, model.length)
  return { inputs: graph.inputs, outputs: graph.outputs, run: async (feeds) => session.runSync(feeds), session }
}

const recipeOf = (name: string): Recipe => parseRecipe(readFileSync(join(DATA!, 'recipes', `${name}.json`), 'utf8'), name)
const float = (file: string): Uint8Array => new Uint8Array(readFileSync(join(DATA!, 'models/onnx-float', `${file}.onnx`)))

/** Hashes of a quantized model's weights, those of its branches too. */
function codesOf(model: Uint8Array): string[] {
  const graph = decodeModel(model), branches = [...everyNode(graph)].flatMap((n) => Object.values(n.attributes).filter((v) => typeof v === 'object' && 'nodes' in v))
  const tensors = [graph, ...branches].flatMap((g) => [...g.constants.values()]).filter((t) => t.dtype === 'int8' && t.dims.length > 1 && t.data.some((v: number | bigint) => v !== 0))
  return tensors.map((t) => createHash('sha256').update(rawOf(t)).digest('hex').slice(0, 16)).sort()
}

async function scored(file: string, recipe: Recipe, model: Uint8Array, every = 1): Promise<Awaited<ReturnType<typeof evaluate>>> {
  const [runner, against] = [runnerOf(model), runnerOf(float(file))]
  try {
    return await evaluate(recipe, runner, nodeFiles(DATA!), { against, every })
  } finally {
    runner.session.release()
    against.session.release()
  }
}

/** ONNX Runtime leaves the LSTMs of this one in float, since their weights are computed from constants. */
const FLOAT_THERE = 'silero_vad_16k_op15'

for (const { file, perChannel, codes } of models.filter((m) => m.file !== FLOAT_THERE))
  test(`${file}${perChannel ? ' per channel' : ''}: every weight has the codes of ${madeBy}`, { skip: skipWithoutData }, async () => {
    const { model } = await quantizeDynamic(float(file), { ...HOST, perChannel })
    assert.ok(codes.length >= 4)
    assert.deepEqual(codesOf(model), codes)
  })

for (const { file, equal, decisions, sqnr } of models.filter((m) => m.perChannel && m.file !== 'dtln_model_2'))
  test(`${file} is no further from float than ${madeBy} leaves it`, { skip: skipWithoutData }, async () => {
    const { model } = await quantizeDynamic(float(file), HOST)
    const { scores, sameDecisions, samples } = await scored(file, recipeOf(equal === undefined ? 'dtln-1' : 'silero'), model)
    if (equal !== undefined) {
      const same = Math.round(sameDecisions! * samples)
      console.log(`# ${file}: ${same}/${samples} decisions as float; ONNX Runtime ${equal}/${decisions}`)
      assert.equal(samples, decisions)
      assert.ok(same >= equal - 1 && same >= 0.99 * samples)
    } else {
      const db = (scores['sqnr'] as Record<string, number>)['activation_2']!
      console.log(`# ${file}: ${db.toFixed(2)} dB; ONNX Runtime ${sqnr}`)
      assert.ok(db > sqnr! - 0.15 && db >= 25)
    }
  })

test('dtln_model_2, on the frames themselves, is no further from float than ONNX Runtime leaves it', { skip: skipWithoutData }, async () => {
  const { sqnr } = models.find((m) => m.file === 'dtln_model_2' && m.perChannel)!
  const sample = await (await openSamples(recipeOf('dtln-1').data, nodeFiles(DATA!))).get(0)
  assert.ok('sound' in sample.content)
  const { samples } = sample.content.sound
  const { model } = await quantizeDynamic(float('dtln_model_2'), HOST)
  const runs = [float('dtln_model_2'), model].map((bytes) => {
    const { session } = runnerOf(bytes)
    let state = new Tensor('float32', new Float32Array(512), [1, 2, 128, 2])
    return (frame: Float32Array): Float32Array => {
      const got = session.runSync({ input_4: new Tensor('float32', frame, [1, 1, 512]), input_5: state })
      state = got['tf_op_layer_stack_5']!
      return got['conv1d_3']!.data as Float32Array
    }
  })
  let signal = 0, noise = 0
  for (let at = 0; at + 512 <= samples.length; at += 128) {
    const [a, b] = runs.map((run) => run(samples.slice(at, at + 512))) as [Float32Array, Float32Array]
    a.forEach((v, i) => { signal += v * v; noise += (v - b[i]!) ** 2 })
  }
  const db = 10 * Math.log10(signal / noise)
  console.log(`# dtln_model_2: ${db.toFixed(2)} dB; ONNX Runtime ${sqnr}`)
  assert.ok(db > sqnr! - 0.15 && db >= 25)
})

test('Magika keeps the label of every eighth case', { skip: skipWithoutData }, async () => {
  const { model } = await quantizeDynamic(float('magika_v3_3'), HOST)
  const { sameDecisions, samples } = await scored('magika_v3_3', recipeOf('magika'), model, 8)
  assert.equal(sameDecisions, 1)
  assert.ok(samples > 10)
})
