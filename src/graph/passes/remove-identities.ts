import type { Node } from '../graph.js'
import type { Graph, TensorType } from '../graph.js'
import { Rewriter } from './rewrite.js'

/** Drops nodes that hand a value on as it is; what read their output reads their input. A value that the graph hands out keeps its name. */
export function removeIdentities(graph: Graph, typeOf: (value: string) => TensorType): Graph {
  const r = new Rewriter(graph, typeOf)
  const names = new Map<string, string>()
  const nodes = graph.nodes.flatMap((node) => {
    const inputs = node.inputs.map((name) => names.get(name) ?? name)
    if (isIdentity(node, r) && !r.isOutput(node.outputs[0]!)) {
      names.set(node.outputs[0]!, inputs[0]!)
      return []
    }
    return [inputs.every((name, i) => name === node.inputs[i]) ? node : { ...node, inputs }]
  })
  return names.size ? { ...graph, nodes } : graph
}

function isIdentity(node: Node, r: Rewriter): boolean {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!]
  if (node.domain || !x || node.outputs.slice(1).some(Boolean)) return false
  if (node.op === 'Identity') return true
  const [from, to] = [r.typeOf(x), r.typeOf(y)]
  const sameType = from.dtype === to.dtype && from.dims.length === to.dims.length && from.dims.every((d, i) => d === to.dims[i]) && from.bound === undefined
  if (!sameType) return false
  switch (node.op) {
    case 'Cast': case 'Reshape': case 'Flatten': case 'Squeeze': case 'Unsqueeze': case 'Expand': case 'Pad': return true
    case 'Slice': return node.inputs.length < 5 || Array.from((r.constant(node.inputs[4])?.data ?? [0]) as ArrayLike<number | bigint>).every((step) => Number(step) === 1)
    case 'Transpose': return keepsOrder((node.attributes.perm as readonly number[] | undefined) ?? from.dims.map((_, i) => from.dims.length - 1 - i), from.dims)
    case 'Concat': case 'Sum': case 'Max': case 'Min': case 'Mean': return node.inputs.length === 1
    case 'Dropout': return !node.inputs[2] || r.scalar(node.inputs[2]) === 0
    default: return false
  }
}

/** Whether a permutation only moves axes of length 1 about. */
const keepsOrder = (perm: readonly number[], dims: readonly number[]): boolean => {
  const moved = perm.filter((axis) => dims[axis] !== 1)
  return moved.every((axis, i) => i === 0 || moved[i - 1]! < axis)
}
