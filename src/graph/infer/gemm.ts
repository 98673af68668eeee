import type { InferTable } from './rule.js'

export const gemm: InferTable = {}
