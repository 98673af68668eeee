import { elementCount } from '../../dtype.js'
import { Tensor } from '../../value.js'
import { opKey, type Node } from '../graph.js'
import type { Pass } from './pass.js'
import { makeNode, rewrite, type Rewriter } from './rewrite.js'

/**
 * BatchNormalization, or Mul or Add of one constant for each channel, vanishes into the constant weights and bias of the
 * Conv, ConvTranspose or Gemm before it: w' = w · s and b' = (b − mean) · s + shift with s = scale / √(variance + ε). What the new
 * weights are is said in nodes over constants, for folding to compute. Changes the rounding of the result, nothing else.
 */
export const foldBatchNorm: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  const last = affineOf(node, r)
  const target = last && r.soleReader(last.x) ? targetOf(last.x, r) : undefined
  return target && fold(node, target, last!, r)
})

/** y = (x − mean) · scale / √(variance + ε) + shift, each a constant for each channel; absent terms are undefined. */
interface Affine {
  readonly x: string
  readonly scale?: string
  readonly shift?: string
  readonly mean?: string
  readonly variance?: string
  readonly epsilon?: number
}

/** Where the weights of an operator are and which of their axes counts output channels. */
interface Target {
  readonly node: Node
  readonly axis: number
}

function targetOf(value: string, r: Rewriter): Target | undefined {
  const node = r.producer(value, 'Conv', 'ConvTranspose', 'Gemm')
  if (!node || !float(node.inputs[1], r)) return undefined
  if (node.inputs[2] && !(r.isConstant(node.inputs[2]) && r.typeOf(node.inputs[2]).dims.length === 1 && r.typeOf(node.inputs[2]).dims[0] === channelsOf(value, r))) return undefined
  if (node.op === 'Conv') return { node, axis: 0 }
  if (node.op === 'ConvTranspose') return (node.attributes.group ?? 1) === 1 ? { node, axis: 1 } : undefined
  return (node.attributes.beta ?? 1) === 1 ? { node, axis: node.attributes.transB ? 0 : 1 } : undefined
}

const float = (value: string | undefined, r: Rewriter): boolean => r.isConstant(value) && r.typeOf(value).dtype === 'float32'
const channelsOf = (value: string, r: Rewriter): number => r.typeOf(value).dims[1]!

function affineOf(node: Node, r: Rewriter): Affine | undefined {
  if (opKey(node) === 'BatchNormalization') {
    const [x, scale, shift, mean, variance] = node.inputs as [string, string, string, string, string]
    const trained = node.attributes.training_mode || node.outputs.slice(1).some(Boolean)
    const constant = [scale, shift, mean, variance].every((name) => float(name, r))
    return trained || !constant ? undefined : { x, scale, shift, mean, variance, epsilon: Number(node.attributes.epsilon ?? 1e-5) }
  }
  if (opKey(node) !== 'Mul' && opKey(node) !== 'Add') return undefined
  const [a, b] = node.inputs as [string, string]
  const [x, term] = r.isConstant(b) ? [a, b] : [b, a]
  if (!perChannel(term, x, r) || r.isConstant(x)) return undefined
  return node.op === 'Mul' ? { x, scale: term } : { x, shift: term }
}

/** Whether a constant holds one number for each channel of x, or one in all. */
function perChannel(term: string, x: string, r: Rewriter): boolean {
  if (!float(term, r)) return false
  const [rank, { dims, dtype }] = [r.typeOf(x).dims.length, r.typeOf(term)]
  if (dtype !== r.typeOf(x).dtype || rank < 2 || dims.length > rank) return false
  return dims.every((d, i) => d === 1 || (i + rank - dims.length === 1 && d === channelsOf(x, r)))
}

function fold(node: Node, { node: target, axis }: Target, affine: Affine, r: Rewriter): Node[] {
  const channels = channelsOf(affine.x, r)
  const made: Node[] = []
  const make = (op: string, inputs: string[], dims: readonly number[]): string => {
    const value = r.value(`${node.name}/${op}`, { dtype: 'float32', dims })
    made.push(makeNode(value, op, inputs, value))
    r.markConstant(value)
    return value
  }
  const reshape = (value: string, dims: readonly number[]): string => make('Reshape', [value, r.add(`${node.name}/dims`, new Tensor('int64', dims.map(BigInt)))], dims)
  const isVector = (value: string): boolean => r.typeOf(value).dims.length === 1 && r.typeOf(value).dims[0] === channels
  const ones = (): string => r.add(`${node.name}/ones`, new Tensor('float32', new Float32Array(channels).fill(1)))
  const vector = (value: string): string => isVector(value) ? value : make('Mul', [reshape(value, [elementCount(r.typeOf(value).dims)]), ones()], [channels])
  const combine = (op: string, a: string, b: string): string => make(op, [a, b], [channels])

  let scale = affine.scale && vector(affine.scale)
  if (affine.variance) scale = combine('Div', scale!, make('Sqrt', [combine('Add', affine.variance, r.add(`${node.name}/epsilon`, new Tensor('float32', [affine.epsilon!])))], [channels]))
  let [, weights, bias] = target.inputs as [string, string, string | undefined]
  if (scale) {
    const { dims } = r.typeOf(weights)
    weights = make('Mul', [weights, reshape(scale, dims.map((_, i) => (i === axis ? channels : 1)))], dims)
  }
  if (affine.mean) bias = bias ? combine('Sub', bias, affine.mean) : make('Neg', [affine.mean], [channels])
  if (bias && scale) bias = combine('Mul', bias, scale)
  if (affine.shift) bias = bias ? combine('Add', bias, vector(affine.shift)) : vector(affine.shift)
  return [...made, { ...target, inputs: [target.inputs[0]!, weights, ...(bias ? [bias] : [])], outputs: node.outputs }]
}
