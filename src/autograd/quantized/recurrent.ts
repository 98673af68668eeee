import { dynamicRecurrent as infer } from '../../graph/infer/dynamic-recurrent.js'
import { engineProducts as inferProducts } from '../../graph/infer/engine-products.js'
import { dynamicRecurrent as lower } from '../../plan/lower/dynamic-recurrent.js'
import { engineProducts } from '../../plan/lower/engine-products.js'
import { callAll, Op } from '../dispatch.js'
import type { CellMode, LayerResult } from '../ops/recurrent.js'
import { ruleSet } from '../ops/rule-set.js'
import type { Recipe } from '../recipe.js'
import type { Tensor } from '../tensor-base.js'
import { paramsOf } from './operands.js'
import { dynamicArithmetic, type PackedParams } from './products.js'

type Layer = readonly [mode: CellMode, arithmetic: string, reduceRange: boolean, directions: number, batchFirstIn: boolean, batchFirstOut: boolean, hidden: number]

/** The state of each direction, [batch, hidden], out of [directions, batch, hidden]. */
function statesOf(r: Recipe, i: number, directions: number, dims: readonly number[]): string[] {
  if (directions === 1) return [r.x(i, dims)]
  return r.outputs(directions, 'Split', [r.x(i)], { axis: 0, num_outputs: directions }).map((part) => r.reshape(part, dims))
}

/** Operands: x, h0, c0, then for each direction weight_ih, weight_hh, bias_ih, bias_hh. x and y with the batch first where told. */
const LAYER = new Op<Layer>('quantized::recurrent_layer', (r, [mode, arithmetic, reduceRange, directions, batchFirstIn, batchFirstOut, hidden]) => {
  const x = batchFirstIn ? r.node('Transpose', [r.x(0)], { perm: [1, 0, 2] }) : r.x(0)
  const [steps, batch] = batchFirstIn ? [r.shape(0)[1]!, r.shape(0)[0]!] : [r.shape(0)[0]!, r.shape(0)[1]!]
  const lstm = mode === 'LSTM', state = [batch, hidden], reduce_range = +reduceRange
  const [h0, c0] = [statesOf(r, 1, directions, state), lstm ? statesOf(r, 2, directions, state) : []]
  const codes = r.outputs(3, 'octavo:DynamicQuantize', [x], { reduce_range, arithmetic })
  const made = Array.from({ length: directions }, (_, d) => {
    const at = 3 + 4 * d
    const gates = r.node('octavo:QLinearDynamic', [...codes, r.x(at), ...paramsOf(r, at), r.x(at + 2)], { arithmetic })
    return r.outputs(lstm ? 3 : 2, 'octavo:DynamicRecurrent', [gates, h0[d]!, c0[d] ?? '', r.x(at + 1), ...paramsOf(r, at + 1), r.x(at + 3)], { mode, arithmetic, reduce_range, reverse: d })
  })
  const joined = (o: number, axis: number): string => (directions === 1 ? made[0]![o]! : r.node('Concat', made.map((outputs) => outputs[o]!), { axis }))
  const y = batchFirstOut ? r.node('Transpose', [joined(0, 2)], { perm: [1, 0, 2] }) : joined(0, 2)
  const last = (lstm ? [1, 2] : [1]).map((o) => ({ value: joined(o, 0), shape: [directions, ...state] }))
  return [{ value: y, shape: [...(batchFirstOut ? [batch, steps] : [steps, batch]), directions * hidden] }, ...last]
}, ruleSet({ ...inferProducts, ...infer }, { ...engineProducts, ...lower }), true)

/** One direction's packed weights: [gates · hidden, inputs] and [gates · hidden, hidden], each with its bias. */
export type DynamicDirection = readonly [inputs: PackedParams, hidden: PackedParams]

export interface DynamicLayerCall {
  readonly mode: CellMode
  /** One or two, packed by one engine. */
  readonly directions: readonly DynamicDirection[]
  readonly hidden: number
  readonly reduceRange: boolean
  readonly batchFirstIn?: boolean
  readonly batchFirstOut?: boolean
}

/**
 * One layer over a whole sequence on int8 weights: x is quantized once by its own range, the states of all rows by theirs in every step.
 * Arguments and results are recurrentLayer's.
 */
export function dynamicRecurrentLayer(x: Tensor, h: Tensor, c: Tensor | undefined, { mode, directions, hidden, reduceRange, batchFirstIn = false, batchFirstOut = false }: DynamicLayerCall): LayerResult {
  const weights = directions.flatMap(([wi, wh]) => [wi.weight, wh.weight, wi.bias, wh.bias])
  return callAll(LAYER, [x, h, c, ...weights], [mode, ...dynamicArithmetic(directions[0]![0], reduceRange), directions.length, batchFirstIn, batchFirstOut, hidden]) as unknown as LayerResult
}
