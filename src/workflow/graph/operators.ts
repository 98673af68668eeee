import { elementCount } from '../../dtype.js'
import type { Node, TensorType } from '../../graph/graph.js'
import type { Tensor } from '../../value.js'

/**
 * How an operator takes part in a quantized graph.
 *
 * - product: multiplies by weights, or two activations; what the rest is quantized for
 * - pair: adds or multiplies two values in their codes
 * - pool: averages codes
 * - move, join: hands elements on, so that its result has its input's codes; a join (Concat) brings several to one set of them
 * - function: of one element; any chain of them is one table of 256 answers
 * - between: computed in float from codes to codes
 */
export type Kind = 'product' | 'pair' | 'pool' | 'move' | 'join' | 'function' | 'between'

/** Functions of one element, and of constants of one element. */
const FUNCTIONS = new Set([
  'Relu', 'Clip', 'LeakyRelu', 'PRelu', 'ThresholdedRelu', 'Elu', 'Celu', 'Selu', 'Gelu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Swish', 'Mish', 'Softplus', 'Softsign',
  'Shrink', 'Tanh', 'Erf', 'Abs', 'Neg', 'Ceil', 'Floor', 'Round', 'Sign', 'Sqrt', 'Reciprocal', 'Exp', 'Log', 'Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh',
  'Asinh', 'Acosh', 'Atanh', 'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max',
])

/** Operators that hand elements on as they are, or the greatest of some. */
const MOVES = new Set([
  'MaxPool', 'GlobalMaxPool', 'ReduceMax', 'ReduceMin', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Slice', 'Split', 'Gather', 'GatherElements', 'GatherND',
  'Expand', 'Tile', 'DepthToSpace', 'SpaceToDepth', 'ReverseSequence', 'Pad', 'Resize',
])

/** Of these, the ones that may leave elements out: the range of what they make can be narrower. */
const CROPS = new Set(['MaxPool', 'GlobalMaxPool', 'ReduceMax', 'ReduceMin', 'Slice', 'Split', 'Gather', 'GatherElements', 'GatherND', 'Resize'])

/** Op types that quantizeStatic quantizes when asked to, in the order of docs/quantization.md. */
export const QUANTIZABLE: readonly string[] = [
  'Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'Add', 'Mul', 'Concat', 'AveragePool', 'GlobalAveragePool', 'Softmax', ...MOVES, ...[...FUNCTIONS].filter((op) => op !== 'Add' && op !== 'Mul'),
]

/** What may be asked about values. */
export interface Facts {
  typeOf(value: string): TensorType | undefined
  constantOf(value: string): Tensor | undefined
}

/** Inputs of a node that are computed, not constant. */
export const computedInputs = (node: Node, facts: Facts): string[] => node.inputs.filter((name) => name && !facts.constantOf(name))

/** The kind of a node by its operator and operands, or why it has none. Whether two computed operands come from one value is not asked here. */
export function kindOf(node: Node, facts: Facts): Kind | { readonly reason: string } {
  const { op, domain } = node
  if (domain) return { reason: `${domain}:${op} has no quantized form` }
  if (Object.values(node.attributes).some((v) => typeof v === 'object' && 'nodes' in v)) return { reason: 'what branches hold stays float' }
  if (computedInputs(node, facts).length === 0) return { reason: 'reads constants only' }
  const other = [node.inputs[0]!, node.outputs[0]!].find((name) => facts.typeOf(name)?.dtype !== 'float32')
  if (other !== undefined) return { reason: `"${other}" is ${facts.typeOf(other)?.dtype ?? 'of no known type'}, not float32` }
  switch (op) {
    case 'Conv': case 'ConvTranspose': return convolution(node, facts)
    case 'Gemm': return gemm(node, facts)
    case 'MatMul': return 'product'
    case 'AveragePool': case 'GlobalAveragePool': return 'pool'
    case 'Softmax': return 'between'
    case 'Concat': return node.inputs.some((name) => facts.constantOf(name)) ? { reason: 'joins a constant' } : 'join'
    case 'Resize': return copies(node) ? 'move' : 'between'
    case 'Pad': return pads(node, facts)
    case 'MaxPool': return node.outputs[1] ? { reason: 'its indices are asked for' } : 'move'
    case 'Relu': case 'Clip': return boundsOf(node, facts) ? 'function' : { reason: 'its bounds are computed' }
  }
  if (MOVES.has(op)) return facts.constantOf(node.inputs[0]!) ? { reason: 'its data is constant' } : 'move'
  if (!FUNCTIONS.has(op)) return { reason: `${op} is computed in float` }
  const vector = node.inputs.some((name) => name && (facts.constantOf(name)?.size ?? 1) !== 1)
  if ((op === 'Add' || op === 'Mul') && (vector || computedInputs(node, facts).length > 1)) return 'pair'
  return vector ? { reason: `${op} with a constant of more than one element is computed in float` } : 'function'
}

const float = (name: string | undefined, facts: Facts): boolean => !!name && facts.constantOf(name)?.dtype === 'float32'

function convolution(node: Node, facts: Facts): Kind | { reason: string } {
  if (!float(node.inputs[1], facts)) return { reason: 'its weights are computed, or not float32' }
  return node.inputs[2] && !float(node.inputs[2], facts) ? { reason: 'its bias is computed' } : 'product'
}

function gemm(node: Node, facts: Facts): Kind | { reason: string } {
  if (!float(node.inputs[1], facts)) return { reason: 'its second operand is computed: a MatMul would be quantized' }
  if (!(Number(node.attributes.alpha ?? 1) > 0)) return { reason: `its factor alpha is ${String(node.attributes.alpha)}` }
  if (!node.inputs[2]) return 'product'
  const columns = facts.typeOf(node.outputs[0]!)!.dims[1]!
  const dims = float(node.inputs[2], facts) ? facts.constantOf(node.inputs[2])!.dims : undefined
  if (!dims) return { reason: 'its bias is computed' }
  return elementCount(dims) === 1 || (elementCount(dims) === columns && dims.at(-1) === columns) ? 'product' : { reason: `its bias of [${dims}] is not one for each column` }
}

/** Whether Resize only picks elements. */
const copies = ({ attributes }: Node): boolean => (attributes.mode ?? 'nearest') === 'nearest' && attributes.coordinate_transformation_mode !== 'tf_crop_and_resize'

function pads(node: Node, facts: Facts): Kind | { reason: string } {
  if ((node.attributes.mode ?? 'constant') !== 'constant' || !node.inputs[2]) return 'move'
  const value = facts.constantOf(node.inputs[2])
  return value && Number(value.data[0]) === 0 ? 'move' : { reason: 'pads with something other than 0' }
}

/** What a Relu or a Clip of constant bounds keeps; undefined for anything else. */
export function boundsOf(node: Node, facts: Facts): readonly [number, number] | undefined {
  if (node.domain || (node.op !== 'Relu' && node.op !== 'Clip')) return undefined
  if (node.op === 'Relu') return [0, Infinity]
  const bound = (name: string | undefined, open: number): number | undefined => (name ? facts.constantOf(name) && Number(facts.constantOf(name)!.data[0]) : open)
  const [low, high] = [bound(node.inputs[1], -Infinity), bound(node.inputs[2], Infinity)]
  return low === undefined || high === undefined || !(low <= high) ? undefined : [low, high]
}

/** Whether every element of a move's input is in its result. */
export const keepsAll = (node: Node): boolean => !CROPS.has(node.op)
