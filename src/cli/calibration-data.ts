import { basename, join } from 'node:path'
import { readNpy } from '../formats/npy.js'
import { readNpz } from '../formats/npz.js'
import { recipeBatches, type FeedOrigin } from '../recipe/batches.js'
import { choose, type Subset } from '../recipe/evaluate.js'
import type { InputInfo, Runner } from '../recipe/runner.js'
import { OctavoError } from '../errors.js'
import type { Tensor } from '../value.js'
import type { Batch } from '../workflow/graph/options.js'
import { usageError, type Arguments, type Option } from './arguments.js'
import { cutIntoBatches } from './cut-batches.js'
import { readImage } from './images.js'
import { isFolder, listFiles, readBytes } from './node-files.js'
import { PICTURE_OPTIONS, pictureReader } from './pictures.js'
import { openRecipe, RECIPE_OPTIONS } from './recipes.js'
import { openSession, sessionRunner } from './runners.js'

/** Options of every command that calibrates. */
export const CALIBRATION_OPTIONS: Readonly<Record<string, Option>> = {
  calibrate: { value: 'PATH', help: 'What to calibrate on: a folder of pictures or NumPy files (.npy for a model of one input, .npz with arrays by input name), or one .npz. Arrays are cut along their first axis into batches that the model takes.' },
  recipe: { value: 'FILE', help: 'Calibrate on this recipe\'s data, made into inputs as it says (docs/recipes.md). With --calibrate, only the way from picture to input is taken from it.' },
  data: RECIPE_OPTIONS['data']!,
  every: { value: 'N', help: 'Take every Nth sample only. Default: 2 for a recipe\'s own data, so that the others are left to score on; else 1.' },
  from: { value: 'K', help: 'Start with sample K, counted from 0. Default: 0.' },
  limit: { value: 'N', help: 'Take at most N samples.' },
  shard: { value: 'K/N', help: 'Of the samples left, take the Kth of N equal parts, K from 1 to N: sample K-1, K-1+N and so on.' },
  ...PICTURE_OPTIONS,
}

/** Part `index` (from 1) of `count`. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** Calibration data that a command line names. */
export interface CalibrationData {
  /** Starts the data from the beginning, as often as it is called. */
  readonly batches: () => AsyncIterable<Batch>
  /** Batches, where that is known before they are read. */
  readonly total: number | undefined
  /** What a batch was made of, counted as they are read; undefined where that is not known. */
  readonly describe: (index: number) => Promise<FeedOrigin> | undefined
  readonly shard: Shard | undefined
  /** Gives back what reading holds. */
  release(): void
}

/** The shard that --shard names, undefined without. @throws OPTION_INVALID */
export function shardOf(args: Arguments): Shard | undefined {
  const given = args.text('shard')
  if (given === undefined) return undefined
  const [, k, n] = /^(\d{1,6})\/(\d{1,6})$/.exec(given) ?? []
  const [index, count] = [Number(k), Number(n)]
  return index >= 1 && index <= count ? { index, count } : usageError(`--shard: expected K/N with K from 1 to N, such as 3/16, got "${given}".`, { option: 'shard' })
}

/**
 * The batches behind --calibrate or --recipe, for the float model at `model`.
 *
 * @throws OPTION_INVALID neither option, or nothing left of the data; FILE_UNREADABLE, RECIPE_INVALID, INPUT_MISMATCH, and what opening the model throws
 */
export async function openCalibrationData(args: Arguments, model: string): Promise<CalibrationData> {
  const path = args.text('calibrate'), recipe = args.text('recipe')
  if (path === undefined && recipe === undefined)
    usageError('there is nothing to calibrate on: name a folder or an .npz file with --calibrate, or a recipe with --recipe.', { option: 'calibrate' })
  const subset = calibrationSubset(args), runner = sessionRunner(await openSession(model, args))
  try {
    const data = path === undefined ? await fromRecipe(args, runner, subset) : await fromPath(args, path, runner.inputs, subset)
    if (data.total === 0) usageError('no sample is left to calibrate on. Lower --from, --every or the number of shards.')
    return { ...data, shard: shardOf(args), release: () => runner.release() }
  } catch (error) {
    runner.release()
    throw error
  }
}

type Data = Pick<CalibrationData, 'batches' | 'total' | 'describe'>

/** The samples that --every, --from, --limit and --shard name. @throws OPTION_INVALID */
export const calibrationSubset = (args: Arguments): Subset => subsetOf(args, args.text('calibrate') === undefined ? 2 : 1)

