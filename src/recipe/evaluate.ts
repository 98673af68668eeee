import { OctavoError } from '../errors.js'
import { readJson, type Files } from './files.js'
import { agreementMetric } from './metrics/agreement.js'
import { reconstructionMetric } from './metrics/auc.js'
import { boxesMetric } from './metrics/boxes.js'
import type { Call, Metric, Scores } from './metrics/metric.js'
import { sqnrMetric } from './metrics/sqnr.js'
import { topMetric } from './metrics/top.js'
import type { Runner, Tensors } from './runner.js'
import { openSamples, type Sample, type Samples } from './samples.js'
import type { Recipe } from './schema.js'
import { stepsOf } from './steps.js'

/** Which samples (for sounds: which chunks) count: those with index from, from + every, …, at most `limit` of them. */
export interface Subset {
  readonly every?: number
  readonly from?: number
  readonly limit?: number
}

export interface EvaluateOptions extends Subset {
  /** A model to compare with, run on the same samples. */
  readonly against?: Runner
  /** Told the number of samples (or chunks) done and in all. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface Evaluation {
  readonly scores: Scores
  /** Scores of the other model by itself; the share of decisions that both took alike, where the metric knows decisions. */
  readonly against?: Scores
  readonly sameDecisions?: number
  /** Samples scored. */
  readonly samples: number
  /** Median time of the calls that one sample takes, in milliseconds, model alone; the first sample is left out where there are more. */
  readonly msPerSample: number
}

/** Samples (of a sound: chunks) that are scored together: their indices, ascending, among `count`. */
export type Part = (count: number) => readonly number[]

/**
 * Scores a model on a recipe's data.
 *
 * @throws FILE_UNREADABLE, RECIPE_INVALID, INPUT_MISMATCH, OPTION_INVALID (a subset without samples), and what running throws
 */
export async function evaluate(recipe: Recipe, runner: Runner, files: Files, options: EvaluateOptions = {}): Promise<Evaluation> {
  let all = 0
  const [result] = await evaluateParts(recipe, runner, files, [(count) => choose((all = count), options)], options)
  if (!result) throw new OctavoError('OPTION_INVALID', `no sample is left of ${all} with every ${options.every ?? 1}, from ${options.from ?? 0}. Start earlier.`, { ...options, against: undefined })
  return result
}

/**
 * Scores several parts of the data, which may overlap; each sample is run once.
 *
 * @returns for each part its scores, or undefined where it is empty
 * @throws as evaluate
 */
export async function evaluateParts(recipe: Recipe, runner: Runner, files: Files, parts: readonly Part[], options: Pick<EvaluateOptions, 'against' | 'onProgress'> = {}): Promise<readonly (Evaluation | undefined)[]> {
  const samples = await openSamples(recipe.data, files)
  const sound = recipe.data.kind === 'audio' ? await samples.get(0) : undefined
  const count = sound ? stepsOf(recipe, sound, runner).length : samples.length
  const tallies = await Promise.all(parts.map(async (part) => new Tally(new Set(part(count)), await createMetric(recipe, files), options.against && await createMetric(recipe, files))))
  const chosen = [...new Set(tallies.flatMap((t) => [...t.indices]))].sort((a, b) => a - b)
  const add: Add = (sample, index, call, peer) => tallies.forEach((t) => t.add(sample, index, call, peer))
  for await (const done of sound ? runSound(recipe, sound, runner, chosen, options, add) : runSamples(recipe, samples, runner, chosen, options, add)) tallies.forEach((t) => t.end(done))
  return tallies.map((t) => t.result())
}

type Add = (sample: Sample, index: number, call: Call, peer?: Call) => void
interface Done { readonly sample: Sample; readonly index: number; readonly ms: number }

/** What one part adds up to. */
class Tally {
  private readonly times: number[] = []

  constructor(readonly indices: ReadonlySet<number>, private readonly metric: Metric, private readonly other: Metric | undefined) {}

