import type { InferTable } from './rule.js'

export const normalize: InferTable = {}
