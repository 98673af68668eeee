import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { LoadedTier } from '../../runtime/load.js'
import { watchOf, type Observers } from './activation-qparams.js'
import { BatchSource } from './batches.js'
import { observeGraph, type Observed } from './calibrate.js'
import { isCalibration, parseCalibration, restoreObservers, sampleOf, unusable, type Calibration } from './calibration.js'
import type { Batch, Batches, QuantizeStaticOptions } from './options.js'
import type { PreparedGraph } from './prepare.js'

/** Where the ranges of activations come from: batches that are run, or what was observed and saved. */
export interface Ranges {
  /** Feeds of the types that the model is quantized for; their contents are real only where they decide shapes. */
  readonly first: Batch
  /** Lets the observers of a prepared graph see everything. Once. */
  observe(prepared: PreparedGraph, observers: Observers): Promise<Observed>
  close(): void
}

/** @throws CALIBRATION_INVALID no batches, a calibration that is incomplete or of another model; ABORTED */
export async function openRanges(data: BatchSource | Calibration, graph: Graph, tier: LoadedTier, options: QuantizeStaticOptions): Promise<Ranges> {
  if (!isCalibration(data)) return Walk.begin(data, tier, options)
  requireComplete(data)
  return { first: sampleOf(data, graph), observe: async (prepared, observers) => restoreObservers(data, prepared, observers), close: () => undefined }
}

/** Options as a calibration was made with, where they are open. @throws CALIBRATION_INVALID options that it cannot serve */
export function optionsFor(data: Batches | Calibration, options: QuantizeStaticOptions): QuantizeStaticOptions {
  if (!isCalibration(data)) return options
  const { engine, calibrateMethod, equalize } = parseCalibration(data)
  for (const [name, saved] of Object.entries({ calibrateMethod, equalize }))
    if ((options[name as 'equalize'] ?? saved) !== saved) throw unusable(`option ${name}: the calibration was made with ${String(saved)}, got ${String(options[name as 'equalize'])}. Leave it out, or calibrate again.`, { option: name })
  for (const name of ['biasCorrection', 'tolerance', 'measure'] as const)
    if (options[name]) throw unusable(`option ${name} needs data to run the model on, and a calibration has none. Give batches.`, { option: name })
  return { ...options, engine: options.engine ?? engine, calibrateMethod, equalize }
}

function requireComplete({ shards }: Calibration): void {
  const missing = missingShards(shards)
  if (missing.length) throw unusable(`the calibration lacks shard ${missing.join(', ')} of ${shards!.count}. Merge all parts first (octavo merge).`, { missing })
}

/** Numbers of the shards that were not seen. */
export function missingShards(shards: Calibration['shards']): number[] {
  const present = new Set(shards?.present)
  return Array.from({ length: shards?.count ?? 0 }, (_, i) => i + 1).filter((k) => !present.has(k))
}

/** One walk over the batches, of which the first is looked at before the rest is read. */
class Walk implements Ranges {
  private constructor(readonly first: Batch, private readonly rest: AsyncIterator<Batch>, private readonly total: number | undefined, private readonly tier: LoadedTier, private readonly options: QuantizeStaticOptions) {}

  /** @throws CALIBRATION_INVALID no batches */
  static async begin(batches: BatchSource, tier: LoadedTier, options: QuantizeStaticOptions): Promise<Walk> {
    const rest = batches[Symbol.asyncIterator]()
    const { value, done } = await rest.next()
    if (done) throw new OctavoError('CALIBRATION_INVALID', 'there are no batches to calibrate on. Give at least one: each is an object of tensors by input name.')
    return new Walk(value, rest, batches.count, tier, options)
  }

  observe(prepared: PreparedGraph, observers: Observers): Promise<Observed> {
    const { tier, total, options: { signal, onProgress } } = this
    return observeGraph(prepared.graph, watchOf(prepared, observers), this.all(), { tier, signal, onProgress, total })
  }

  private async *all(): AsyncGenerator<Batch> {
    yield this.first
    for (let next = await this.rest.next(); !next.done; next = await this.rest.next()) yield next.value
  }

  close(): void {
    void this.rest.return?.(undefined).catch(() => undefined)
  }
}
