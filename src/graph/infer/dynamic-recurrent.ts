import type { NodeView } from '../node-view.js'
import { checkBias, expectArithmetic, expectScales } from './engine-products.js'
import { expectZero } from './qmatrix.js'
import { CELLS, type CellName } from './rnn.js'
import type { InferRule, InferTable } from './rule.js'

/**
 * octavo:DynamicRecurrent: one direction of PyTorch's dynamic LSTM, GRU or RNN, from what its inputs' product has left:
 * x [steps, batch, gates·hidden], h [batch, hidden], c (LSTM's), R codes [gates·hidden, hidden], R_scale float64, R_zero_point, B [gates·hidden].
 * Attributes: `mode` (LSTM, GRU, RNN_TANH, RNN_RELU), `arithmetic`, `reduce_range`, `reverse`. Results: y [steps, batch, hidden], h, c.
 */
export interface DynamicRecurrentShape {
  readonly cell: CellName
  readonly steps: number
  readonly batch: number
  readonly hidden: number
  readonly rows: number
}

const MODES: Readonly<Record<string, CellName>> = { LSTM: 'LSTM', GRU: 'GRU', RNN_TANH: 'RNN', RNN_RELU: 'RNN' }

/** @throws SHAPE_MISMATCH, DTYPE_MISMATCH, ATTRIBUTE_UNSUPPORTED */
export function dynamicRecurrentShape(view: NodeView): DynamicRecurrentShape {
  const mode = view.string('mode')
  const cell = MODES[mode] ?? view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "mode" must be one of ${Object.keys(MODES).join(', ')}, got "${mode}"`)
  const [steps, batch, rows] = view.expectRank(0, 3) as [number, number, number]
  const hidden = rows / CELLS[cell].gates
  const expect = (i: number, dims: readonly number[]): void => {
    if (`${view.dims(i)}` !== `${dims}`) view.fail('SHAPE_MISMATCH', `input ${i}: expected [${dims}], got [${view.dims(i)}]`)
  }
  for (const i of cell === 'LSTM' ? [1, 2] : [1]) expect(i, [batch, hidden])
  expect(3, [rows, hidden])
  return { cell, steps, batch, hidden, rows }
}

const recurrent: InferRule = {
  infer(view) {
    const { cell, steps, batch, hidden, rows } = dynamicRecurrentShape(view)
    expectArithmetic(view)
    for (const i of cell === 'LSTM' ? [0, 1, 2] : [0, 1]) view.expectDType(i, 'float32')
    view.expectDType(3, 'int8')
    expectScales(view, 4, 1, rows)
    expectZero(view, 5, 3, 1, rows)
    checkBias(view, 6, rows)
    const state = () => view.make('float32', [batch, hidden])
    return [view.make('float32', [steps, batch, hidden]), state(), ...(cell === 'LSTM' ? [state()] : [])]
  },
}

export const dynamicRecurrent: InferTable = { 'octavo:DynamicRecurrent': recurrent }
