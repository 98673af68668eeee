import type { Node } from '../graph.js'
import { eitherWay } from './fuse-matmul-bias.js'
import type { Pass } from './pass.js'
import { makeNode, rewrite, type Rewriter } from './rewrite.js'

/**
 * Cast(MatMulInteger(A, B)) · (a_scale · b_scale), as dynamic quantization leaves it →
 * com.microsoft:MatMulIntegerToFloat(A, B, a_scale, b_scale, a_zero_point, b_zero_point). Exact: it does the same float operations in the same order.
 */
export const fuseDynamicMatMul: Pass = (graph, typeOf) => rewrite(graph, typeOf, scaled)

function scaled(node: Node, r: Rewriter): Node[] | undefined {
  if (node.op !== 'Mul' || node.domain) return undefined
  for (const [product, scale] of eitherWay(node)) {
    const cast = r.producer(product, 'Cast')
    const matMul = cast && r.soleReader(product) && r.soleReader(cast.inputs[0]!) ? r.producer(cast.inputs[0]!, 'MatMulInteger') : undefined
    const scales = r.producer(scale, 'Mul')
    if (!matMul || !scales || r.typeOf(product).dtype !== 'float32') continue
    const [a, b, aZero = '', bZero = ''] = matMul.inputs as [string, string, string?, string?]
    const order = eitherWay(scales).find(([aScale, bScale]) => fits(aScale, aZero, 1, r) && fits(bScale, bZero, r.typeOf(b).dims.at(-1)!, r) && r.constant(bScale))
    if (order) return [makeNode(matMul.name, 'MatMulIntegerToFloat', [a, b, ...order, aZero, bZero], node.outputs[0]!, {}, 'com.microsoft')]
  }
  return undefined
}

/** Whether a scale is one number, or one for each of `columns`, and so is its zero point. */
function fits(scale: string, zeroPoint: string, columns: number, r: Rewriter): boolean {
  const oneOrEach = (value: string): boolean => {
    const { dims } = r.typeOf(value)
    return dims.length <= 1 && (dims.length === 0 || dims[0] === 1 || dims[0] === columns)
  }
  return r.typeOf(scale).dtype === 'float32' && oneOrEach(scale) && (!zeroPoint || oneOrEach(zeroPoint))
}
