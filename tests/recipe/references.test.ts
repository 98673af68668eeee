import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodeFiles } from '../../src/cli/recipes.js'
import { readNpy } from '../../src/formats/npy.js'
import type { Runner } from '../../src/recipe/runner.js'
import { openSamples } from '../../src/recipe/samples.js'
import { parseRecipe, type Recipe } from '../../src/recipe/schema.js'
import { stepsOf } from '../../src/recipe/steps.js'
import { DATA, skipWithoutData } from '../support/data.js'

/**
 * Stored inputs that Pillow made of a picture at hand, decoding and resizing with its BILINEAR: the recipe's way with that
 * filter. (The stored inputs of the photo models come from the photos' originals, which are not at hand.)
 */
const CASES = [
  ['ultraface', 'ultraface/in.input.npy', [1, 3, 240, 320]],
  ['yunet', 'yunet_2022mar/in.input.npy', [1, 3, 120, 160]],
] as const

for (const [name, reference, dims] of CASES)
  test(`${name}: from 11.jpg to the stored input, to the bit`, { skip: skipWithoutData }, async () => {
    const read = parseRecipe(readFileSync(join(DATA!, 'recipes', `${name}.json`), 'utf8'), name)
    const recipe = { ...read, data: { ...read.data, match: '^11\\.jpg$' }, input: { ...read.input, filter: 'bilinear-antialias' } } as Recipe
    const runner: Runner = { inputs: [{ name: 'x', dtype: 'float32', dims }], outputs: [], run: async () => ({}) }
    const samples = await openSamples(recipe.data, nodeFiles(DATA!))
    const { x } = stepsOf(recipe, await samples.get(0), runner)[0]!(undefined)
    const stored = readNpy(new Uint8Array(readFileSync(join(DATA!, 'refs', reference))))
    assert.deepEqual(x!.dims, stored.dims)
    assert.deepEqual(x!.data, stored.data)
  })
