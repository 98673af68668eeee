/** What bench/calibration.mjs runs in processes of their own: preparing the samples, and one calibration. */
import { readFileSync, writeFileSync } from 'node:fs'
import { nodeFiles } from '../src/cli/recipes.js'
import { readNpy, writeNpy } from '../src/formats/npy.js'
import { decodeModel } from '../src/formats/onnx/decode.js'
import { recipeBatches } from '../src/recipe/batches.js'
import { choose } from '../src/recipe/evaluate.js'
import { parseRecipe, type Recipe } from '../src/recipe/schema.js'
import { Tensor } from '../src/value.js'
import { calibrate } from '../src/workflow/graph/calibrate-model.js'
import type { Batch, CalibrateMethod } from '../src/workflow/graph/options.js'

const RECIPE = 'recipes/squeezenet.json'
const open = (data: string): { recipe: Recipe; model: string } => {
  const recipe = parseRecipe(readFileSync(`${data}/${RECIPE}`, 'utf8'), RECIPE)
  return { recipe, model: `${data}/${recipe.model}` }
}

/** Writes the even photos as DIR/inputs.npy, preprocessed as the recipe says, and their paths as DIR/photos.json. */
async function prepare(data: string, folder: string): Promise<object> {
  const { recipe, model } = open(data), files = nodeFiles(data)
  const { inputs } = decodeModel(new Uint8Array(readFileSync(model)))
  const { read } = await recipeBatches(recipe, files, { inputs, outputs: [], run: () => Promise.reject(new Error('nothing is run here')) }, { every: 2, from: 0 })
  const samples: Float32Array[] = []
  let dims: readonly number[] = []
  for await (const batch of read()) {
    const [{ data: values, dims: [, ...rest] }] = Object.values(batch) as [Tensor]
    samples.push(values as Float32Array)
    dims = rest
  }
  const all = new Float32Array(samples.length * samples[0]!.length)
  samples.forEach((sample, i) => all.set(sample, i * sample.length))
  writeFileSync(`${folder}/inputs.npy`, writeNpy(new Tensor('float32', all, [samples.length, ...dims])))
  const { path } = recipe.data as { path: string }
  const names = (await files.list(path)).filter((name) => /\.jpe?g$/i.test(name))
  writeFileSync(`${folder}/photos.json`, JSON.stringify(choose(names.length, { every: 2, from: 0 }).map((i) => `${data}/${path}/${names[i]!}`)))
  return { samples: samples.length, model, recipe: `${data}/${RECIPE}` }
}

/** From opening the model to the ranges, on samples that are in memory. */
async function calibrateOnce(data: string, folder: string, calibrateMethod: CalibrateMethod): Promise<object> {
  const { model } = open(data)
  const x = readNpy(new Uint8Array(readFileSync(`${folder}/inputs.npy`)), 'inputs.npy')
  const [name, size] = [decodeModel(new Uint8Array(readFileSync(model))).inputs[0]!.name, x.size / x.dims[0]!]
  const batches = Array.from({ length: x.dims[0]! }, (_, i): Batch => ({ [name]: new Tensor('float32', x.data.subarray(i * size, (i + 1) * size), [1, ...x.dims.slice(1)]) }))
  const start = performance.now()
  const { groups, samples } = await calibrate(model, batches, { calibrateMethod, wasmFolder: 'dist' })
  return { seconds: (performance.now() - start) / 1000, values: Object.values(groups).length, samples }
}

const [what, data, folder, method] = process.argv.slice(2) as [string, string, string, CalibrateMethod]
console.log(JSON.stringify(await (what === 'prepare' ? prepare(data, folder) : calibrateOnce(data, folder, method))))
