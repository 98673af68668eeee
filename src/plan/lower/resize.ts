import type { LowerTable } from './rule.js'

export const resize: LowerTable = {}
