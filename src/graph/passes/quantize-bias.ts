import { Tensor } from '../../value.js'
import type { Node } from '../graph.js'
import { dequantized, type Dequantized } from './qparams.js'
import { makeNode, type Rewriter } from './rewrite.js'

/** Exporters round the product of the scales in different ways; a bias of another scale is off by far more. */
const SCALE_TOLERANCE = 1e-5

/**
 * A bias as int32 in steps of alpha · x_scale · w_scale, which is what integer accumulators count in: the codes behind a
 * DequantizeLinear of just that scale, or a float constant divided by it and rounded (ties to even), as ONNX Runtime does.
 * `nodes` compute it from constants. Undefined where the bias is neither.
 */
export function intBias(bias: string, x: Dequantized, w: Dequantized, alpha: number, r: Rewriter): { nodes: Node[]; name: string } | undefined {
  const codes = dequantized(bias, r, ['int32'])
  if (codes) return matches(codes, x, w, alpha, r) ? { nodes: [], name: codes.x } : undefined
  if (r.constant(bias)?.dtype !== 'float32' || r.typeOf(bias).dims.length !== 1 || alpha !== 1) return undefined
  const vector = (hint: string): string => r.value(`${bias}/${hint}`, r.typeOf(bias))
  const [scale, steps, rounded] = [r.value(`${bias}/scale`, r.typeOf(w.scale)), vector('steps'), vector('rounded')]
  const name = r.value(`${bias}/codes`, { ...r.typeOf(bias), dtype: 'int32' })
  return {
    name,
    nodes: [
      makeNode(scale, 'Mul', [x.scale, w.scale], scale),
      makeNode(steps, 'Div', [bias, scale], steps),
      makeNode(rounded, 'Round', [steps], rounded),
      makeNode(name, 'Cast', [rounded], name, { to: 6 }),
    ],
  }
}

function matches(bias: Dequantized, x: Dequantized, w: Dequantized, alpha: number, r: Rewriter): boolean {
  const [scales, weights, zeros] = [bias.scale, w.scale, bias.zeroPoint].map((name) => (r.constant(name) as Tensor).data as ArrayLike<number>) as [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>]
  const at = (list: ArrayLike<number>, i: number): number => list[list.length === 1 ? 0 : i]!
  const count = Math.max(scales.length, weights.length)
  const lengths = [scales.length, weights.length].every((n) => n === 1 || n === count)
  return lengths && Array.from(zeros).every((z) => z === 0) && Array.from({ length: count }, (_, i) => {
    const expected = alpha * r.scalar(x.scale)! * at(weights, i)
    return Math.abs(at(scales, i) - expected) <= SCALE_TOLERANCE * expected
  }).every(Boolean)
}
