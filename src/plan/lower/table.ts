import { conv } from './conv.js'
import { elementwise } from './elementwise.js'
import { gather } from './gather.js'
import { gemm } from './gemm.js'
import { lookup } from './lookup.js'
import { movement } from './movement.js'
import { pool } from './pool.js'
import { qconv } from './qconv.js'
import { qmatmul } from './qmatmul.js'
import { quantize } from './quantize.js'
import { reduce } from './reduce.js'
import type { LowerRule } from './rule.js'

/** Lowering rules by opKey, as INFER. */
export const LOWER: Record<string, LowerRule> = Object.assign(Object.create(null) as object, {
  ...conv, ...elementwise, ...gather, ...gemm, ...lookup, ...movement, ...pool, ...qconv, ...qmatmul, ...quantize, ...reduce,
})
