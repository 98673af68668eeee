import { OctavoError } from '../../errors.js'
import type { Graph, Node } from '../../graph/graph.js'
import type { Origins } from './clean.js'
import { kindOf, QUANTIZABLE, type Facts, type Kind } from './operators.js'
import type { NodePattern, QuantizeOptions } from './options.js'

/** What the options and the operator alone say about a node. */
export type Standing =
  | { readonly kind: Kind; /** named by the options, so that it is quantized wherever it stands */ readonly asked: boolean; /** reads floats as codes where codes of it are wanted */ readonly anywhere: boolean }
  | { readonly kind: undefined; readonly reason: string }

/** What options say, and what no option says: for other forms of a graph that was decided on before. */
export interface Choices extends Pick<QuantizeOptions, 'opTypesToQuantize' | 'opTypesToExclude' | 'nodesToQuantize' | 'nodesToExclude'> {
  /** names of nodes that stay float */
  readonly float?: ReadonlySet<string>
  /** names of nodes that work on codes where codes of them are wanted, even if they read what floats make */
  readonly anywhere?: ReadonlySet<string>
}

export const matches = (pattern: NodePattern, name: string): boolean => (typeof pattern === 'string' ? pattern === name : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(name))

/**
 * Which nodes may be quantized.
 *
 * @param origins what nodes were in the file, where the graph was cleaned: a name or op type there counts for the node that took its place
 * @throws OPTION_INVALID a name that no node has, an op type that has no quantized form, a node asked for by name that cannot be quantized
 */
export function selectNodes(graph: Graph, facts: Facts, choices: Choices, origins?: Origins): ReadonlyMap<Node, Standing> {
  const namesOf = ({ name }: Node): readonly string[] => [...new Set([name, ...(origins?.names.get(name) ?? [])])]
  const opsOf = ({ name, op }: Node): readonly string[] => [op, origins?.ops.get(name) ?? op]
  requireNames(graph.nodes, choices, [...QUANTIZABLE, 'ReduceMean'], origins?.known)
  const standings = new Map(graph.nodes.map((node) => [node, standing(node, namesOf(node), opsOf(node), facts, choices)]))
  for (const [node, found] of standings) {
    const names = namesOf(node)
    const asked = choices.nodesToQuantize?.some((p) => typeof p === 'string' && names.includes(p)) && !choices.nodesToExclude?.some((p) => names.some((name) => matches(p, name)))
    if (asked && !found.kind) throw new OctavoError('OPTION_INVALID', `option nodesToQuantize: node "${node.name}" (${node.op}) cannot be quantized: ${found.reason}. Leave it out.`, { node: node.name, reason: found.reason })
  }
  return standings
}

function standing(node: Node, names: readonly string[], ops: readonly string[], facts: Facts, { opTypesToQuantize, opTypesToExclude, nodesToQuantize, nodesToExclude, float, anywhere }: Choices): Standing {
  const out = (reason: string): Standing => ({ kind: undefined, reason })
  const named = (patterns: readonly NodePattern[] | undefined): boolean => !!patterns?.some((p) => names.some((name) => matches(p, name)))
  if (named(nodesToExclude) || float?.has(node.name)) return out('excluded by name')
  const excluded = ops.find((op) => opTypesToExclude?.includes(op))
  if (excluded) return out(`${excluded} is excluded`)
  const byName = named(nodesToQuantize), byType = ops.some((op) => opTypesToQuantize?.includes(op))
  if (nodesToQuantize?.length && !byName) return out('not among the nodes asked for')
  if (opTypesToQuantize?.length && !byType) return out('not among the op types asked for')
  const kind = kindOf(node, facts)
  return typeof kind === 'string' ? { kind, asked: byName || byType, anywhere: !!anywhere?.has(node.name) } : out(kind.reason)
}

/** @throws OPTION_INVALID as selectNodes */
export function requireNames(nodes: readonly Node[], { opTypesToQuantize, opTypesToExclude, nodesToQuantize, nodesToExclude }: Choices, quantizable: readonly string[], known: ReadonlySet<string> = new Set()): void {
  for (const [option, list] of Object.entries({ opTypesToQuantize, opTypesToExclude, nodesToQuantize, nodesToExclude }))
    if (list !== undefined && !Array.isArray(list)) throw new OctavoError('OPTION_INVALID', `option ${option}: expected a list, got ${typeof list}.`, { option })
  const unknown = opTypesToQuantize?.find((op) => !quantizable.includes(op))
  if (unknown !== undefined) throw new OctavoError('OPTION_INVALID', `option opTypesToQuantize: ${unknown} has no form of this kind; those that have are ${quantizable.join(', ')}.`, { op: unknown })
  for (const [option, patterns] of Object.entries({ nodesToQuantize, nodesToExclude })) {
    const missing = patterns?.find((p) => !nodes.some((n) => matches(p, n.name)) && ![...known].some((name) => matches(p, name)))
    if (missing !== undefined) throw new OctavoError('OPTION_INVALID', `option ${option}: no node has the name ${String(missing)}. Some that are there: ${nodes.slice(0, 5).map((n) => `"${n.name}"`).join(', ')}, ….`, { option, name: String(missing) })
  }
}
