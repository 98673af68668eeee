import { ValueTable } from '../specialise.js'
import { NodeView } from '../node-view.js'
import { opKey, type Graph, type Node, type TensorType } from '../graph.js'
import { INFER } from './table.js'

/** A graph's nodes and the types of its values. */
export interface Typed {
  readonly nodes: ReadonlySet<Node>
  readonly values: ValueTable
}

/**
 * Types of every value of a specialised graph, from its inputs' types. A pass that adds nodes need not say what types they
 * make; the types of nodes that were in `before` already are taken from there.
 */
export function typesOf(graph: Graph, inputs: ReadonlyMap<string, TensorType>, before?: Typed): ValueTable {
  const values = new ValueTable()
  for (const [name, type] of inputs) values.types.set(name, type)
  for (const [name, tensor] of graph.constants) values.constants.set(name, tensor)
  for (const node of graph.nodes) {
    if (before?.nodes.has(node)) {
      for (const name of node.outputs) if (name) values.types.set(name, before.values.types.get(name)!)
      continue
    }
    const view: NodeView = new NodeView(node, values)
    const rule = INFER[opKey(node)]
    if (!rule) view.fail('INTERNAL', 'a pass made this operator')
    const types = rule.infer(view)
    node.outputs.forEach((name, i) => { if (name) values.types.set(name, types[i]!) })
  }
  return values
}
