import { conv } from './conv.js'
import { elementwise } from './elementwise.js'
import { gemm } from './gemm.js'
import { generate } from './generate.js'
import { indexing } from './indexing.js'
import { lookup } from './lookup.js'
import { movement } from './movement.js'
import { normalize } from './normalize.js'
import { pool } from './pool.js'
import { qconv } from './qconv.js'
import { qmatmul } from './qmatmul.js'
import { quantize } from './quantize.js'
import { reduce } from './reduce.js'
import { resize } from './resize.js'
import { rnn } from './rnn.js'
import type { LowerTable } from './rule.js'

/** How every operator becomes steps, by opKey. */
export const LOWER: LowerTable = {
  ...conv, ...elementwise, ...gemm, ...generate, ...indexing, ...lookup, ...movement, ...normalize, ...pool, ...qconv, ...qmatmul, ...quantize, ...reduce, ...resize, ...rnn,
}
