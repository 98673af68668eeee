import type { LowerTable } from './rule.js'

export const quantize: LowerTable = {}
