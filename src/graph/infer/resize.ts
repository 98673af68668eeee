import type { InferTable } from './rule.js'

export const resize: InferTable = {}
