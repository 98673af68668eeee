import type { InferTable } from './rule.js'

export const quantize: InferTable = {}
