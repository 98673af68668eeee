import type { LowerTable } from './rule.js'

export const pool: LowerTable = {}
