import type { InferTable } from './rule.js'

export const movement: InferTable = {}
