import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { BatchSource } from './batches.js'
import type { Forms } from './forms.js'
import { measureGraphs, type Measured, type MeasureOptions } from './measure.js'
import { fewestKept } from './mixed-precision.js'
import type { PreparedGraph } from './prepare.js'
import { relativeError } from './sqnr.js'
import { Trials, type TrialOptions } from './trials.js'
import type { Unit } from './units.js'

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
export async function meetTolerance(forms: Forms, tolerance: number, batches: BatchSource, options: TrialOptions & Pick<MeasureOptions, 'total'>): Promise<Mixed> {
  const trials = await Trials.open(forms.prepared.graph, batches, options)
  const sensitivities = await aloneOf(forms, trials)
  const ranked = [...forms.units].sort((a, b) => sensitivities.get(a)! - sensitivities.get(b)!)
  const asked = new Map<string, number>()
  const errorOf = async (kept: readonly Unit[]): Promise<number> => {
    const key = forms.units.map((u) => Number(kept.includes(u))).join('')
    if (!asked.has(key)) asked.set(key, relativeError(await trials.sqnr(forms.without(kept))))
    return asked.get(key)!
  }
  trials.expected = trials.done + 1 + Math.ceil(Math.log2(Math.max(1, ranked.length))) + ranked.length
  let limit = tolerance
  for (let round = 0; ; round++) {
    const { kept } = await fewestKept(ranked, limit, errorOf)
    trials.finish()
    const prepared = explained(forms.keeping(kept), kept, tolerance)
    const converted = forms.convert(prepared)
    const measured = await measureGraphs(prepared.graph, converted, prepared.layers.map((l) => l.output), batches, options)
    const error = Math.max(...measured.outputs.map((o) => relativeError(o.sqnr)))
    if (error > tolerance && round < MAX_TIGHTENINGS) {
      limit *= (MARGIN * tolerance) / error
      continue
    }
    const warnings = error > tolerance ? [`tolerance ${tolerance}: the relative error on all batches is ${error.toPrecision(3)} after ${MAX_TIGHTENINGS + 1} searches on the first ${trials.batches.length}. Search on more samples, or choose a smaller tolerance`] : []
    return { prepared, converted, measured, alone: byLayer(sensitivities), warnings }
  }
}

/** SQNR in dB of the outputs when a unit alone works on codes. */
export async function aloneOf(forms: Forms, trials: Trials): Promise<ReadonlyMap<Unit, number>> {
  trials.expected = trials.done + forms.units.length
  const found = new Map<Unit, number>()
  for (const unit of forms.units) found.set(unit, await trials.sqnr(forms.alone(unit)))
  return found
}

/** Of each layer of each unit. */
export const byLayer = (units: ReadonlyMap<Unit, number>): ReadonlyMap<string, number> => new Map([...units].flatMap(([{ layers }, sqnr]) => layers.map((l) => [l.node.name, sqnr] as const)))

function explained(prepared: PreparedGraph, kept: readonly Unit[], tolerance: number): PreparedGraph {
  const names = new Set(kept.flatMap((u) => u.names))
  return { ...prepared, layers: prepared.layers.map((layer) => (names.has(layer.node.name) ? { ...layer, reason: `kept in float to meet the tolerance of ${tolerance}` } : layer)) }
}
