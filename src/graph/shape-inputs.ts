import { INFER } from './infer/table.js'
import { opKey, type Graph, type Node } from './graph.js'

/** Operators whose result follows from their input's dims alone: contents do not flow through them. */
const TYPES_ONLY = new Set(['Shape', 'Size'])

/** Every node, those of subgraphs included. */
function* allNodes(graph: Graph): Generator<Node> {
  for (const node of graph.nodes) {
    yield node
    for (const value of Object.values(node.attributes)) if (typeof value === 'object' && 'nodes' in value) yield* allNodes(value)
  }
}

/**
 * Names of the graph's inputs whose contents, not only dims, decide a shape, an axis or a branch somewhere: they are part
 * of a plan's key. Found by walking back from the operands that rules list as `shapeInputs`.
 */
export function shapeInputs(graph: Graph): ReadonlySet<string> {
  const producers = new Map<string, Node>()
  for (const node of allNodes(graph)) for (const output of node.outputs) producers.set(output, node)
  const seen = new Set<string>()
  const pending: string[] = []
  for (const node of allNodes(graph)) {
    const operands = INFER[opKey(node)]?.shapeInputs ?? []
    for (const i of operands) if (node.inputs[i]) pending.push(node.inputs[i])
  }
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (seen.has(value)) continue
    seen.add(value)
    const producer = producers.get(value)
    if (!producer || TYPES_ONLY.has(producer.op)) continue
    pending.push(...producer.inputs.filter(Boolean), ...branchResults(producer))
  }
  return new Set(graph.inputs.map((i) => i.name).filter((name) => seen.has(name)))
}

/** What the branches of an If hand out: its outputs come from there. */
const branchResults = (node: Node): string[] =>
  Object.values(node.attributes).flatMap((v) => (typeof v === 'object' && 'nodes' in v ? v.outputs.map((o) => o.name) : []))
