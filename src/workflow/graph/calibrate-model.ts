import type { Source } from '../../platform/source.js'
import { loadObserver, saveObserver } from '../../quantization/state.js'
import { observersFor } from './activation-qparams.js'
import { BatchSource } from './batches.js'
import { parseCalibration, sameWords, saveCalibration, unusable, type Calibration, type Shards } from './calibration.js'
import { sha256 } from './digest.js'
import { loadModules } from './host.js'
import { nameOf, openFloat } from './open-float.js'
import type { Batches, HostOptions, QuantizeStaticOptions } from './options.js'
import { prepareModel } from './prepare-model.js'
import { Progress } from './progress.js'
import { missingShards, openRanges } from './ranges.js'
import { makeObserver, settingsOf } from './settings.js'

/** Options of calibrate: those of quantizeStatic that decide what is observed and how; the others wait until the model is quantized. */
export interface CalibrateOptions extends Pick<QuantizeStaticOptions,
  'engine' | 'calibrateMethod' | 'opTypesToQuantize' | 'opTypesToExclude' | 'nodesToQuantize' | 'nodesToExclude' | 'equalize' | 'signal' | 'onProgress' | keyof HostOptions> {
  /** which part of the data the batches are, from 1 [all of it] */
  readonly shard?: { readonly index: number; readonly count: number }
}

/**
 * The first half of quantizeStatic: observes a float model on data and gives what was seen, as JSON. `quantizeStatic(model, calibration)` goes on from there; parts of a set that
 * several processes saw are merged first.
 *
 * @throws as quantizeStatic; OPTION_INVALID a shard that does not exist
 */
export async function calibrate(model: Source | Promise<Source>, batches: Batches, options: CalibrateOptions = {}): Promise<Calibration> {
  const source = await model, settings = settingsOf(options), shards = shardsOf(options)
  const { graph, files } = await openFloat(source, options)
  const progress = new Progress(options)
  const tier = await loadModules(options)
  const ranges = await openRanges(BatchSource.from(batches, options.signal), graph, tier, options)
  try {
    progress.begin('prepare', 1)
    const prepared = prepareModel(graph, ranges.first, tier, options)
    await progress.end('prepare', 1)
    const observers = observersFor(prepared, settings)
    const seen = await ranges.observe(prepared, observers)
    const about = { model: { name: nameOf(source, graph), sha256: await sha256(files) }, engine: settings.engineName, calibrateMethod: settings.calibrateMethod, equalize: options.equalize ?? false, ...(shards && { shards }) }
    return saveCalibration(about, graph, ranges.first, prepared, observers, seen)
  } finally {
    ranges.close()
  }
}

function shardsOf({ shard }: CalibrateOptions): Shards | undefined {
  if (!shard) return undefined
  const { index, count } = shard
  if (Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 1 && index <= count) return { count, present: [index] }
  throw unusable(`option shard: expected index from 1 to count, got ${index} of ${count}.`, { shard })
}

export interface MergeOptions extends HostOptions {
  /** shards may be missing: the result is a part that is merged again [false] */
  readonly partial?: boolean
  /** what messages call the parts ["part 1", …] */
  readonly names?: readonly string[]
}

/**
 * One calibration from those of several processes. Min-max ranges are those of one process, to the bit, whatever the split; what other observers do is in
 * docs/quantization.md. The order of the parts plays no part where they are numbered shards.
 *
 * @throws CALIBRATION_INVALID parts of other models, options or sets, shards that are missing or there twice, observers that do not merge
 */
export async function mergeCalibrations(parts: readonly Calibration[], options: MergeOptions = {}): Promise<Calibration> {
  const named = parts.map((part, i) => ({ name: options.names?.[i] ?? `part ${i + 1}`, part: parseCalibration(part, options.names?.[i] ?? `part ${i + 1}`) }))
  const [first, ...others] = named.sort((a, b) => (a.part.shards?.present[0] ?? 0) - (b.part.shards?.present[0] ?? 0))
  if (!first) throw unusable('there is nothing to merge. Give the parts that calibrate made.')
  for (const other of others) requireAlike(first, other)
  const shards = mergedShards(named, options.partial ?? false)
  if (!others.length) return { ...first.part, ...(shards && { shards }) }
  await loadModules(options)
  const settings = settingsOf({ engine: first.part.engine, calibrateMethod: first.part.calibrateMethod })
  const groups = Object.entries(first.part.groups).map(([group, { watch, state }]) => {
    const observer = loadObserver(makeObserver(settings, false), state)
    for (const { part } of others) observer.merge(loadObserver(makeObserver(settings, false), part.groups[group]!.state))
    return [group, { watch, state: saveObserver(observer) }] as const
  })
  const sum = (of: (part: Calibration) => number): number => named.reduce((total, { part }) => total + of(part), 0)
  return { ...first.part, ...(shards && { shards }), batches: sum((p) => p.batches), samples: sum((p) => p.samples), groups: Object.fromEntries(groups) }
}

interface Named {
  readonly name: string
  readonly part: Calibration
}

function requireAlike(a: Named, b: Named): void {
  const differ = (what: string, x: unknown, y: unknown): never => {
    throw unusable(`${a.name} and ${b.name} do not go together: ${what} ${String(x)} and ${String(y)}. Calibrate all parts with the same model and options.`, { parts: [a.name, b.name] })
  }
  const [x, y] = [a.part, b.part]
  if (x.model.sha256 !== y.model.sha256) differ('their models have SHA-256', x.model.sha256, y.model.sha256)
  for (const field of ['engine', 'calibrateMethod', 'equalize'] as const) if (x[field] !== y[field]) differ(field, x[field], y[field])
  const [xs, ys] = [Object.keys(x.groups).sort(), Object.keys(y.groups).sort()]
  if (!sameWords(xs, ys)) differ('they observed', `${xs.length} values`, `${ys.length}, not the same ones`)
  for (const group of xs) if (!sameWords(x.groups[group]!.watch, y.groups[group]!.watch)) differ(`"${group}" was observed on`, x.groups[group]!.watch, y.groups[group]!.watch)
  if (x.shards?.count !== y.shards?.count) differ('numbers of shards', x.shards?.count ?? 'unknown', y.shards?.count ?? 'unknown')
}

function mergedShards(parts: readonly Named[], partial: boolean): Shards | undefined {
  const [first] = parts, count = first?.part.shards?.count
  if (count === undefined) return undefined
  const owner = new Map<number, string>()
  for (const { name, part } of parts)
    for (const k of part.shards!.present) {
      if (owner.has(k)) throw unusable(`shard ${k} of ${count} is in ${owner.get(k)!} and in ${name}. Give each part once.`, { shard: k })
      owner.set(k, name)
    }
  const shards = { count, present: [...owner.keys()].sort((a, b) => a - b) }, missing = missingShards(shards)
  if (missing.length && !partial) throw unusable(`shard ${missing.join(', ')} of ${count} is missing. Give all parts, or set partial (--partial) to merge the others later.`, { missing })
  return shards
}
