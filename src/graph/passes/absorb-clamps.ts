import { DTYPES } from '../../dtype.js'
import { opKey, type Node } from '../graph.js'
import type { Pass } from './pass.js'
import { quantizes, type QParams } from './qparams.js'
import { OPERATIONS } from './quantize-nodes.js'
import { makeNode, rewrite, type Rewriter } from './rewrite.js'

/**
 * Relu or Clip right before QuantizeLinear. Where the codes cannot leave the clamp's range anyway, it vanishes; otherwise,
 * behind an operator that has an int8 form, the result is quantized first and the codes are clamped (DequantizeLinear →
 * clamp → QuantizeLinear, which becomes a table). Exact: Q(clamp(y)) = Q(clamp(DQ(Q(y)))) since Q and clamp are monotonic
 * and Q(DQ(q)) = q.
 */
export const absorbClamps: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  const to = quantizes(node, r)
  const value = node.inputs[0]!
  const clamp = to && to.axis === undefined ? r.producer(value, 'Relu', 'Clip') : undefined
  const range = clamp && clampRange(clamp, r)
  if (!to || !clamp || !range || !r.soleReader(value)) return undefined
  const [y] = clamp.inputs as [string]
  if (covers(range, to, r)) return [{ ...node, inputs: [y, ...node.inputs.slice(1)] }]
  const source = r.producer(y)
  return source && OPERATIONS.has(opKey(source)) && r.soleReader(y) ? quantizeFirst(node, clamp, to, r) : undefined
})

/** What a Relu or Clip keeps; undefined where its bounds are computed. */
export function clampRange(node: Node, r: Rewriter): readonly [number, number] | undefined {
  if (node.op === 'Relu') return [0, Infinity]
  const bound = (i: number, open: number): number | undefined => (node.inputs[i] ? r.scalar(node.inputs[i]) : open)
  const [low, high] = [bound(1, -Infinity), bound(2, Infinity)]
  return low === undefined || high === undefined || !(low <= high) ? undefined : [low, high]
}

/** Whether quantization saturates at or before both ends of the clamp. */
function covers([low, high]: readonly [number, number], to: QParams, r: Rewriter): boolean {
  const { min, max } = DTYPES[to.dtype]
  return code(low, to, r) <= min && code(high, to, r) >= max
}

/** QuantizeLinear of one number, before it saturates. */
function code(real: number, to: QParams, r: Rewriter): number {
  const steps = Math.fround(Math.fround(real) / r.scalar(to.scale)!)
  const down = Math.floor(steps)
  const odd = steps - down === 0.5 ? Math.abs(down % 2) : Number(steps - down > 0.5)
  return down + odd + r.scalar(to.zeroPoint)!
}

function quantizeFirst(node: Node, clamp: Node, to: QParams, r: Rewriter): Node[] {
  const [y] = clamp.inputs as [string]
  const type = r.typeOf(y)
  const codes = r.value(`${y}/codes`, { ...type, dtype: to.dtype })
  const [real, clamped] = [r.value(`${y}/dequantized`, type), r.value(`${y}/clamped`, type)]
  return [
    { ...node, name: `${node.name}/early`, inputs: [y, ...node.inputs.slice(1)], outputs: [codes] },
    makeNode(`${node.name}/dequantize`, 'DequantizeLinear', [codes, to.scale, to.zeroPoint], real),
    { ...clamp, inputs: [real, ...clamp.inputs.slice(1)], outputs: [clamped] },
    { ...node, inputs: [clamped, ...node.inputs.slice(1)] },
  ]
}
