import type { LowerTable } from './rule.js'

export const normalize: LowerTable = {}
