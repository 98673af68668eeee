import type { LowerTable } from './rule.js'

export const indexing: LowerTable = {}
