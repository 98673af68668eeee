import { Tensor } from '../../value.js'
import { opKey, type Node } from '../graph.js'
import { OPERATIONS } from './quantize-nodes.js'
import type { Pass } from './pass.js'
import { dequantized, quantizes, sameParams, type Dequantized, type QParams } from './qparams.js'
import { makeNode, rewrite, type Rewriter } from './rewrite.js'

/** Operators that hand elements on without looking at them, so that they mean the same on codes; MaxPool keeps their order. */
const MOVES = new Set([
  'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Identity', 'Slice', 'Gather', 'GatherElements', 'GatherND', 'Expand', 'Tile',
  'DepthToSpace', 'SpaceToDepth', 'ReverseSequence', 'Split', 'Pad', 'Resize', 'MaxPool',
])

/**
 * Lets codes travel where floats did: DequantizeLinear moves behind movement, QuantizeLinear before it (where an int8
 * operator can then use it), and a pair of equal parameters that meets cancels. Exact: quantization is elementwise and
 * monotonic, and quantizing c = scale·(q − zero_point) again gives q while |q − zero_point| < 2²³.
 */
export const moveQuantization: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  if (node.domain) return undefined
  if (node.op === 'QuantizeLinear') return cancel(node, r) ?? concatCodes(node, r) ?? quantizeEarlier(node, r)
  if (node.op === 'Concat') return concatBeforeDequantizing(node, r)
  return MOVES.has(node.op) ? dequantizeLater(node, r) : undefined
})

/** Q(DQ(x)) with equal parameters is x. */
function cancel(node: Node, r: Rewriter): Node[] | undefined {
  const to = quantizes(node, r)
  const from = dequantized(node.inputs[0], r)
  return to && from && sameParams(from, to, r) ? [makeNode(node.name, 'Identity', [from.x], node.outputs[0]!)] : undefined
}

/** move(DQ(x)) = DQ(move(x)), for every output. */
function dequantizeLater(node: Node, r: Rewriter): Node[] | undefined {
  const from = dequantized(node.inputs[0], r)
  if (!from) return undefined
  const axis = from.axis === undefined ? undefined : movedAxis(node, from.axis)
  const moved = axis === null ? undefined : onCodes(node, from, from.x, r)
  if (!moved) return undefined
  const codes = node.outputs.map((name) => (name ? r.value(`${name}/codes`, { ...r.typeOf(name), dtype: from.dtype }) : ''))
  const dequantize = (name: string, i: number): Node[] =>
    name ? [makeNode(`${node.name}/dequantize${i || ''}`, 'DequantizeLinear', [codes[i]!, from.scale, from.zeroPoint], name, axis === undefined ? {} : { axis: axis! })] : []
  return [{ ...moved, outputs: codes }, ...node.outputs.flatMap(dequantize)]
}

/** Where an axis goes; null where per-channel parameters cannot follow. */
const movedAxis = (node: Node, axis: number): number | null => {
  const at = node.op === 'Transpose' ? (node.attributes.perm as readonly number[] | undefined)?.indexOf(axis) : node.op === 'Identity' ? axis : undefined
  return at ?? null
}

/** The same movement of codes; undefined where it makes values that are no copies. */
function onCodes(node: Node, params: QParams, x: string, r: Rewriter): Node | undefined {
  const moved = { ...node, inputs: [x, ...node.inputs.slice(1)] }
  if (node.op === 'MaxPool' && node.outputs[1]) return undefined
  if (node.op === 'Resize') return (node.attributes.mode ?? 'nearest') === 'nearest' && node.attributes.coordinate_transformation_mode !== 'tf_crop_and_resize' ? moved : undefined
  if (node.op !== 'Pad' || (node.attributes.mode ?? 'constant') !== 'constant') return moved
  if (node.inputs[2] && r.scalar(node.inputs[2]) !== 0) return undefined
  const zero = r.add(`${node.name}/zero`, new Tensor(params.dtype, [r.scalar(params.zeroPoint)!], []))
  return { ...moved, inputs: [x, node.inputs[1]!, zero, ...node.inputs.slice(3)] }
}

/** Q(move(y)) = move(Q(y)) through a chain of movement, when an int8 operator computes y for nobody else. */
function quantizeEarlier(node: Node, r: Rewriter): Node[] | undefined {
  const to = quantizes(node, r)
  if (!to || to.axis !== undefined) return undefined
  const chain: Node[] = []
  let value = node.inputs[0]!
  for (let by = r.producer(value); by && !by.domain && MOVES.has(by.op) && by.op !== 'Split' && r.soleReader(value); by = r.producer(value)) {
    chain.unshift(by)
    value = by.inputs[0]!
  }
  const source = r.producer(value)
  if (!chain.length || !source || !OPERATIONS.has(opKey(source)) || !r.soleReader(value)) return undefined
  const codes = (name: string): string => r.value(`${name}/codes`, { ...r.typeOf(name), dtype: to.dtype })
  let x = codes(value)
  const result: Node[] = [{ ...node, name: `${node.name}/early`, inputs: [value, ...node.inputs.slice(1)], outputs: [x] }]
  for (const [i, step] of chain.entries()) {
    const moved = onCodes(step, to, x, r)
    if (!moved) return undefined
    x = i === chain.length - 1 ? node.outputs[0]! : codes(step.outputs[0]!)
    result.push({ ...moved, outputs: [x] })
  }
  return result
}

/** Q(Concat(DQ(x), …)): each input is brought to the output's parameters by itself. */
function concatCodes(node: Node, r: Rewriter): Node[] | undefined {
  const to = quantizes(node, r)
  const concat = r.producer(node.inputs[0]!, 'Concat')
  if (!to || to.axis !== undefined || !concat || !r.soleReader(node.inputs[0]!)) return undefined
  if (!concat.inputs.every((name) => r.constant(name) || dequantized(name, r)?.axis === undefined && dequantized(name, r))) return undefined
  const requantize: Node[] = []
  const inputs = concat.inputs.map((name, i) => {
    const from = dequantized(name, r)
    if (from && sameParams(from, to, r)) return from.x
    const codes = r.value(`${name}/codes`, { ...r.typeOf(name), dtype: to.dtype })
    requantize.push({ ...node, name: `${node.name}/input${i}`, inputs: [name, ...node.inputs.slice(1)], outputs: [codes] })
    return codes
  })
  return [...requantize, { ...concat, inputs, outputs: node.outputs }]
}

/** Concat(DQ(x), DQ(y), …) with equal parameters throughout is DQ(Concat(x, y, …)). */
function concatBeforeDequantizing(node: Node, r: Rewriter): Node[] | undefined {
  const parts = node.inputs.map((name) => dequantized(name, r))
  const [first] = parts
  if (!first || !parts.every((p): p is Dequantized => p !== undefined && sameParams(first, p, r))) return undefined
  const codes = r.value(`${node.outputs[0]}/codes`, { ...r.typeOf(node.outputs[0]!), dtype: first.dtype })
  const dequantize = makeNode(`${node.name}/dequantize`, 'DequantizeLinear', [codes, first.scale, first.zeroPoint], node.outputs[0]!)
  return [{ ...node, inputs: parts.map((p) => p!.x), outputs: [codes] }, dequantize]
}
