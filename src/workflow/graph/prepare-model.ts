import type { Graph } from '../../graph/graph.js'
import type { LoadedTier } from '../../runtime/load.js'
import { cleanGraph } from './clean.js'
import { equalize } from './equalize.js'
import { capturedValues } from './fold-constants.js'
import type { Batch, QuantizeStaticOptions } from './options.js'
import { prepareGraph, type PreparedGraph } from './prepare.js'

/**
 * Everything that comes before observing: the graph cleaned, its channels evened out where the options say so, and what is to become of it.
 *
 * @param first feeds of the types that the model is quantized for
 * @throws as cleanGraph and prepareGraph
 */
export function prepareModel(graph: Graph, first: Batch, tier: LoadedTier, options: QuantizeStaticOptions): PreparedGraph {
  const clean = cleanGraph(graph, first, tier)
  if (!options.equalize) return prepareGraph(clean, options)
  const even = equalize(clean.graph, (name) => clean.typeOf(name)!, capturedValues(clean.graph)).graph
  return prepareGraph({ graph: even, typeOf: (name) => even.constants.get(name) ?? clean.typeOf(name), origins: clean.origins }, options)
}
