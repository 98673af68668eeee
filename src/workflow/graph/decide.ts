import type { Graph, Node } from '../../graph/graph.js'
import { capturedValues } from './fold-constants.js'
import { boundsOf, computedInputs, type Facts, type Kind } from './operators.js'
import type { Standing } from './selection.js'

/** Where codes flow in a float graph once it is quantized. */
export interface Decision {
  /** nodes that work on codes, with their kind */
  readonly selected: ReadonlyMap<Node, Kind>
  /** why each of the others stays float */
  readonly reasons: ReadonlyMap<Node, string>
  /** values that become codes */
  readonly quantized: ReadonlySet<string>
  /** a product, pair or pool, and what is done to its result before it is rounded: adding a bias, a clamp */
  readonly tails: ReadonlyMap<Node, readonly Node[]>
}

/**
 * Codes flow between products. A product works on codes wherever it stands; what lies between two of them works on codes too when all it reads are
 * codes already; a pool does so behind the last one also, because a sum of codes is exact. What prepares the input and what makes results of the last
 * product's sums stays float: it costs little there, and would lose most. A node that the options name is quantized wherever it stands.
 */
export function decide(graph: Graph, facts: Facts, standings: ReadonlyMap<Node, Standing>): Decision {
  return new Decider(graph, facts, standings).decision()
}

/** Operands that travel as codes. */
export const operandsOf = (node: Node, kind: Kind, facts: Facts): string[] =>
  kind === 'move' || node.op === 'Resize' || (kind === 'product' && node.op !== 'MatMul') ? [node.inputs[0]!] : computedInputs(node, facts)

class Decider {
  private readonly outputs: ReadonlySet<string>
  private readonly readers = new Map<string, Node[]>()
  private readonly producers = new Map<string, Node>()
  private readonly tails = new Map<Node, Node[]>()
  /** the product at whose end a bias or clamp stands */
  private readonly heads = new Map<Node, Node>()
  /** values that nothing reads but what works on codes, however moved */
  private readonly readAsCodes = new Set<string>()
  /** values that nothing is computed from but one value's functions, on the way out of the model */
  private readonly leaving = new Set<string>()
  /** values that are codes when somebody wants them so */
  private readonly available = new Set<string>()
  private readonly wanted = new Set<string>()
  private readonly selected = new Map<Node, Kind>()
  /** the value that each function's result follows from; undefined where there are two */
  private single: ReadonlyMap<string, string | undefined> = new Map()

  constructor(private readonly graph: Graph, private readonly facts: Facts, private readonly standings: ReadonlyMap<Node, Standing>) {
    this.outputs = new Set([...graph.outputs.map((o) => o.name), ...capturedValues(graph)])
    for (const node of graph.nodes) {
      for (const name of node.outputs) if (name) this.producers.set(name, node)
      for (const name of new Set(node.inputs)) if (name) this.readers.set(name, [...(this.readers.get(name) ?? []), node])
    }
  }

  decision(): Decision {
    this.single = this.rootsOf((node) => ['function', 'pair'].includes(this.standings.get(node)!.kind ?? ''), { has: () => true })
    for (const node of this.graph.nodes) this.findTail(node)
    for (const value of [...this.graph.nodes.flatMap((n) => n.outputs).reverse(), ...this.graph.inputs.map((i) => i.name)]) this.lookAhead(value)
    for (const { name, dtype } of this.graph.inputs) if (dtype === 'float32' && this.readAsCodes.has(name)) this.available.add(name)
    for (const node of this.graph.nodes) this.findAvailable(node)
    for (const node of [...this.graph.nodes].reverse()) this.select(node)
    const inside = this.insideCones()
    const quantized = new Set([...this.wanted].filter((value) => !inside.has(value)))
    return { selected: this.selected, reasons: this.reasons(), quantized, tails: this.tails }
  }

  /** A function of two values that do not follow from one has no kind. */
  private kind(node: Node): Kind | undefined {
    const { kind } = this.standings.get(node)!
    return kind === 'function' && this.single.get(node.outputs[0]!) === undefined ? undefined : kind
  }

  private asked(node: Node): boolean {
    const standing = this.standings.get(node)!
    return standing.kind !== undefined && standing.asked
  }

  private anywhere(node: Node): boolean {
    const standing = this.standings.get(node)!
    return standing.kind !== undefined && (standing.asked || standing.anywhere)
  }

  private soleReader(value: string): Node | undefined {
    const list = this.readers.get(value)
    return list?.length === 1 && !this.outputs.has(value) ? list[0] : undefined
  }

  /** MatMul → + bias → clamp, Conv → clamp: intermediate results that are never codes. */
  private findTail(node: Node): void {
    const kind = this.kind(node)
    if (kind !== 'product' && kind !== 'pair' && kind !== 'pool') return
    if (this.heads.has(node)) return
    const tail: Node[] = []
    for (let reader = this.soleReader(node.outputs[0]!); reader && this.joins(reader, tail.at(-1) ?? node); reader = this.soleReader(reader.outputs[0]!)) {
      tail.push(reader)
      this.heads.set(reader, node)
    }
    if (tail.length) this.tails.set(node, tail)
  }

