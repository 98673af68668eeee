import { DTYPES } from '../../dtype.js'
import { Tensor } from '../../value.js'
import type { Node } from '../graph.js'
import type { Pass } from './pass.js'
import { dequantized, quantizes, sameParams, type Dequantized } from './qparams.js'
import { makeNode, rewrite, type Rewriter } from './rewrite.js'

/** Functions of one element (and of constants of one element). */
const POINTWISE = new Set([
  'Identity', 'Relu', 'Clip', 'LeakyRelu', 'PRelu', 'ThresholdedRelu', 'Elu', 'Celu', 'Selu', 'Gelu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Swish', 'Mish',
  'Softplus', 'Softsign', 'Shrink', 'Tanh', 'Erf', 'Abs', 'Neg', 'Ceil', 'Floor', 'Round', 'Sign', 'Sqrt', 'Reciprocal', 'Exp', 'Log', 'Sin', 'Cos', 'Tan',
  'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh', 'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max',
])
/** Enough for an activation written out in basic operators. */
const MAX_NODES = 24

/**
 * Whatever is computed element by element between DequantizeLinear and QuantizeLinear has 256 possible answers: they are
 * computed with the file's own operators, as constants, and each code is looked up (octavo:Lookup: y = table[byte of x]).
 * Exact. A change of parameters alone (DequantizeLinear → QuantizeLinear) is such a table too.
 */
export const tabulate: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  const to = quantizes(node, r)
  if (!to || to.axis !== undefined) return undefined
  const cone = new Cone(r)
  if (!cone.include(node.inputs[0]!) || !cone.source || r.constant(cone.source.x)) return undefined
  const { dims } = r.typeOf(cone.source.x)
  const same = r.typeOf(node.outputs[0]!).dims
  if (dims.length !== same.length || dims.some((d, i) => d !== same[i])) return undefined
  const { nodes, table } = cone.table(node)
  return [...nodes, makeNode(node.name, 'Lookup', [cone.source.x, table], node.outputs[0]!, {}, 'octavo')]
})

/** The nodes between one dequantized value and a result, in order. */
class Cone {
  source: Dequantized | undefined
  private readonly nodes: Node[] = []
  private readonly seen = new Set<string>()
  private readonly reals = new Set<string>()
  /** Nodes looked at, whether or not they turn out to belong. */
  private visited = 0

  constructor(private readonly r: Rewriter) {}

  /** Takes in what computes `value`; false when it depends on more than one code. */
  include(value: string): boolean {
    if (!value || this.seen.has(value) || this.r.constant(value)?.size === 1) return true
    const from = dequantized(value, this.r)
    if (from) return this.readsFrom(value, from)
    const node = this.r.producer(value)
    if (!node || node.domain || !POINTWISE.has(node.op) || this.visited++ >= MAX_NODES || !node.inputs.every((input) => this.include(input))) return false
    this.seen.add(value)
    this.nodes.push(node)
    return true
  }

  private readsFrom(value: string, from: Dequantized): boolean {
    if (from.axis !== undefined || (this.source && !(this.source.x === from.x && sameParams(this.source, from, this.r)))) return false
    this.source = from
    this.reals.add(value)
    return true
  }

  /** Nodes that compute the 256 answers of `quantize` from constants, and the value that holds them. */
  table(quantize: Node): { nodes: Node[]; table: string } {
    const { r, source } = this
    const { dtype, scale, zeroPoint } = source!
    const name = (value: string): string => r.value(`${quantize.name}/table/${value}`, r.typeOf(value))
    const codes = r.add(`${quantize.name}/codes`, new Tensor(dtype, new DTYPES[dtype].array(Uint8Array.from({ length: 256 }, (_, i) => i).buffer, 0, 256)))
    const real = r.value(`${quantize.name}/table/real`, { dtype: 'float32', dims: [256] })
    const names = new Map([...this.reals].map((value) => [value, real]))
    const inTable = (value: string): string => names.get(value) ?? value
    const nodes = [makeNode(real, 'DequantizeLinear', [codes, scale, zeroPoint], real)]
    for (const node of [...this.nodes, quantize]) {
      const output = name(node.outputs[0]!)
      nodes.push({ ...node, name: output, inputs: node.inputs.map(inTable), outputs: [output] })
      names.set(node.outputs[0]!, output)
    }
    const table = r.value(`${quantize.name}/table`, { dtype: r.typeOf(quantize.outputs[0]!).dtype, dims: [256] })
    const dims = r.add(`${quantize.name}/table/dims`, new Tensor('int64', [256n]))
    return { nodes: [...nodes, makeNode(table, 'Reshape', [inTable(quantize.outputs[0]!), dims], table)], table }
  }
}
