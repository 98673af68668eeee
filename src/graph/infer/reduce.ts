import type { InferTable } from './rule.js'

export const reduce: InferTable = {}
