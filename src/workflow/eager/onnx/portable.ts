import { OctavoError } from '../../../errors.js'
import { opKey, type Graph, type Node } from '../../../graph/graph.js'
import { makeNode } from '../../../graph/passes/rewrite.js'
import { Tensor as Constant } from '../../../value.js'

type Rewrite = (node: Node, scalar: (value: string) => string) => readonly Node[]

const INT32 = 6

/** y = table[byte of x]: a negative index of Gather counts from the end, which is where the byte of a negative code is. */
const lookup: Rewrite = ({ name, inputs: [x, table], outputs: [y] }) =>
  [makeNode(`${name}/index`, 'Cast', [x!], `${name}/index`, { to: INT32 }), makeNode(name, 'Gather', [table!, `${name}/index`], y!, { axis: 0 })]

const swish: Rewrite = ({ name, inputs: [x], outputs: [y] }) =>
  [makeNode(`${name}/gate`, 'Sigmoid', [x!], `${name}/gate`), makeNode(name, 'Mul', [x!, `${name}/gate`], y!)]

/** PyTorch multiplies by the reciprocal of the scale, ONNX divides: a code may differ by one where the quotient is a tie. */
const quantize: Rewrite = (node, scalar) => [{ ...node, domain: '', inputs: [node.inputs[0]!, ...node.inputs.slice(1).map(scalar)] }]

const dynamicQuantize: Rewrite = ({ name, inputs, outputs }) => [{ name, op: 'DynamicQuantizeLinear', domain: '', inputs, outputs, attributes: {} }]

/** Integer sums scaled by both scales, then the bias: ONNX's form of a dynamic product. */
const dynamicProduct: Rewrite = ({ name, inputs: [x, xScale, xZero, w, wScale, wZero, bias], outputs: [y] }) => {
  const v = (part: string): string => `${name}/${part}`
  return [
    makeNode(v('weight'), 'Transpose', [w!], v('weight'), { perm: [1, 0] }),
    makeNode(v('sums'), 'MatMulInteger', [x!, v('weight'), xZero!, wZero!], v('sums')),
    makeNode(v('floats'), 'Cast', [v('sums')], v('floats'), { to: 1 }),
    makeNode(v('scale64'), 'Cast', [wScale!], v('scale64'), { to: 1 }),
    makeNode(v('scale'), 'Mul', [xScale!, v('scale64')], v('scale')),
    makeNode(v('product'), 'Mul', [v('floats'), v('scale')], bias ? v('product') : y!),
    ...(bias ? [makeNode(name, 'Add', [v('product'), bias], y!)] : []),
  ]
}

const REWRITES: Readonly<Record<string, Rewrite>> = {
  'octavo:Lookup': lookup, 'octavo:QuantizeLinear': quantize, 'octavo:DynamicQuantize': dynamicQuantize, 'octavo:QLinearDynamic': dynamicProduct, Swish: swish,
}

/**
 * The graph in operators that every ONNX runtime has.
 *
 * @throws OP_UNSUPPORTED for what ONNX has no words for
 */
export function portable(graph: Graph): Graph {
  const constants = new Map(graph.constants)
  /** A parameter of one element as a scalar. */
  const scalar = (name: string): string => {
    const tensor = constants.get(name)
    if (!tensor || tensor.size !== 1 || !tensor.dims.length) return name
    constants.set(`${name}/scalar`, new Constant(tensor.dtype, tensor.data, []))
    return `${name}/scalar`
  }
  const nodes = graph.nodes.flatMap((node) => {
    const key = opKey(node)
    const rewrite = REWRITES[key]
    if (rewrite) return rewrite(node, scalar)
    if (node.domain === 'octavo')
      throw new OctavoError('OP_UNSUPPORTED', `exportOnnx: ${key} "${node.name}" has no form in ONNX's operators. Give exportOnnx the module rather than its graph, or leave the layer in float.`, { op: key, node: node.name })
    return [node]
  })
  return { ...graph, nodes, constants }
}
