import { conv } from './conv.js'
import { elementwise } from './elementwise.js'
import { gemm } from './gemm.js'
import { generate } from './generate.js'
import { indexing } from './indexing.js'
import { lookup } from './lookup.js'
import { movement } from './movement.js'
import { normalize } from './normalize.js'
import { pool } from './pool.js'
import { qmatrix } from './qmatrix.js'
import { quantize } from './quantize.js'
import { reduce } from './reduce.js'
import { resize } from './resize.js'
import { rnn } from './rnn.js'
import type { InferTable } from './rule.js'

/** Every operator Octavo knows, by opKey, and nothing that an object has of itself: a file may name an operator "constructor". */
export const INFER: InferTable = Object.assign(Object.create(null) as object, {
  ...conv, ...elementwise, ...gemm, ...generate, ...indexing, ...lookup, ...movement, ...normalize, ...pool, ...qmatrix, ...quantize, ...reduce, ...resize, ...rnn,
})
