import type { InferTable } from './rule.js'

export const conv: InferTable = {}
