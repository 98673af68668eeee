import type { InferTable } from './rule.js'

export const pool: InferTable = {}
