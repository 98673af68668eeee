import { invariant } from '../../errors.js'
import { Tensor, toInts } from '../../value.js'
import { opKey, type Attribute, type Graph, type Node, type TensorType } from '../graph.js'
import { firstAxis, lastAxis, LAYOUT_RULES, type LayoutRule } from './layout-rules.js'

type Axis = typeof lastAxis
const perm = (rank: number, axis: Axis): number[] => Array.from({ length: rank }, (_, i) => axis(i, rank))

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
  return new LayoutPass(graph, typeOf, 'last', lastAxis, firstAxis).run()
}

/** The way back: no node of the result has channels_last above 0. Between what only works channels-last Transposes are left, which cancel (mergeMovement, removeIdentities). */
export function channelsFirst(graph: Graph, typeOf: (value: string) => TensorType): Graph {
  return graph.nodes.some(isLast) ? new LayoutPass(graph, typeOf, 'first', firstAxis, lastAxis).run() : graph
}

/** A node made channels-last already. */
const isLast = (node: Node): boolean => node.attributes['channels_last'] === 1

class LayoutPass {
  private readonly nodes: Node[] = []
  private readonly constants: Map<string, Tensor>
  /** Values that exist in the order that the graph has, and those that exist in the other one under another name. */
  private readonly hasOwn = new Set<string>()
  private readonly otherNames = new Map<string, string>()
  private made = 0

  /** @param axis where the order made has an axis of the graph's own, @param back the other way */
  constructor(private readonly graph: Graph, private readonly typeOf: (value: string) => TensorType, private readonly to: 'last' | 'first', private readonly axis: Axis, private readonly back: Axis) {
    this.constants = new Map(graph.constants)
    for (const { name } of graph.inputs) this.hasOwn.add(name)
    for (const name of graph.constants.keys()) this.hasOwn.add(name)
  }

  run(): Graph {
    for (const node of this.graph.nodes) this.rewrite(node)
    const outputs = this.graph.outputs.map((o) => ({ ...o, name: (o.anyOrder && !this.hasOwn.has(o.name) && this.otherNames.get(o.name)) || this.own(o.name) }))
    return { ...this.graph, outputs, nodes: this.nodes, constants: this.constants }
  }

  private rewrite(node: Node): void {
    const rule = LAYOUT_RULES[opKey(node)]
    if (rule && this.wants(node, rule) && this.apply(node, rule)) return
    for (const input of node.inputs) if (input) this.own(input)
    for (const output of node.outputs) this.hasOwn.add(output)
    this.nodes.push(node)
  }

  /** Whether the node should work in the other order: it must, or an input that decides is only there in that order. */
  private wants(node: Node, rule: LayoutRule): boolean {
    const last = isLast(node)
    if ((last && this.to === 'last') || this.graph.exact?.has(node.op)) return false
    const rank = Math.max(...rule.follows(node).map((i) => this.rankOf(node.inputs[i])))
    if (rank < 3) return false
    const must = this.to === 'last' ? rule.always : last
    return must || rule.follows(node).some((i) => this.otherNames.has(node.inputs[i] ?? '') && !this.hasOwn.has(node.inputs[i]!))
  }

  private rankOf(value: string | undefined): number {
    return value ? this.typeOf(value).dims.length : 0
  }

  private apply(node: Node, rule: LayoutRule): boolean {
    const result = rule.rewrite({
      node, typeOf: this.typeOf, other: (v, rank) => this.other(v, rank), own: (v) => this.own(v), order: this.to, axis: this.axis,
      ints: (v) => this.ints(v), constant: (v) => this.constant(v),
    })
    if (!result) return false
    const { inputs, attributes, outputs = 'other' } = result
    const names = node.outputs.map((name) => {
      if (!name) return name
      if (outputs === 'own') return this.hasOwn.add(name), name
      const other = this.nameOf(name)
      this.otherNames.set(name, other)
      return other
    })
    this.nodes.push({ ...node, inputs, outputs: names, attributes: { ...node.attributes, ...attributes } })
    return true
  }

  private nameOf(value: string): string {
    return `${value}@${this.to}`
  }

  private ints(value: string | undefined): number[] | undefined {
    const tensor = value ? this.constants.get(value) : undefined
    return tensor && toInts(tensor)
  }

  private constant(values: readonly number[]): string {
    const name = `${this.to}#${this.made++}`
    this.constants.set(name, new Tensor('int64', values.map(BigInt), [values.length]))
    this.hasOwn.add(name)
    return name
  }

  private own(value: string): string {
    if (this.hasOwn.has(value)) return value
    const other = this.otherNames.get(value)
    invariant(other, `layout: "${value}" is not there`)
    this.transpose(other, value, perm(this.rankOf(value), this.axis))
    this.hasOwn.add(value)
    return value
  }

  private other(value: string, rank: number): string {
    const { dims } = this.typeOf(value)
    if (dims.every((d) => d === 1) && dims.length < rank) return this.own(value)
    const existing = this.otherNames.get(value)
    if (existing && dims.length === rank) return existing
    const full = dims.length === rank ? this.own(value) : this.widen(value, rank)
    const name = `${this.nameOf(value)}${dims.length === rank ? '' : rank}`
    this.transpose(full, name, perm(rank, this.back))
    if (dims.length === rank) this.otherNames.set(value, name)
    return name
  }

  private widen(value: string, rank: number): string {
    const { dims } = this.typeOf(value)
    const shape = this.constant([...Array<number>(rank - dims.length).fill(1), ...dims])
    const name = `${value}@rank${rank}#${this.made++}`
    this.push('Reshape', [this.own(value), shape], name, { allowzero: 1 })
    return name
  }

  private transpose(from: string, to: string, perm: readonly number[]): void {
    this.push('Transpose', [from], to, { perm })
  }

  private push(op: string, inputs: readonly string[], output: string, attributes: Record<string, Attribute>): void {
    this.nodes.push({ name: `${output}/${op}`, op, domain: '', inputs, outputs: [output], attributes })
  }
}
