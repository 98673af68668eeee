import { Tensor } from '../../value.js'
import type { Node } from '../graph.js'
import type { Pass } from './pass.js'
import { makeNode, rewrite, type Rewriter } from './rewrite.js'

/** Operators that change the shape and not the order of elements. */
const RESHAPES = ['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'] as const

/** Two transposes in a row become one, and so do two reshapes. */
export const mergeMovement: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  if (node.domain) return undefined
  if (node.op === 'Transpose') return mergeTransposes(node, r)
  return RESHAPES.includes(node.op as never) ? mergeReshapes(node, r) : undefined
})

const permOf = (node: Node, rank: number): readonly number[] => (node.attributes.perm as readonly number[] | undefined) ?? Array.from({ length: rank }, (_, i) => rank - 1 - i)

function mergeTransposes(node: Node, r: Rewriter): Node[] | undefined {
  const before = r.producer(node.inputs[0]!, 'Transpose')
  if (!before) return undefined
  const rank = r.typeOf(node.inputs[0]!).dims.length
  const [first, second] = [permOf(before, rank), permOf(node, rank)]
  return [{ ...node, inputs: before.inputs, attributes: { perm: second.map((axis) => first[axis]!) } }]
}

function mergeReshapes(node: Node, r: Rewriter): Node[] | undefined {
  const before = r.producer(node.inputs[0]!, ...RESHAPES)
  const { dims, bound } = r.typeOf(node.outputs[0]!)
  if (!before || bound !== undefined || r.typeOf(before.inputs[0]!).bound !== undefined) return undefined
  const shape = r.add(`${node.name}/shape`, new Tensor('int64', dims.map(BigInt)))
  return [makeNode(node.name, 'Reshape', [before.inputs[0]!, shape], node.outputs[0]!, { allowzero: 1 })]
}
