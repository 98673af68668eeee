import { conv } from './conv.js'
import { elementwise } from './elementwise.js'
import { gather } from './gather.js'
import { gemm } from './gemm.js'
import { lookup } from './lookup.js'
import { movement } from './movement.js'
import { pool } from './pool.js'
import { qmatrix } from './qmatrix.js'
import { quantize } from './quantize.js'
import { reduce } from './reduce.js'
import type { InferRule } from './rule.js'

/** Inference rules by opKey: of the operators that most networks use, until others are added. Nothing that an object has of itself: a file may name an operator "constructor". */
export const INFER: Record<string, InferRule> = Object.assign(Object.create(null) as object, {
  ...conv, ...elementwise, ...gather, ...gemm, ...lookup, ...movement, ...pool, ...qmatrix, ...quantize, ...reduce,
})
