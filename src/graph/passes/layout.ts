import { invariant } from '../../errors.js'
import { Tensor, toInts } from '../../value.js'
import { opKey, type Attribute, type Graph, type Node, type TensorType } from '../graph.js'
import { lastAxis, LAYOUT_RULES, type LayoutRule } from './layout-rules.js'

/** Transpose permutations between N C D1…Dr and N D1…Dr C. */
const toLast = (rank: number): number[] => Array.from({ length: rank }, (_, i) => (i === 0 ? 0 : i === rank - 1 ? 1 : i + 1))
const toFirst = (rank: number): number[] => Array.from({ length: rank }, (_, i) => lastAxis(i, rank))

/**
 * Puts image-like values into channels-last order wherever a convolution needs it, and keeps them so through every
 * operator that can work either way. Each value exists in the orders its readers ask for, and no other: a Transpose is
 * made once, on demand.
 *
 * Convolutions are rewritten always (their kernels read channels-last only); operators with a rule in layout-rules.ts
 * follow their input; everything else reads channels-first. Meaning and bits are unchanged.
 */
export function channelsLast(graph: Graph, typeOf: (value: string) => TensorType): Graph {
  if (!graph.nodes.some((node) => !isLast(node) && LAYOUT_RULES[opKey(node)]?.always)) return graph
  return new LayoutPass(graph, typeOf).run()
}

/** A node made channels-last already. */
const isLast = (node: Node): boolean => node.attributes['channels_last'] === 1

class LayoutPass {
  private readonly nodes: Node[] = []
  private readonly constants: Map<string, Tensor>
  /** Values that exist in channels-first order, and those that exist in channels-last order under another name. */
  private readonly hasFirst = new Set<string>()
  private readonly lastNames = new Map<string, string>()
  private made = 0

  constructor(private readonly graph: Graph, private readonly typeOf: (value: string) => TensorType) {
    this.constants = new Map(graph.constants)
    for (const { name } of graph.inputs) this.hasFirst.add(name)
    for (const name of graph.constants.keys()) this.hasFirst.add(name)
  }

  run(): Graph {
    for (const node of this.graph.nodes) this.rewrite(node)
    const outputs = this.graph.outputs.map((o) => ({ ...o, name: (o.anyOrder && !this.hasFirst.has(o.name) && this.lastNames.get(o.name)) || this.first(o.name) }))
    return { ...this.graph, outputs, nodes: this.nodes, constants: this.constants }
  }

  private rewrite(node: Node): void {
    const rule = isLast(node) ? undefined : LAYOUT_RULES[opKey(node)]
    if (rule && this.wants(node, rule) && this.apply(node, rule)) return
    for (const input of node.inputs) if (input) this.first(input)
    for (const output of node.outputs) this.hasFirst.add(output)
    this.nodes.push(node)
  }

  /** Whether the node should work channels-last: it must, or an input that decides is only there in that order. */
  private wants(node: Node, rule: LayoutRule): boolean {
    const rank = Math.max(...rule.follows(node).map((i) => this.rankOf(node.inputs[i])))
    if (rank < 3) return false
    return rule.always || rule.follows(node).some((i) => this.lastNames.has(node.inputs[i] ?? '') && !this.hasFirst.has(node.inputs[i]!))
  }

  private rankOf(value: string | undefined): number {
    return value ? this.typeOf(value).dims.length : 0
  }

  private apply(node: Node, rule: LayoutRule): boolean {
    const result = rule.rewrite({
      node, typeOf: this.typeOf, last: (v, rank) => this.last(v, rank), first: (v) => this.first(v),
      ints: (v) => this.ints(v), constant: (v) => this.constant(v),
    })
    if (!result) return false
    const { inputs, attributes, outputs = 'last' } = result
    const names = node.outputs.map((name) => {
      if (!name) return name
      if (outputs === 'first') return this.hasFirst.add(name), name
      const last = `${name}@last`
      this.lastNames.set(name, last)
      return last
    })
    this.nodes.push({ ...node, inputs, outputs: names, attributes: { ...node.attributes, ...attributes } })
    return true
  }

  private ints(value: string | undefined): number[] | undefined {
    const tensor = value ? this.constants.get(value) : undefined
    return tensor && toInts(tensor)
  }

  private constant(values: readonly number[]): string {
    const name = `layout#${this.made++}`
    this.constants.set(name, new Tensor('int64', values.map(BigInt), [values.length]))
    this.hasFirst.add(name)
    return name
  }

  private first(value: string): string {
    if (this.hasFirst.has(value)) return value
    const last = this.lastNames.get(value)
    invariant(last, `layout pass: value "${value}" is read before it is written`)
    this.transpose(last, value, toFirst(this.rankOf(value)))
    this.hasFirst.add(value)
    return value
  }

  private last(value: string, rank: number): string {
    const { dims } = this.typeOf(value)
    if (dims.every((d) => d === 1) && dims.length < rank) return this.first(value)
    const existing = this.lastNames.get(value)
    if (existing && dims.length === rank) return existing
    const full = dims.length === rank ? this.first(value) : this.widen(value, rank)
    const name = `${value}@last${dims.length === rank ? '' : rank}`
    this.transpose(full, name, toLast(rank))
    if (dims.length === rank) this.lastNames.set(value, name)
    return name
  }

  private widen(value: string, rank: number): string {
    const { dims } = this.typeOf(value)
    const shape = this.constant([...Array<number>(rank - dims.length).fill(1), ...dims])
    const name = `${value}@rank${rank}#${this.made++}`
    this.push('Reshape', [this.first(value), shape], name, { allowzero: 1 })
    return name
  }

  private transpose(from: string, to: string, perm: readonly number[]): void {
    this.push('Transpose', [from], to, { perm })
  }

  private push(op: string, inputs: readonly string[], output: string, attributes: Record<string, Attribute>): void {
    this.nodes.push({ name: `${output}/${op}`, op, domain: '', inputs, outputs: [output], attributes })
  }
}
