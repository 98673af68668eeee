import type { LowerTable } from './rule.js'

export const rnn: LowerTable = {}
