import { opKey, type Node } from '../graph.js'
import type { Pass } from './pass.js'
import { dequantized, quantizes, type Dequantized, type QParams } from './qparams.js'
import { intBias } from './quantize-bias.js'
import { makeNode, rewrite, type Rewriter } from './rewrite.js'

/** An operator between DequantizeLinear and QuantizeLinear. */
interface Unit {
  readonly node: Node
  /** What DequantizeLinear stands behind each input; undefined for an input that is float or absent. */
  readonly inputs: readonly (Dequantized | undefined)[]
  /** What the result is quantized to; undefined when it stays float. */
  readonly to: QParams | undefined
  readonly output: string
  readonly r: Rewriter
}

type Operation = (unit: Unit) => Node[] | undefined

/**
 * DequantizeLinear → operator → QuantizeLinear becomes the operator on codes, where nobody else reads the float result.
 *
 * Which operators, and what they compute, follows ONNX Runtime's int8 execution (graph optimisation `all`): an Add whose sum is also
 * read as a float stays float. A convolution or product then rounds once, to codes, where a float execution of the same
 * file rounds to float32 first: codes may differ by one step. Beyond ONNX Runtime: int8 activations work as uint8 ones do,
 * input and output codes of convolutions and products may be of different types, and an int32 bias counts only when its
 * scale is x_scale · w_scale.
 */
export const quantizeNodes: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  const to = quantizes(node, r)
  if (to) {
    const inner = r.soleReader(node.inputs[0]!) && r.producer(node.inputs[0]!)
    return inner && to.axis === undefined ? fuse(inner, to, node.outputs[0]!, r) : undefined
  }
  const reader = node.outputs.length === 1 ? r.soleReader(node.outputs[0]!) : undefined
  return reader?.op === 'QuantizeLinear' ? undefined : fuse(node, undefined, node.outputs[0]!, r)
})

function fuse(node: Node, to: QParams | undefined, output: string, r: Rewriter): Node[] | undefined {
  const operation = OPERATIONS.get(opKey(node))
  if (!operation || node.outputs.filter(Boolean).length !== 1) return undefined
  return operation({ node, inputs: node.inputs.map((name) => dequantized(name, r)), to, output, r })
}

const operands = (p: Dequantized): string[] => [p.x, p.scale, p.zeroPoint]
const result = (p: QParams): string[] => [p.scale, p.zeroPoint]

/** Weights with one pair of parameters, or one for each index along `axis`. */
const weightsAlong = (w: Dequantized, axis: number): boolean => w.axis === undefined || w.axis === axis

const conv: Operation = ({ node, inputs: [x, w], to, output, r }) => {
  if (!x || !w || !to || x.axis !== undefined || !weightsAlong(w, 0)) return undefined
  const bias = node.inputs[2] ? intBias(node.inputs[2], x, w, 1, r) : { nodes: [], name: undefined }
  if (!bias) return undefined
  return [...bias.nodes, makeNode(node.name, 'QLinearConv', [...operands(x), ...operands(w), ...result(to), ...(bias.name ? [bias.name] : [])], output, node.attributes)]
}

const matMul: Operation = ({ node, inputs: [a, b], to, output, r }) => {
  if (!a || !b || a.axis !== undefined) return undefined
  const rank = r.typeOf(b.x).dims.length
  if (b.axis !== undefined && !(rank === 2 && weightsAlong(b, 1))) return undefined
  if (to) return [makeNode(node.name, 'QLinearMatMul', [...operands(a), ...operands(b), ...result(to)], output)]
  return [makeNode(node.name, 'MatMulIntegerToFloat', [a.x, b.x, a.scale, b.scale, a.zeroPoint, b.zeroPoint], output, {}, 'com.microsoft')]
}

const gemm: Operation = ({ node, inputs: [a, b], to, output, r }) => {
  if (!a || !b || a.axis !== undefined) return undefined
  const { alpha = 1, beta = 1, transA = 0, transB = 0 } = node.attributes as Record<string, number>
  if (!weightsAlong(b, transB ? 0 : 1) || (node.inputs[2] && beta !== 1) || !(alpha > 0)) return undefined
  const bias = node.inputs[2] ? intBias(node.inputs[2], a, b, alpha, r) : { nodes: [], name: undefined }
  if (!bias || (bias.name && r.typeOf(bias.name).dims.length !== 1)) return undefined
  const inputs = [...operands(a), ...operands(b), bias.name ?? '', ...(to ? result(to) : [])]
  return [...bias.nodes, makeNode(node.name, 'QGemm', inputs, output, { alpha, transA, transB }, 'com.microsoft')]
}

/** Add and Mul: QLinearAdd, QLinearMul. */
const binary: Operation = ({ node, inputs: [a, b], to, output }) => {
  if (!a || !b || !to || a.axis !== undefined || b.axis !== undefined || a.dtype !== to.dtype || b.dtype !== to.dtype) return undefined
  return [makeNode(node.name, `QLinear${node.op}`, [...operands(a), ...operands(b), ...result(to)], output, {}, 'com.microsoft')]
}

/** Averages: QLinearAveragePool, QLinearGlobalAveragePool. */
const average: Operation = ({ node, inputs: [x], to, output }) => {
  if (!x || !to || x.axis !== undefined || x.dtype !== to.dtype) return undefined
  return [makeNode(node.name, `QLinear${node.op}`, [...operands(x), ...result(to)], output, node.attributes, 'com.microsoft')]
}

/** The graph speaks the newest opset, where Softmax runs along one axis. */
const softmax: Operation = (unit) => average(unit)?.map((node) => ({ ...node, attributes: { axis: -1, ...node.attributes, opset: 13 } }))

/** Operators that have a form on codes, by opKey. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['Conv', conv], ['MatMul', matMul], ['Gemm', gemm], ['Add', binary], ['Mul', binary], ['AveragePool', average], ['GlobalAveragePool', average],
  ['Softmax', softmax],
])
