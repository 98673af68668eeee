import { DTYPES } from '../../dtype.js'
import { argAxis } from '../../graph/infer/arg-reduce.js'
import { NULL } from '../../runtime/operand.js'
import { REDUCE_OP } from './reduce.js'
import { viewTable } from './reduced-view.js'
import type { LowerRule, LowerTable } from './rule.js'

const arg = (op: 'max' | 'min'): LowerRule => (l) => {
  l.emit('arg_reduce', {
    x: l.in(0), y: l.out(), view: viewTable(l, [argAxis(l)]), identity: NULL, op: REDUCE_OP[op], dtype: DTYPES[l.input(0).dtype].code, last: l.int('select_last_index', 0),
  })
}

export const argReduce: LowerTable = { ArgMax: arg('max'), ArgMin: arg('min') }
