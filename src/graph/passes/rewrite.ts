import type { Tensor } from '../../value.js'
import { opKey, type Graph, type Node, type TensorType } from '../graph.js'

/** What replaces a node: nothing said (undefined) keeps it. Values that others read must keep their names. */
export type Visit = (node: Node, r: Rewriter) => readonly Node[] | undefined

/**
 * One walk over the nodes, in order, each kept or replaced. The visitor looks back at the graph as it has become (producers)
 * and ahead at the graph as it was (readers). What nobody reads any more is dropped by whoever applies the pass.
 */
export function rewrite(graph: Graph, typeOf: (value: string) => TensorType, visit: Visit): Graph {
  const r = new Rewriter(graph, typeOf)
  let changed = false
  const nodes = graph.nodes.flatMap((node) => {
    const made = visit(node, r)
    if (!made) return [node]
    changed = true
    for (const each of made) r.place(each)
    return made
  })
  return changed ? { ...graph, nodes, constants: new Map([...graph.constants, ...r.added]) } : graph
}

/** A graph's edges, and names for what a pass adds to it. */
export class Rewriter {
  readonly added = new Map<string, Tensor>()
  private readonly derived = new Set<string>()
  private readonly types = new Map<string, TensorType>()
  private readonly made = new Map<string, Node>()
  private readonly outputs: ReadonlySet<string>
  /** Edges of the graph as it was; most passes find nothing to do and never ask. */
  private edges: Edges | undefined

  constructor(private readonly graph: Graph, private readonly known: (value: string) => TensorType) {
    this.outputs = new Set(graph.outputs.map((o) => o.name))
  }

  private get before(): Edges {
    return (this.edges ??= edgesOf(this.graph))
  }

  /** Notes who produces the outputs of a node. */
  place(node: Node): void {
    for (const name of node.outputs) if (name) this.made.set(name, node)
  }

  /** The node that makes a value, when it is one of these operators. */
  producer(value: string, ...keys: string[]): Node | undefined {
    const node = this.made.get(value) ?? this.before.producers.get(value)
    return node && (!keys.length || keys.includes(opKey(node))) ? node : undefined
  }

  /** The one node that reads a value, once, and the graph does not hand it out. */
  soleReader(value: string): Node | undefined {
    const list = this.before.readers.get(value)
    return list?.length === 1 && !this.outputs.has(value) ? list[0] : undefined
  }

  isOutput(value: string): boolean {
    return this.outputs.has(value)
  }

  constant(value: string | undefined): Tensor | undefined {
    return value ? this.added.get(value) ?? this.graph.constants.get(value) : undefined
  }

  /** Notes a value that is computed from constants alone, so that folding will make it one. */
  markConstant(value: string): void {
    this.derived.add(value)
  }

  /** Whether a value is a constant, or will be after folding. */
  isConstant(value: string | undefined): value is string {
    return value !== undefined && (this.constant(value) !== undefined || this.derived.has(value))
  }

  /** The number that a constant of one element holds. */
  scalar(value: string | undefined): number | undefined {
    const tensor = this.constant(value)
    return tensor?.size === 1 && tensor.dtype !== 'float16' ? Number(tensor.data[0]) : undefined
  }

  typeOf(value: string): TensorType {
    return this.added.get(value) ?? this.types.get(value) ?? this.known(value)
  }

  /** A name for a new value of this type. */
  value(hint: string, type: TensorType): string {
    let name = hint
    for (let i = 1; this.taken(name); i++) name = `${hint}#${i}`
    this.types.set(name, type)
    return name
  }

  /** Adds a constant. */
  add(hint: string, tensor: Tensor): string {
    const name = this.value(hint, tensor)
    this.added.set(name, tensor)
    return name
  }

  private taken(name: string): boolean {
    return this.types.has(name) || this.made.has(name) || this.before.producers.has(name) || this.graph.constants.has(name) || this.graph.inputs.some((i) => i.name === name)
  }
}

interface Edges {
  readonly producers: ReadonlyMap<string, Node>
  readonly readers: ReadonlyMap<string, readonly Node[]>
}

function edgesOf(graph: Graph): Edges {
  const producers = new Map<string, Node>()
  const readers = new Map<string, Node[]>()
  for (const node of graph.nodes) {
    for (const name of node.outputs) if (name) producers.set(name, node)
    for (const name of node.inputs) {
      const list = readers.get(name)
      if (list) list.push(node)
      else if (name) readers.set(name, [node])
    }
  }
  return { producers, readers }
}

/** A node with one output; of ai.onnx unless a domain is given. */
export const makeNode = (name: string, op: string, inputs: readonly string[], output: string, attributes: Node['attributes'] = {}, domain = ''): Node =>
  ({ name, op, domain, inputs, outputs: [output], attributes })
