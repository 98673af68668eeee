import { join } from 'node:path'
import { readBytes, readText } from '../../src/cli/node-files.js'
import { nodeFiles } from '../../src/cli/recipes.js'
import { sessionRunner, type OpenRunner } from '../../src/cli/runners.js'
import { InferenceSession } from '../../src/entry/index.js'
import { evaluate, type Evaluation, type Subset } from '../../src/recipe/evaluate.js'
import type { Files } from '../../src/recipe/files.js'
import { parseRecipe, type Recipe } from '../../src/recipe/schema.js'
import type { Entry } from './entries.js'

/** The half that models are calibrated on, and the half that they are scored on. */
export const CALIBRATED: Subset = { every: 2, from: 0 }
const UNSEEN: Subset = { every: 2, from: 1 }

/** A model of the table with its data, its float session open. */
export interface Subject {
  readonly entry: Entry
  readonly recipe: Recipe
  readonly files: Files
  readonly path: string
  readonly bytes: Uint8Array
  readonly float: OpenRunner
}

/** What a recipe's metric says of a model on the samples that calibration did not see, and on all of them. */
export interface Scored {
  readonly unseen: Evaluation
  readonly full: Evaluation
}

export async function openSubject(entry: Entry, data: string): Promise<Subject> {
  const recipe = parseRecipe(await readText(join(data, 'recipes', `${entry.name}.json`)), entry.name)
  const path = join(data, recipe.model)
  const bytes = await readBytes(path)
  return { entry, recipe, files: remembered(nodeFiles(data)), path, bytes, float: await openOurs(bytes) }
}

export const openOurs = async (model: Uint8Array): Promise<OpenRunner> => sessionRunner(await InferenceSession.create(model))

/** Scores a model beside the float one. */
export async function score({ recipe, files, float }: Subject, runner: OpenRunner, onProgress?: (done: number, total: number) => void): Promise<Scored> {
  const on = (subset: Subset) => evaluate(recipe, runner, files, { ...subset, against: float, onProgress })
  return { unseen: await on(UNSEEN), full: await on({}) }
}

/** Decoded pictures are kept: every model of a set looks at the same ones. */
function remembered(files: Files): Files {
  const images = new Map<string, ReturnType<Files['image']>>()
  return {
    ...files,
    image(path) {
      const known = images.get(path) ?? files.image(path)
      images.set(path, known)
      return known
    },
  }
}
