import { channelsLast } from './layout.js'
import type { Pass } from './pass.js'

/** Before the last constants are folded: passes that read DequantizeLinear of weights as it is in the file. */
export const QUANTIZED: readonly Pass[] = []

/** On the folded graph: what makes it faster and keeps its meaning. */
export const OPTIMISE: readonly Pass[] = []

/** Last: what lowering needs (element types that kernels have, layouts that they read). Also run on single nodes that are folded. */
export const LEGALISE: readonly Pass[] = [channelsLast]
