import { dynamicRecurrentShape } from '../../graph/infer/dynamic-recurrent.js'
import { UNARY } from '../../runtime/op-codes.js'
import { NULL } from '../../runtime/operand.js'
import { codedMatrix } from './coded-matrix.js'
import { dynamicEngine } from './engine-products.js'
import { columnsBytes } from './qpacking.js'
import { CELL } from './rnn.js'
import type { LowerTable } from './rule.js'

/** Bytes of `blocks` in assembly/rnn/dynamic-recurrent.ts. */
const BLOCKS_BYTES = 640

export const dynamicRecurrent: LowerTable = {
  'octavo:DynamicRecurrent': (l) => {
    const { cell, steps, batch, hidden, rows } = dynamicRecurrentShape(l)
    const { stage, scales, handed } = dynamicEngine(l, 4)
    const perColumn = (i: number): number => +(l.required(i, 'parameter').size > 1)
    const r = codedMatrix(l, { codes: 3, offset: 0, strideK: 1, strideN: hidden, k: hidden, n: rows, zero: 5, zeroAt: 0, zeroStep: perColumn(5) }, batch)
    const lstm = cell === 'LSTM'
    l.emit('q8_recurrent', {
      x: l.in(0), initialH: l.in(1), initialC: lstm ? l.in(2) : NULL, y: l.out(0), lastH: l.out(1), lastC: lstm ? l.out(2) : NULL, bias: l.has(6) ? l.in(6) : NULL,
      gates: l.scratch(4 * batch * rows), codes: l.scratch(batch * hidden), blocks: l.scratch(BLOCKS_BYTES), rows: l.scratch(r.rowBytes), columns: l.scratch(columnsBytes(1, rows)),
      steps, batch, hidden, cell: CELL[cell], activation: l.string('mode') === 'RNN_RELU' ? UNARY.Relu : UNARY.Tanh, reverse: l.int('reverse', 0),
      range: l.int('reduce_range', 0) ? 127 : 255, handed: +handed, stage,
      rPanels: r.panels, rSums: r.sums, rScale: l.table(scales), rScaleStep: +(scales.length > 1), rK: r.k, rFormat: r.format, rExtras: r.extras, rFlip: r.flip, rShift: r.shift, rLda: r.lda, rBlockRows: r.blockRows,
    }, steps * batch * rows * hidden)
  },
}
