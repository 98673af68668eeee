import type { NodeView } from '../node-view.js'
import type { Walk } from '../specialise.js'
import type { InferTable } from './rule.js'

/** Depth of If inside If. */
const MAX_DEPTH = 32

/** The branch that an If takes, in its place. */
function takeBranch(view: NodeView, walk: Walk, rename: Map<string, string>, depth: number): void {
  const { node } = view
  const condition = view.required(0, 'condition')
  if (condition.size !== 1) view.fail('SHAPE_MISMATCH', `its condition must hold one element, got dims [${condition.dims}]`)
  if (depth >= MAX_DEPTH) view.fail('GRAPH_INVALID', `If is nested more than ${MAX_DEPTH} deep`)
  const taken = view.subgraph(Number(condition.data[0]) ? 'then_branch' : 'else_branch')
  const inner = new Map(rename)
  const prefix = `${node.name || 'If'}#${walk.branches++}/`
  for (const name of [...taken.constants.keys(), ...taken.nodes.flatMap((n) => n.outputs)]) if (name) inner.set(name, prefix + name)
  walk.graph(taken, inner, depth + 1)
  node.outputs.forEach((name, i) => {
    const result = taken.outputs[i] ?? view.fail('GRAPH_INVALID', `the branch taken has ${taken.outputs.length} outputs, the node ${node.outputs.length}`)
    if (name) walk.forward(name, inner.get(result.name) ?? result.name)
  })
}

/** Operators that hold graphs. */
export const control: InferTable = {
  If: { infer: (view) => view.fail('INTERNAL', 'it was left in a graph that is specialised'), inline: takeBranch, shapeInputs: [0] },
}
