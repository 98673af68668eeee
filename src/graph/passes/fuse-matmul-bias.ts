import type { Node } from '../graph.js'
import type { Pass } from './pass.js'
import { rewrite } from './rewrite.js'

/** The operands of a commutative node, both ways round. */
export const eitherWay = ({ inputs: [a, b] }: Node): [string, string][] => [[a!, b!], [b!, a!]]

/** A constant bias for each column added to com.microsoft:MatMulIntegerToFloat becomes its operand. Exact. */
export const fuseMatMulBias: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  if (node.op !== 'Add' || node.domain) return undefined
  for (const [product, bias] of eitherWay(node)) {
    const matMul = r.soleReader(product) ? r.producer(product, 'com.microsoft:MatMulIntegerToFloat') : undefined
    const columns = matMul && r.typeOf(product).dims.at(-1)
    if (!matMul || matMul.inputs[6] || !r.constant(bias) || r.typeOf(bias).dims.length !== 1 || r.typeOf(bias).dims[0] !== columns) continue
    const inputs = [...Array.from({ length: 6 }, (_, i) => matMul.inputs[i] ?? ''), bias]
    return [{ ...matMul, inputs, outputs: node.outputs }]
  }
  return undefined
})
