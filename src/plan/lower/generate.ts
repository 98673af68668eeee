import type { LowerTable } from './rule.js'

export const generate: LowerTable = {}
