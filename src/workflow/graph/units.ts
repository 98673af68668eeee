import type { Node } from '../../graph/graph.js'
import type { Choices } from './selection.js'
import type { Layer, PreparedGraph } from './prepare.js'
import { prepareGraph } from './prepare.js'

/** Layers that are quantized together or not at all: one, or a chain of functions whose values in between are never codes. */
export interface Unit {
  readonly layers: readonly Layer[]
  /** every node in it */
  readonly names: readonly string[]
}

/** The units of a prepared graph, in its order. */
export function unitsOf(prepared: PreparedGraph): Unit[] {
  const codes = codesOf(prepared)
  const owner = new Map<Node, Layer[]>()
  const nodesOf = (layer: Layer): Node[] => [layer.node, ...layer.tail]
  const layers = prepared.layers.filter((l) => l.quantized)
  for (const layer of layers) for (const node of nodesOf(layer)) owner.set(node, [layer])
  for (const layer of layers) {
    if (codes.has(layer.output)) continue
    for (const reader of prepared.graph.nodes) {
      const [a, b] = [owner.get(layer.node)!, reader.inputs.includes(layer.output) ? owner.get(reader) : undefined]
      if (!b || a === b) continue
      const joined = [...a, ...b]
      for (const part of joined) for (const node of nodesOf(part)) owner.set(node, joined)
    }
  }
  return [...new Set(layers.map((l) => owner.get(l.node)!))].map((parts) => {
    const ordered = layers.filter((l) => parts.includes(l))
    return { layers: ordered, names: ordered.flatMap((l) => nodesOf(l).map((n) => n.name)) }
  })
}

/** Values that become codes. */
export const codesOf = ({ groups }: Pick<PreparedGraph, 'groups'>): ReadonlySet<string> => new Set(groups.flatMap((g) => g.values))

/** The graph with these units in float, the others as they are: what a float unit makes is rounded for those that read codes. */
export function without(prepared: PreparedGraph, units: readonly Unit[], choices: Choices): PreparedGraph {
  if (!units.length) return prepared
  return prepareGraph(prepared, { ...choices, float: new Set(units.flatMap((u) => u.names)), anywhere: new Set([...prepared.selected.keys()].map((n) => n.name)) })
}

/** The graph with this unit alone on codes. Its result is rounded where it is in the whole graph. */
export function alone(prepared: PreparedGraph, unit: Unit): PreparedGraph {
  const names = new Set(unit.names), codes = codesOf(prepared)
  const others = new Set(prepared.graph.nodes.map((n) => n.name).filter((name) => !names.has(name)))
  return prepareGraph({ ...prepared, origins: undefined }, { float: others, ...(unit.layers.some((l) => codes.has(l.output)) && { nodesToQuantize: unit.names }) })
}
