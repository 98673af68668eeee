import { channelsLast } from './layout.js'
import type { Pass } from './pass.js'
import { widen } from './widen.js'

/** Before the last constants are folded: passes that read DequantizeLinear of weights as it is in the file; widen ends them, so that weights are cast once. */
export const QUANTIZED: readonly Pass[] = [widen]

/** On the folded graph: what makes it faster and keeps its meaning. */
export const OPTIMISE: readonly Pass[] = []

/** Last: what lowering needs (element types that kernels have, layouts that they read). Also run on single nodes that are folded. */
export const LEGALISE: readonly Pass[] = [widen, channelsLast]
