import { OctavoError } from '../errors.js'
import { opKey, type Graph } from '../graph/graph.js'
import type { InferTable } from '../graph/infer/rule.js'
import { INFER } from '../graph/infer/table.js'
import { LAYOUT_RULES, type LayoutRule } from '../graph/passes/layout-rules.js'
import type { Pass } from '../graph/passes/pass.js'
import { MORE } from '../graph/passes/pipeline.js'
import type { Layouts } from '../runtime/abi.js'
import { addLayouts } from '../runtime/kernels.js'
import type { LowerTable } from './lower/rule.js'
import { LOWER } from './lower/table.js'

/** Rules for operators beyond those every session has, and passes that concern graphs with these operators only. */
export interface RuleSet {
  readonly infer: InferTable
  readonly lower: LowerTable
  readonly kernels: Layouts
  readonly passes: Readonly<Record<keyof typeof MORE, readonly Pass[]>>
  readonly layouts: Readonly<Record<string, LayoutRule>>
}

/** Whether there are rules for an operator. */
export const isKnown = (key: string): boolean => key in INFER

/** Makes the operators of `set` known to every session of this module. Adding a set twice changes nothing. */
export function addRules(set: RuleSet): void {
  Object.assign(INFER, set.infer)
  Object.assign(LOWER, set.lower)
  addLayouts(set.kernels)
  Object.assign(LAYOUT_RULES, set.layouts)
  for (const pass of set.passes.quantized) MORE.quantized.add(pass)
  for (const pass of set.passes.optimise) MORE.optimise.add(pass)
}

/** The first node, subgraphs included, whose operator is not known yet. */
function firstUnknown(graph: Graph): { name: string; key: string } | undefined {
  for (const node of graph.nodes) {
    const key = opKey(node)
    if (!isKnown(key)) return { name: node.name, key }
    for (const value of Object.values(node.attributes)) {
      const inner = typeof value === 'object' && 'nodes' in value ? firstUnknown(value) : undefined
      if (inner) return inner
    }
  }
  return undefined
}

/** @throws OP_UNSUPPORTED naming the first node whose operator is unknown */
export function requireOperators(graph: Graph): void {
  const unknown = firstUnknown(graph)
  if (unknown) throw new OctavoError('OP_UNSUPPORTED', `${unknown.key} "${unknown.name}": Octavo does not have this operator (docs/operators.md), or createSync was not given moreOperators of octavo/operators.`, { node: unknown.name, op: unknown.key })
}
