import type { LowerTable } from './rule.js'

export const reduce: LowerTable = {}