  private joins(node: Node, last: Node): boolean {
    if (boundsOf(node, this.facts)) return this.kind(node) === 'function' && !boundsOf(last, this.facts)
    const addsBias = last.op === 'MatMul' && node.op === 'Add' && this.kind(node) === 'pair' && computedInputs(node, this.facts).length === 1
    return addsBias
  }

  /** Where a value goes, known of all values behind it. */
  private lookAhead(value: string): void {
    const readers = this.readers.get(value) ?? []
    const moves = (node: Node): boolean => this.kind(node) === 'join' || (this.kind(node) === 'move' && node.inputs.indexOf(value) === 0)
    const all = (node: Node, set: ReadonlySet<string>): boolean => node.outputs.every((name) => !name || set.has(name))
    if (!this.outputs.has(value) && readers.length && readers.every((node) => this.kind(node) === 'product' || (moves(node) && all(node, this.readAsCodes)))) this.readAsCodes.add(value)
    const alone = (node: Node): boolean => moves(node) || (['function', 'between'].includes(this.kind(node) ?? '') && computedInputs(node, this.facts).length === 1)
    if ((this.outputs.has(value) || readers.length) && readers.every((node) => alone(node) && all(node, this.leaving))) this.leaving.add(value)
  }

  private findAvailable(node: Node): void {
    const kind = this.kind(node)
    if (!kind || this.heads.has(node)) return
    if (kind !== 'product' && !this.anywhere(node) && !operandsOf(node, kind, this.facts).every((name) => this.available.has(name))) return
    for (const name of (this.tails.get(node)?.at(-1) ?? node).outputs) if (name) this.available.add(name)
  }

  private select(node: Node): void {
    const kind = this.kind(node)
    if (!kind || this.heads.has(node)) return
    const last = this.tails.get(node)?.at(-1) ?? node
    const exact = kind === 'pool' && this.leaving.has(last.outputs[0]!)
    if (kind !== 'product' && !this.asked(node) && !last.outputs.some((name) => this.available.has(name) && (exact || this.wanted.has(name)))) return
    this.selected.set(node, kind)
    for (const part of this.tails.get(node) ?? []) this.selected.set(part, 'function')
    for (const name of operandsOf(node, kind, this.facts)) if (!this.facts.constantOf(name)) this.wanted.add(name)
    if (this.asked(node) || exact || node.op === 'Conv' || node.op === 'ConvTranspose') for (const name of last.outputs) if (name) this.wanted.add(name)
  }

  private reasons(): Map<Node, string> {
    const reasons = new Map<Node, string>()
    for (const [node, standing] of this.standings) {
      if (this.selected.has(node)) continue
      const ready = node.outputs.some((name) => this.available.has(name))
      const two = standing.kind !== undefined && !this.kind(node)
      reasons.set(node, standing.kind === undefined ? standing.reason : two ? `${node.op} of two values is computed in float` : ready ? 'nothing that works on codes reads it' : 'reads floats')
    }
    return reasons
  }

  /** What is wanted as codes, but only by functions of the same one value that it follows from itself. */
  private insideCones(): Set<string> {
    const inside = new Set([...this.wanted].filter((value) => this.isSelectedFunction(this.producers.get(value)) && !this.outputs.has(value)))
    for (let changed = true; changed;) {
      const roots = this.rootsOf((node) => this.isSelectedFunction(node), inside)
      const leaving = [...inside].filter((value) => {
        const root = roots.get(value)
        const within = (node: Node): boolean => this.isSelectedFunction(node) && roots.get(node.outputs[0]!) === root
        return root === undefined || !(this.readers.get(value) ?? []).every(within)
      })
      for (const value of leaving) inside.delete(value)
      changed = leaving.length > 0
    }
    return inside
  }

  /** The one value that each function's result follows from, through the values `inside`; undefined where there are two. */
  private rootsOf(isFunction: (node: Node) => boolean, inside: { has(value: string): boolean }): Map<string, string | undefined> {
    const roots = new Map<string, string | undefined>()
    for (const node of this.graph.nodes) {
      if (!isFunction(node)) continue
      const from = new Set(computedInputs(node, this.facts).map((name) => (inside.has(name) ? roots.get(name) ?? name : name)))
      roots.set(node.outputs[0]!, from.size === 1 ? [...from][0] : undefined)
    }
    return roots
  }

  /** Functions, and pairs that may turn out to be functions of one value; what ends a product is part of it. */
  private isSelectedFunction(node: Node | undefined): boolean {
    if (node === undefined || this.heads.has(node) || !this.selected.has(node)) return false
    return this.kind(node) === 'function' || (this.kind(node) === 'pair' && computedInputs(node, this.facts).length > 1)
  }
}
