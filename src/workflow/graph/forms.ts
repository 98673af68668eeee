import type { Graph } from '../../graph/graph.js'
import { observersFor, qparamsOf, type ActivationQParams, type Observers } from './activation-qparams.js'
import { correctBiases } from './bias-correction.js'
import { convertGraph } from './convert.js'
import type { ValueGroup } from './groups.js'
import type { PreparedGraph } from './prepare.js'
import type { Choices } from './selection.js'
import type { Settings } from './settings.js'
import { alone, codesOf, unitsOf, without, type Unit } from './units.js'

/**
 * Quantized forms of one graph that differ in which units work on codes. All use the scales of one calibration; a value that is codes in some form, but
 * not in the whole one, is observed beside the others.
 */
export class Forms {
  /** none where this is the only form */
  readonly units: readonly Unit[]
  /** the groups of `prepared`, and those that only other forms have */
  readonly groups: readonly ValueGroup[]
  /** values that have the qparams of another, as movement makes one from the other */
  private readonly aliases = new Map<string, string>()
  /** how each value becomes codes, once observed */
  qparams: ReadonlyMap<string, ActivationQParams> = new Map()
  private means: ReadonlyMap<string, Float64Array> | undefined

  /** @param several whether forms other than the whole one are wanted */
  constructor(readonly prepared: PreparedGraph, private readonly settings: Settings, private readonly choices: Choices, several: boolean) {
    this.units = several ? unitsOf(prepared) : []
    const groups = [...prepared.groups]
    const known = new Set(codesOf(prepared))
    for (const unit of this.units) for (const form of [alone(prepared, unit), without(prepared, [unit], choices)]) for (const group of form.groups) this.include(group, known, groups)
    this.groups = groups
  }

  private include(group: ValueGroup, known: Set<string>, groups: ValueGroup[]): void {
    const missing = group.values.filter((name) => !known.has(name))
    if (!missing.length) return
    const like = group.values.find((name) => known.has(name))
    if (like === undefined) groups.push(group)
    else for (const name of missing) this.aliases.set(name, like)
    for (const name of missing) known.add(name)
  }

  /** Observers for everything that some form may round. */
  observers(): Observers {
    return observersFor(this, this.settings)
  }

  /** Takes the scales from what was observed. @throws as qparamsOf */
  observed(observers: Observers): void {
    const found = qparamsOf(this, observers, this.settings)
    this.qparams = new Map([...found, ...[...this.aliases].map(([name, like]) => [name, found.get(like)!] as const)])
  }

  /** From now on, biases make up for these mean errors. */
  correct(means: ReadonlyMap<string, Float64Array>): void {
    this.means = means
  }

  /** What is decided when these units stay float. */
  keeping(units: readonly Unit[]): PreparedGraph {
    return without(this.prepared, units, this.choices)
  }

  /** @throws as convertGraph */
  convert(prepared: PreparedGraph): Graph {
    return convertGraph(this.means ? correctBiases(prepared, this.means) : prepared, this.qparams, this.settings)
  }

  /** With these units in float. */
  without(units: readonly Unit[]): Graph {
    return this.convert(this.keeping(units))
  }

  /** With this unit alone on codes. */
  alone(unit: Unit): Graph {
    return this.convert(alone(this.prepared, unit))
  }
}