/** A shard takes every Nth of the samples that are left: one more subset. */
function subsetOf(args: Arguments, every: number): Subset {
  const { index, count } = shardOf(args) ?? { index: 1, count: 1 }
  const step = args.integer('every', 1) ?? every, limit = args.integer('limit', 1) ?? Infinity
  return { every: step * count, from: (args.integer('from', 0) ?? 0) + step * (index - 1), limit: Math.max(0, Math.ceil((limit - (index - 1)) / count)) }
}

async function fromRecipe(args: Arguments, runner: Runner, subset: Subset): Promise<Data> {
  const { recipe, files } = await openRecipe(args)
  const { total, read, describe } = await recipeBatches(recipe, files, runner, subset)
  return { total, batches: read, describe }
}

const PICTURE = /\.(jpe?g|png|webp|gif|tiff?)$/i
const ARRAYS = /\.np[yz]$/i

async function fromPath(args: Arguments, path: string, inputs: readonly InputInfo[], subset: Subset): Promise<Data> {
  if (!(await isFolder(path))) return fromArrays([path], inputs, subset)
  const names = await listFiles(path), pictures = names.filter((n) => PICTURE.test(n)), arrays = names.filter((n) => ARRAYS.test(n))
  if (pictures.length && arrays.length) usageError(`--calibrate ${path}: it holds ${pictures.length} pictures and ${arrays.length} NumPy files. Give a folder of one kind.`, { option: 'calibrate' })
  if (arrays.length) return fromArrays(arrays.map((name) => join(path, name)), inputs, subset)
  if (!pictures.length) throw new OctavoError('FILE_UNREADABLE', `${path}: no pictures (JPEG, PNG, WebP, GIF, TIFF) and no .npy or .npz files there. Check --calibrate.`, { folder: path })
  return fromPictures(args, choose(pictures.length, subset).map((i) => join(path, pictures[i]!)), inputs)
}

async function fromPictures(args: Arguments, files: readonly string[], inputs: readonly InputInfo[]): Promise<Data> {
  if (inputs.length !== 1) usageError(`--calibrate: pictures feed one input, the model has ${inputs.map((i) => i.name).join(', ')}. Give .npz files with an array for each.`, { option: 'calibrate' })
  const read = await pictureReader(args, inputs[0]!, 'calibrate')
  return { total: files.length, batches: () => inTurn(files, read), describe: async (i) => ({ name: basename(files[i]!), image: await readImage(files[i]!) }) }
}

/** What `read` makes of each file; one is read while the caller works on the one before it. */
async function* inTurn(files: readonly string[], read: (path: string) => Promise<Batch>): AsyncGenerator<Batch> {
  let next = files.length ? read(files[0]!) : undefined
  for (let i = 1; next; i++) {
    const batch = await next
    next = i < files.length ? read(files[i]!) : undefined
    next?.catch(() => undefined) // told when its turn comes
    yield batch
  }
}

/** One file is read once and its batches counted; several are read one after another on every walk. */
async function fromArrays(files: readonly string[], inputs: readonly InputInfo[], subset: Subset): Promise<Data> {
  if (files.length > 1) return { total: undefined, batches: () => arrayBatches(files, inputs, subset), describe: () => undefined }
  const all = cutIntoBatches(await readArrays(files[0]!, inputs), inputs, files[0]!)
  const indices = choose(all.length, subset)
  return {
    total: indices.length, batches: async function* () { for (const i of indices) yield all[i]! },
    describe: async (i) => ({ name: `${basename(files[0]!)}, feed ${indices[i]}` }),
  }
}

async function* arrayBatches(files: readonly string[], inputs: readonly InputInfo[], { every = 1, from = 0, limit = Infinity }: Subset): AsyncGenerator<Batch> {
  let index = 0, taken = 0
  for (const file of files)
    for (const batch of cutIntoBatches(await readArrays(file, inputs), inputs, file)) {
      if (taken >= limit) return
      if (index >= from && (index - from) % every === 0) {
        taken++
        yield batch
      }
      index++
    }
}

/** Arrays by input name; where model and file have one each, its name does not matter. */
async function readArrays(file: string, inputs: readonly InputInfo[]): Promise<ReadonlyMap<string, Tensor>> {
  const bytes = await readBytes(file)
  if (/\.npz$/i.test(file)) {
    const arrays = readNpz(bytes, file)
    return arrays.size === 1 && inputs.length === 1 ? new Map([[inputs[0]!.name, [...arrays.values()][0]!]]) : arrays
  }
  if (!/\.npy$/i.test(file)) usageError(`--calibrate: expected a folder, an .npz or an .npy file, got ${file}.`, { option: 'calibrate' })
  if (inputs.length !== 1) usageError(`--calibrate ${file}: the model has inputs ${inputs.map((i) => i.name).join(', ')}. Give .npz files with an array for each.`, { option: 'calibrate' })
  return new Map([[inputs[0]!.name, readNpy(bytes, file)]])
}
