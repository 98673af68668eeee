import type { Node } from '../../graph/graph.js'
import { operandsOf, type Decision } from './decide.js'
import { keepsAll, type Facts } from './operators.js'

/** Values that share one scale and zero point, because what makes one from another only moves elements. */
export interface ValueGroup {
  /** in the order of the graph; the first gives the group its name */
  readonly values: readonly string[]
  /** values that are looked at: together they hold every element that the group can */
  readonly watch: readonly string[]
  /** a range that is known without looking: Softmax */
  readonly fixed?: readonly [min: number, max: number]
  /** a product multiplies one of them: an engine whose products saturate leaves it seven bits */
  readonly multiplied: boolean
}

/** Groups of the values that become codes, each in exactly one. */
export function groupValues(inputs: readonly string[], nodes: readonly Node[], { selected, quantized }: Decision, facts: Facts): ValueGroup[] {
  const order = [...inputs, ...nodes.flatMap((n) => n.outputs)].filter((name) => quantized.has(name))
  const sets = new Sets(order)
  const sharing = nodes.filter((node) => selected.get(node) === 'move' || selected.get(node) === 'join')
  for (const node of sharing) {
    const [first, ...others] = sharedValues(node, quantized)
    for (const name of others) sets.join(first!, name)
  }
  const makers = new Map(sharing.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const softmax = new Set(nodes.filter((n) => n.op === 'Softmax' && selected.has(n)).map((n) => n.outputs[0]!))
  const multiplied = new Set(nodes.filter((n) => selected.get(n) === 'product').flatMap((n) => operandsOf(n, 'product', facts)))
  return sets.all().map((values) => {
    const sources = values.filter((name) => !makers.has(name))
    const fixed = sources.every((name) => softmax.has(name))
    return { values, watch: fixed ? [] : watched(values, sources, makers), ...(fixed && { fixed: [0, 1] as const }), multiplied: values.some((name) => multiplied.has(name)) }
  })
}

const sharedValues = (node: Node, quantized: ReadonlySet<string>): string[] =>
  [...(node.op === 'Concat' ? node.inputs : [node.inputs[0]!]), ...node.outputs].filter((name) => quantized.has(name))

/** A Concat that holds all sources is one look instead of several, and one range where an observer averages over looks. */
function watched(values: readonly string[], sources: readonly string[], makers: ReadonlyMap<string, Node>): readonly string[] {
  if (sources.length === 1) return sources
  const within = new Map<string, ReadonlySet<string>>()
  for (const name of values) {
    const node = makers.get(name)
    const parts = !node ? [] : node.op === 'Concat' ? node.inputs : [node.inputs[0]!]
    within.set(name, new Set(!node ? [name] : keepsAll(node) ? parts.flatMap((part) => [...(within.get(part) ?? [])]) : []))
    if (sources.every((source) => within.get(name)!.has(source))) return [name]
  }
  return sources
}

/** Disjoint sets of names. */
class Sets {
  private readonly parent: Map<string, string>

  constructor(names: readonly string[]) {
    this.parent = new Map(names.map((name) => [name, name]))
  }

  private find(name: string): string {
    let root = name
    for (let up = this.parent.get(root)!; up !== root; up = this.parent.get(root)!) root = up
    for (let at = name; at !== root;) {
      const up = this.parent.get(at)!
      this.parent.set(at, root)
      at = up
    }
    return root
  }

  join(a: string, b: string): void {
    this.parent.set(this.find(b), this.find(a))
  }

  all(): string[][] {
    const sets = new Map<string, string[]>()
    for (const name of this.parent.keys()) sets.set(this.find(name), [...(sets.get(this.find(name)) ?? []), name])
    return [...sets.values()]
  }
}
