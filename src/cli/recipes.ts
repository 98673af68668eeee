import { dirname, join, resolve } from 'node:path'
import type { Files } from '../recipe/files.js'
import { parseRecipe, type Recipe } from '../recipe/schema.js'
import { usageError, type Arguments, type Option } from './arguments.js'
import { readImage } from './images.js'
import { listFiles, readBytes, readText } from './node-files.js'

/** Options of every command that takes a recipe. */
export const RECIPE_OPTIONS: Readonly<Record<string, Option>> = {
  recipe: { value: 'FILE', help: 'The recipe: how files become the model\'s input and how its output is scored (docs/recipes.md).' },
  data: { value: 'DIR', help: 'The folder that the recipe\'s paths start from. Default: the folder above the one that holds the recipe.' },
  every: { value: 'N', help: 'Take every Nth sample only (of a sound: every Nth chunk).' },
  from: { value: 'K', help: 'Start with sample K, counted from 0.' },
  limit: { value: 'N', help: 'Take at most N samples.' },
}

/** A recipe from a file, and the way to its data. */
export interface OpenRecipe {
  readonly recipe: Recipe
  readonly files: Files
  /** The path of the model that the recipe names. */
  readonly model: string
  readonly subset: { readonly every?: number; readonly from?: number; readonly limit?: number }
}

/** @throws OPTION_INVALID without --recipe; FILE_UNREADABLE; RECIPE_INVALID */
export async function openRecipe(args: Arguments): Promise<OpenRecipe> {
  const path = args.text('recipe') ?? usageError('--recipe FILE is missing: it says what the data are and how to score them.', { option: 'recipe' })
  const recipe = parseRecipe(await readText(path), path)
  const data = args.text('data') ?? join(dirname(resolve(path)), '..')
  const subset = { every: args.integer('every', 1), from: args.integer('from', 0), limit: args.integer('limit', 1) }
  return { recipe, files: nodeFiles(data), model: join(data, recipe.model), subset }
}

/** Files below `folder`. */
export const nodeFiles = (folder: string): Files => ({
  read: (path) => readBytes(join(folder, path)),
  list: (path) => listFiles(join(folder, path)),
  image: (path) => readImage(join(folder, path)),
})