  add(sample: Sample, index: number, call: Call, peer?: Call): void {
    if (!this.indices.has(index)) return
    this.metric.add(sample, index, call, peer)
    if (peer) this.other?.add(sample, index, peer)
  }

  end({ sample, index, ms }: Done): void {
    if (!this.indices.has(index)) return
    this.times.push(ms)
    this.metric.end?.(sample)
    this.other?.end?.(sample)
  }

  result(): Evaluation | undefined {
    const { times, metric, other } = this
    if (!times.length) return undefined
    return {
      scores: metric.scores(), samples: times.length, msPerSample: median(times.length > 1 ? times.slice(1) : times),
      ...(other && { against: other.scores() }), ...(other && metric.decisions && { sameDecisions: shareEqual(metric.decisions(), other.decisions!()) }),
    }
  }
}

async function* runSamples(recipe: Recipe, samples: Samples, runner: Runner, chosen: readonly number[], options: EvaluateOptions, add: Add): AsyncGenerator<Done> {
  for (const [done, index] of chosen.entries()) {
    const sample = await samples.get(index)
    let ms = 0
    for await (const { call, peer, time } of runSteps(recipe, sample, runner, options.against)) {
      ms += time
      add(sample, index, call, peer)
    }
    yield { sample, index, ms }
    options.onProgress?.(done + 1, chosen.length)
  }
}

/** A sound is one sample whose chunks are chosen, since its state runs through all of them. */
async function* runSound(recipe: Recipe, sample: Sample, runner: Runner, chosen: readonly number[], options: EvaluateOptions, add: Add): AsyncGenerator<Done> {
  const wanted = new Set(chosen)
  const last = chosen.at(-1) ?? -1
  let index = 0
  for await (const { call, peer, time } of runSteps(recipe, sample, runner, options.against, last + 1)) {
    if (wanted.has(index)) {
      add(sample, index, call, peer)
      yield { sample, index, ms: time }
    }
    index++
    options.onProgress?.(index, last + 1)
  }
}

/** The calls of one sample on both models, each with its own state. */
async function* runSteps(recipe: Recipe, sample: Sample, runner: Runner, against: Runner | undefined, most = Infinity): AsyncGenerator<{ call: Call; peer?: Call; time: number }> {
  const steps = stepsOf(recipe, sample, runner)
  const peerSteps = against && stepsOf(recipe, sample, against)
  let previous: Tensors | undefined
  let peerPrevious: Tensors | undefined
  for (let i = 0; i < Math.min(steps.length, most); i++) {
    const feeds = steps[i]!(previous)
    const start = performance.now()
    previous = await runner.run(feeds)
    const time = performance.now() - start
    const call = { feeds, outputs: previous, runner }
    if (!against) yield { call, time }
    else {
      const peerFeeds = peerSteps![i]!(peerPrevious)
      peerPrevious = await against.run(peerFeeds)
      yield { call, time, peer: { feeds: peerFeeds, outputs: peerPrevious, runner: against } }
    }
  }
}

/** The indices of a subset of `count`. */
export function choose(count: number, { every = 1, from = 0, limit = Infinity }: Subset): number[] {
  const all = Array.from({ length: Math.max(0, Math.ceil((count - from) / every)) }, (_, i) => from + i * every)
  return all.slice(0, limit)
}

async function createMetric({ metric, data, decode }: Recipe, files: Files): Promise<Metric> {
  switch (metric) {
    case 'top1': return topMetric()
    case 'auc-reconstruction': return reconstructionMetric()
    case 'sqnr-per-output': return sqnrMetric()
    case 'boxes-agreement': return boxesMetric(decode!)
    case 'agreement': {
      const { reference, threshold } = data as { reference: string; threshold: number }
      return agreementMetric((await readJson(files, reference)) as number[], threshold)
    }
  }
}

/** The middle of an unsorted list, the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

function shareEqual(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let same = 0
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) same++
  return same / a.length
}
