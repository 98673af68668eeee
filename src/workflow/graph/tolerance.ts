import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { BatchSource } from './batches.js'
import type { Forms } from './forms.js'
import { measureGraphs, type Measured, type MeasureOptions } from './measure.js'
import { fewestKept } from './mixed-precision.js'
import type { Layer, PreparedGraph } from './prepare.js'
import { relativeError } from './sqnr.js'
import { Trials, type TrialOptions } from './trials.js'
import type { Unit } from './units.js'

/** Samples that forms are tried on, and those of them that units are ranked by: an error's size is known sooner than its exact figure. */
const SAMPLES = 16
const RANKING_SAMPLES = 4
/** Searches after the first, each for a smaller error, when all batches show more of it than the few that a search looks at. */
const MAX_TIGHTENINGS = 3
/** How much smaller than needed the next search's error is. */
const MARGIN = 0.98

/** What stays float so that the outputs' error is within a tolerance. */
export interface Mixed {
  readonly prepared: PreparedGraph
  readonly converted: Graph
  /** the chosen form on all batches */
  readonly measured: Measured
  /** SQNR in dB of the outputs with one unit alone on codes, by the names of its layers */
  readonly alone: ReadonlyMap<string, number>
  readonly warnings: readonly string[]
}

/** @throws OPTION_INVALID */
export function requireTolerance(tolerance: number | undefined): void {
  if (tolerance === undefined || (typeof tolerance === 'number' && tolerance > 0 && tolerance < 1)) return
  throw new OctavoError('OPTION_INVALID', `option tolerance: expected a number above 0 and below 1 (the error's share of an output, 0.1 for 20 dB), got ${String(tolerance)}.`, { tolerance })
}

/**
 * Keeps the fewest units in float that bring the relative error of every output to `tolerance` (fewestKept): searched for on the first samples, then
 * measured on all batches; when these show more error, searched again for less of it.
 *
 * @param forms with scales
 * @throws OPTION_INVALID a model without float32 outputs; ABORTED; what running a batch throws
 */
export async function meetTolerance(forms: Forms, tolerance: number, batches: BatchSource, options: Omit<TrialOptions, 'samples'> & Pick<MeasureOptions, 'total'>): Promise<Mixed> {
  const trials = await Trials.open(forms.prepared.graph, batches, { ...options, samples: SAMPLES })
  const search = new Search(forms, trials)
  let limit = tolerance
  for (let round = 0; ; round++) {
    const kept = await search.fewest(limit)
    const prepared = forms.keeping(kept)
    const converted = forms.convert(prepared)
    const measured = await measureGraphs(prepared.graph, converted, forms.prepared.layers.map((l) => l.output), batches, options)
    const error = Math.max(...measured.outputs.map((o) => relativeError(o.sqnr)))
    if (error > tolerance && round < MAX_TIGHTENINGS) {
      limit *= (MARGIN * tolerance) / error
      continue
    }
    const warnings = error > tolerance ? [`tolerance ${tolerance}: the relative error on all batches is ${error.toPrecision(3)} after ${MAX_TIGHTENINGS + 1} searches on the first ${trials.batches.length}. Choose a smaller tolerance`] : []
    return { prepared: { ...prepared, layers: layersOf(forms, prepared, kept, tolerance) }, converted, measured, alone: search.alone, warnings }
  }
}

/** Looks for units to keep in float, and remembers what was tried. */
class Search {
  /** SQNR in dB of the outputs with one unit alone on codes, by the names of its layers; empty while nothing had to be kept */
  alone: ReadonlyMap<string, number> = new Map()
  private ranked: readonly Unit[] | undefined
  private readonly asked = new Map<string, number>()

  constructor(private readonly forms: Forms, private readonly trials: Trials) {
    trials.expected = 1
  }

  async fewest(limit: number): Promise<readonly Unit[]> {
    if ((await this.error([])) <= limit) return this.end([])
    const ranked = await this.rank()
    this.trials.expected = this.trials.done + Math.ceil(Math.log2(Math.max(1, ranked.length))) + ranked.length
    return this.end((await fewestKept(ranked, limit, (kept) => this.error(kept))).kept)
  }

  private end(kept: readonly Unit[]): readonly Unit[] {
    this.trials.finish()
    return kept
  }

  private async rank(): Promise<readonly Unit[]> {
    if (this.ranked) return this.ranked
    const costs = await aloneOf(this.forms, this.trials, RANKING_SAMPLES)
    this.alone = byLayer(costs)
    return (this.ranked = [...this.forms.units].sort((a, b) => costs.get(a)! - costs.get(b)!))
  }

  private async error(kept: readonly Unit[]): Promise<number> {
    const key = this.forms.units.map((u) => Number(kept.includes(u))).join('')
    if (!this.asked.has(key)) this.asked.set(key, relativeError(await this.trials.sqnr(this.forms.without(kept))))
    return this.asked.get(key)!
  }
}

/** SQNR in dB of the outputs when a unit alone works on codes. */
export async function aloneOf(forms: Forms, trials: Trials, samples?: number): Promise<ReadonlyMap<Unit, number>> {
  trials.expected = trials.done + forms.units.length
  const found = new Map<Unit, number>()
  for (const unit of forms.units) found.set(unit, await trials.sqnr(forms.alone(unit), samples))
  return found
}

/** Of each layer of each unit. */
export const byLayer = (units: ReadonlyMap<Unit, number>): ReadonlyMap<string, number> => new Map([...units].flatMap(([{ layers }, sqnr]) => layers.map((l) => [l.node.name, sqnr] as const)))

/** The layers of the whole form, each with what became of it. */
function layersOf({ prepared: whole }: Forms, prepared: PreparedGraph, kept: readonly Unit[], tolerance: number): Layer[] {
  const names = new Set(kept.flatMap((u) => u.names)), now = new Map(prepared.layers.map((l) => [l.node, l]))
  return whole.layers.map((layer): Layer => {
    if (!layer.quantized || now.get(layer.node)?.quantized) return layer
    return { ...layer, quantized: false, reason: names.has(layer.node.name) ? `kept in float to meet the tolerance of ${tolerance}` : now.get(layer.node)!.reason! }
  })
}
