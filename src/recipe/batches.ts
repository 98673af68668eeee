import { choose, type Subset } from './evaluate.js'
import type { Files } from './files.js'
import type { Image } from './image.js'
import type { Runner, Tensors } from './runner.js'
import { openSamples, type Sample, type Samples } from './samples.js'
import type { Recipe, ValuesInput } from './schema.js'
import { stepsOf } from './steps.js'

/** The feeds that a recipe's data become, for calibrating: the labels and the metric play no part. */
export interface RecipeBatches {
  /** Feeds to come; undefined where a sample gives several. */
  readonly total: number | undefined
  /** From the beginning, one at a time; the next sample's file is read while the caller works on this one. */
  read(): AsyncIterable<Tensors>
  /** What feed `index` was made of, counted as `read` gives them; undefined where a sample gives several. */
  describe(index: number): Promise<FeedOrigin> | undefined
}

/** Where a feed came from, for people. */
export interface FeedOrigin {
  readonly name: string
  /** 1 or 3 channels */
  readonly image?: Image
}

/**
 * Chooses samples (of a sound: chunks) of a recipe's data.
 *
 * @param runner the float model: its inputs' types; run only where a sound carries state from chunk to chunk
 * @throws FILE_UNREADABLE, RECIPE_INVALID, INPUT_MISMATCH
 */
export async function recipeBatches(recipe: Recipe, files: Files, runner: Runner, subset: Subset): Promise<RecipeBatches> {
  const samples = await openSamples(recipe.data, files)
  if (recipe.data.kind === 'audio') {
    const sound = await samples.get(0)
    const chosen = choose(stepsOf(recipe, sound, runner).length, subset)
    return { total: chosen.length, read: () => soundFeeds(recipe, sound, runner, chosen), describe: async (i) => ({ name: `${sound.name}, chunk ${chosen[i]}` }) }
  }
  const chosen = choose(samples.length, subset)
  const several = (recipe.input as ValuesInput).windows !== undefined
  return {
    total: several ? undefined : chosen.length, read: () => feeds(recipe, samples, runner, chosen),
    describe: (i) => (several ? undefined : samples.get(chosen[i]!).then((sample) => ({ name: sample.name, image: imageOf(sample) }))),
  }
}

/** The picture that a sample is, also where it is stored as bytes of [height, width, channels]. */
function imageOf({ content }: Sample): Image | undefined {
  if ('image' in content) return content.image
  if (!('values' in content)) return undefined
  const { data, dims: [height = 0, width = 0, channels = 0, ...more] } = content.values
  return data instanceof Uint8Array && !more.length && (channels === 1 || channels === 3) ? { width, height, channels, data } : undefined
}

async function* feeds(recipe: Recipe, samples: Samples, runner: Runner, chosen: readonly number[]): AsyncGenerator<Tensors> {
  for await (const sample of readAhead(samples, chosen)) for (const step of stepsOf(recipe, sample, runner)) yield step(undefined)
}

/** The chosen samples; one is read while the one before it is used. */
async function* readAhead(samples: Samples, chosen: readonly number[]): AsyncGenerator<Sample> {
  const start = (i: number): Promise<Sample> | undefined => {
    const reading = i < chosen.length ? samples.get(chosen[i]!) : undefined
    reading?.catch(() => undefined) // told when its turn comes
    return reading
  }
  let next = start(0)
  for (let i = 1; next; i++) {
    const sample = await next
    next = start(i)
    yield sample
  }
}

/** Every chunk up to the last chosen one is run, since each starts from the state that the one before it left. */
async function* soundFeeds(recipe: Recipe, sound: Sample, runner: Runner, chosen: readonly number[]): AsyncGenerator<Tensors> {
  const steps = stepsOf(recipe, sound, runner), wanted = new Set(chosen), last = chosen.at(-1) ?? -1
  let previous: Tensors | undefined
  for (let i = 0; i <= last; i++) {
    const step = steps[i]!(previous)
    if (wanted.has(i)) yield step
    previous = await runner.run(step)
  }
}
