import type { LowerTable } from './rule.js'

export const elementwise: LowerTable = {}
