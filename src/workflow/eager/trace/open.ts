import { eager } from '../../../autograd/runtime.js'
import type { Graph } from '../../../graph/graph.js'
import { GraphSession, type GraphSessionOptions } from '../../../session.js'

/**
 * A session over a traced graph, on the tier that eager operations run on, with a memory of its own: one plan for the whole module. `run` and `runSync` are those of
 * InferenceSession; feeds and results are its Tensors.
 *
 * @throws NOT_INITIALIZED before init(); OP_UNSUPPORTED and every code of planning
 */
export function openGraph(graph: Graph, options: GraphSessionOptions = {}): GraphSession {
  let bytes = 0
  for (const { data } of graph.constants.values()) bytes += data.byteLength
  return new GraphSession(graph, eager().tier, bytes, options)
}
