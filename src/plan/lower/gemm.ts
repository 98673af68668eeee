import type { LowerTable } from './rule.js'

export const gemm: LowerTable = {}
