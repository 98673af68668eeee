import type { Graph, Node, TensorType } from '../../graph/graph.js'
import type { Cleaned, Origins } from './clean.js'
import { decide } from './decide.js'
import type { Typed } from './fold-constants.js'
import { groupValues, type ValueGroup } from './groups.js'
import type { Facts, Kind } from './operators.js'
import { selectNodes, type Choices } from './selection.js'

/** A node that computes something, with the bias and the clamp that end it; what only moves elements is none. */
export interface Layer {
  readonly node: Node
  /** nodes that end it: Add of a bias after MatMul, Relu, Clip */
  readonly tail: readonly Node[]
  /** what it makes, behind its tail */
  readonly output: string
  readonly quantized: boolean
  /** why it stays float */
  readonly reason?: string
}

/** A float graph, and what is to become of it: everything that can be said before anything is observed. */
export interface PreparedGraph extends Facts {
  /** the float graph, open dims and all: what is observed, and measured against */
  readonly graph: Graph
  readonly layers: readonly Layer[]
  /** nodes that work on codes, those that move elements included */
  readonly selected: ReadonlyMap<Node, Kind>
  /** values that become codes, by the qparams they share */
  readonly groups: readonly ValueGroup[]
  /** what its nodes were in the file */
  readonly origins?: Origins
}

/**
 * Decides which nodes work on codes, which values are observed, and which of them share their qparams. Cheap: it may be asked again with other choices.
 *
 * @throws OPTION_INVALID
 */
export function prepareGraph({ graph, typeOf, origins }: Typed & Partial<Cleaned>, choices: Choices = {}): PreparedGraph {
  const facts: Facts = { typeOf: (name): TensorType | undefined => typeOf(name), constantOf: (name) => graph.constants.get(name) }
  const decision = decide(graph, facts, selectNodes(graph, facts, choices, origins))
  const { selected, reasons, tails } = decision
  const parts = new Set([...tails.values()].flat())
  const layers = graph.nodes.flatMap((node): Layer[] => {
    const tail = tails.get(node) ?? []
    const kind = selected.get(node)
    if (kind === 'move' || kind === 'join' || parts.has(node) || isPlumbing(node, facts)) return []
    return [{ node, tail, output: (tail.at(-1) ?? node).outputs[0]!, quantized: kind !== undefined, ...(!kind && { reason: reasons.get(node)! }) }]
  })
  return { graph, ...facts, layers, selected, groups: groupValues(graph.inputs.map((i) => i.name), graph.nodes, decision, facts), origins }
}

const MOVEMENT = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Slice', 'Split', 'Gather', 'GatherElements', 'GatherND', 'Concat', 'Expand', 'Tile', 'DepthToSpace', 'SpaceToDepth', 'ReverseSequence', 'Pad', 'MaxPool', 'Cast', 'Shape', 'Size', 'ConstantOfShape'])

/** Movement, and computing with shapes. */
const isPlumbing = ({ op, domain, outputs }: Node, facts: Facts): boolean => (!domain && MOVEMENT.has(op)) || facts.typeOf(outputs[0]!)?.dtype !== 'float32'
