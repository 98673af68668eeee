import type { InferTable } from '../../graph/infer/rule.js'
import type { LayoutRule } from '../../graph/passes/layout-rules.js'
import type { LowerTable } from '../../plan/lower/rule.js'
import type { RuleSet } from '../../plan/operators.js'
import { MORE_LAYOUTS } from '../../runtime/more-abi.js'

/** One family of the rarer operators, so that an operation brings no other. */
export const ruleSet = (infer: InferTable, lower: LowerTable, layouts: Readonly<Record<string, LayoutRule>> = {}): RuleSet => ({
  infer, lower, layouts, kernels: MORE_LAYOUTS, passes: { quantized: [], optimise: [] },
})
