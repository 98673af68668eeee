import { absorbClamps } from './absorb-clamps.js'
import { shareCommonSubexpressions } from './common-subexpressions.js'
import { foldBatchNorm } from './fold-batch-norm.js'
import { fuseActivation } from './fuse-activation.js'
import { fuseMatMulBias } from './fuse-matmul-bias.js'
import { fuseSwish } from './fuse-swish.js'
import { channelsLast } from './layout.js'
import { mergeMovement } from './merge-movement.js'
import { moveQuantization } from './move-quantization.js'
import type { Pass } from './pass.js'
import { quantizeNodes } from './quantize-nodes.js'
import { removeIdentities } from './remove-identities.js'
import { tabulate } from './tabulate.js'
import { widen } from './widen.js'

/** Passes that come with the operators they look for, in places of their own below. */
export const MORE = { quantized: new Set<Pass>(), optimise: new Set<Pass>() }

/** Before the last constants are folded: passes that read DequantizeLinear of weights as it is in the file; widen ends them, so that weights are cast once. */
export const quantized = (exact?: unknown): readonly Pass[] =>
  [shareCommonSubexpressions, absorbClamps, moveQuantization, ...(exact ? [] : [quantizeNodes]), tabulate, ...MORE.quantized, fuseMatMulBias, widen]

/** On the folded graph: what makes it faster and keeps its meaning; `exact`: every bit, too. Constants that these passes describe are folded once more. */
export const optimise = (exact?: unknown): readonly Pass[] =>
  [removeIdentities, shareCommonSubexpressions, mergeMovement, ...MORE.optimise, ...(exact ? [] : [foldBatchNorm]), fuseSwish, fuseActivation]

/** Last: what lowering needs (element types that kernels have, layouts that they read). Also run on single nodes that are folded. */
export const LEGALISE: readonly Pass[] = [widen, channelsLast]
