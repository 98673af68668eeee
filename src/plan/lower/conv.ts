import type { LowerTable } from './rule.js'

export const conv: LowerTable = {}
