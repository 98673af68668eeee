import type { Graph } from '../graph.js'

/** Drops nodes that no output needs, and constants that no node or output reads. */
export function removeDeadCode(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((o) => o.name))
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (!node.outputs.some((name) => name && needed.has(name))) return false
    for (const input of node.inputs) needed.add(input)
    return true
  }).reverse()
  const constants = new Map([...graph.constants].filter(([name]) => needed.has(name)))
  return { ...graph, nodes, constants }
}
