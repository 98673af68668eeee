import type { LowerTable } from './rule.js'

export const movement: LowerTable = {}
