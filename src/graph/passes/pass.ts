import type { Graph, TensorType } from '../graph.js'

/** A rewriting of a specialised graph: pure, and the result means the same. `typeOf` knows every value of the graph given. */
export type Pass = (graph: Graph, typeOf: (value: string) => TensorType) => Graph
