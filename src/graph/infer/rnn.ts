import type { InferTable } from './rule.js'

export const rnn: InferTable = {}
