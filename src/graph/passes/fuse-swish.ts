import { opKey } from '../graph.js'
import type { Pass } from './pass.js'
import { makeNode, rewrite } from './rewrite.js'

const SIXTH = Math.fround(1 / 6)

/** x · Sigmoid(x) → Swish(x), and x · HardSigmoid(x) with slope 1/6 and offset 1/2 → HardSwish(x). Exact: the kernels multiply in the same order. */
export const fuseSwish: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  if (opKey(node) !== 'Mul') return undefined
  const [a, b] = node.inputs as [string, string]
  for (const [x, gate] of [[a, b], [b, a]] as const) {
    const by = r.soleReader(gate) ? r.producer(gate, 'Sigmoid', 'HardSigmoid') : undefined
    if (!by || by.inputs[0] !== x || r.typeOf(x).dtype !== 'float32') continue
    if (by.op === 'Sigmoid') return [makeNode(node.name, 'Swish', [x], node.outputs[0]!)]
    const { alpha = 0.2, beta = 0.5 } = by.attributes as Record<string, number>
    if (Math.fround(alpha) === SIXTH && beta === 0.5) return [makeNode(node.name, 'HardSwish', [x], node.outputs[0]!)]
  }
  return undefined
})
