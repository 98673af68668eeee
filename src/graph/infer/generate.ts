import type { InferTable } from './rule.js'

export const generate: InferTable = {}
