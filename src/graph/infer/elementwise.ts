import type { InferTable } from './rule.js'

export const elementwise: InferTable = {}
