import type { LowerTable } from './rule.js'

export const qconv: LowerTable = {}
