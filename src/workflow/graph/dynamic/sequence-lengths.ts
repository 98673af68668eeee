import { OctavoError } from '../../../errors.js'
import type { Graph } from '../../../graph/graph.js'
import { specialise, type Evaluate } from '../../../graph/specialise.js'

/** What open dims are taken to be in turn. Some models refuse the small ones; a length that is the same for two far apart depends on none. */
const TRIALS = [1, 2, 997, 4096]

/**
 * Steps of each GRU, by the name of its node, where they are the same whatever the open dims of the model's inputs are. Nodes in branches that
 * depend on the contents of an input are not known. Whoever writes a layer out by this checks the length in the graph (Split does).
 */
export function sequenceLengths(graph: Graph, evaluate: Evaluate): Map<string, number> {
  const open = graph.inputs.some(({ dims }) => !dims?.every((d) => typeof d === 'number'))
  const found = (open ? TRIALS : [1]).flatMap((length) => lengthsFor(graph, evaluate, length) ?? [])
  const [first, ...others] = found
  if (!first || (open && !others.length)) return new Map()
  return new Map([...first].filter(([name, steps]) => others.every((lengths) => lengths.get(name) === steps)))
}

function lengthsFor(graph: Graph, evaluate: Evaluate, length: number): Map<string, number> | undefined {
  const types = new Map(graph.inputs.map(({ name, dtype, dims }) => [name, { dtype, dims: (dims ?? []).map((d) => (typeof d === 'number' ? d : length)) }]))
  try {
    const { graph: { nodes }, values } = specialise(graph, types, new Map(), evaluate)
    return new Map(nodes.flatMap(({ name, op, domain, inputs, attributes }) =>
      (op === 'GRU' && !domain ? [[name, values.typeOf(inputs[0]!)!.dims[Number(attributes.layout ?? 0) === 1 ? 1 : 0]!] as const] : [])))
  } catch (error) {
    if (error instanceof OctavoError) return undefined
    throw error
  }
}
