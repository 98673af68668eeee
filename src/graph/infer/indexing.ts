import type { InferTable } from './rule.js'

export const indexing: InferTable = {}
