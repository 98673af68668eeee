import { OctavoError } from '../../../errors.js'
import type { Attribute, Graph, Node } from '../../../graph/graph.js'
import { specialise, type Evaluate } from '../../../graph/specialise.js'
import type { Tensor } from '../../../value.js'
import { everyNode } from '../clean.js'
import type { QuantizedWeight } from '../weights.js'

/** What all scopes of one model share. */
export class Surroundings {
  private readonly taken: Set<string>

  constructor(main: Graph, readonly evaluate: Evaluate) {
    const graphs = [...graphsOf(main)]
    this.taken = new Set(graphs.flatMap((g) => [...g.constants.keys(), ...[...g.inputs, ...g.outputs].map((v) => v.name), ...g.nodes.flatMap((n) => [n.name, ...n.inputs, ...n.outputs])]))
  }

  /** A name that no value and no node has. */
  fresh(hint: string): string {
    let name = hint
    for (let i = 1; this.taken.has(name); i++) name = `${hint}#${i}`
    this.taken.add(name)
    return name
  }
}

export const isGraph = (value: Attribute): value is Graph => typeof value === 'object' && 'nodes' in value

function* graphsOf(graph: Graph): Iterable<Graph> {
  yield graph
  for (const { attributes } of everyNode(graph)) for (const value of Object.values(attributes)) if (isGraph(value)) yield value
}

/** A float value as codes: the names of the codes, their scale and their zero point. */
export interface Coded {
  readonly codes: string
  readonly scale: string
  readonly zero: string
}

/** A weight as codes, and what a report says of it. */
export interface CodedWeight extends Coded {
  readonly elements: number
  readonly scales: Float32Array
}

/** A constant and the scope that holds it. */
export interface Known {
  readonly name: string
  readonly tensor: Tensor
  readonly home: Scope
}

/**
 * A graph, or a branch of one, while its nodes are rewritten: what it has become so far, and what it sees of the graphs around it.
 * Names are unique in the whole model, so that a value found in a scope is the value that is meant.
 */
export class Scope {
  readonly nodes: Node[] = []
  private readonly constants: Map<string, Tensor>
  private readonly order: ReadonlyMap<string, number>
  private closed?: ReadonlySet<string>
  private readonly folded = new Map<string, Tensor | undefined>()
  private readonly rounded = new Map<string, Coded>()
  private readonly weights = new Map<string, CodedWeight>()

  constructor(private readonly graph: Graph, readonly all: Surroundings, private readonly parent?: Scope) {
    this.constants = new Map(graph.constants)
    this.order = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((name) => [name, i] as const)))
  }

  /** The graph with its nodes replaced by those placed. */
  result(): Graph {
    return { ...this.graph, nodes: this.nodes, constants: this.constants }
  }

  inside(branch: Graph): Scope {
    return new Scope(branch, this.all, this)
  }

  place(op: string, name: string, inputs: readonly string[], outputs: readonly string[], attributes: Node['attributes'] = {}, domain = ''): void {
    this.nodes.push({ name: this.all.fresh(name), op, domain, inputs, outputs, attributes })
  }

  /** Places a node of one result, and gives the result's new name. */
  made(op: string, name: string, inputs: readonly string[], attributes: Node['attributes'] = {}): string {
    const output = this.all.fresh(`${name}:0`)
    this.place(op, name, inputs, [output], attributes)
    return output
  }

  constant(hint: string, tensor: Tensor): string {
    const name = this.all.fresh(hint)
    this.constants.set(name, tensor)
    return name
  }

  /** A value that is a constant, or follows from constants. */
  known(name: string): Known | undefined {
    if (!name) return undefined
    const tensor = this.constants.get(name) ?? (this.order.has(name) ? this.fold(name) : undefined)
    return tensor ? { name, tensor, home: this } : this.order.has(name) ? undefined : this.parent?.known(name)
  }

  /** The codes of an activation where it was rounded before, here or around here. */
  roundedBefore(name: string): Coded | undefined {
    return this.rounded.get(name) ?? this.parent?.roundedBefore(name)
  }

  /** DynamicQuantizeLinear of a value, once. */
  round(name: string): Coded {
    const before = this.roundedBefore(name)
    if (before) return before
    const coded = { codes: this.all.fresh(`${name}_quantized`), scale: this.all.fresh(`${name}_scale`), zero: this.all.fresh(`${name}_zero_point`) }
    this.place('DynamicQuantizeLinear', `${name}_QuantizeLinear`, [name], [coded.codes, coded.scale, coded.zero])
    this.rounded.set(name, coded)
    return coded
  }

  /** Codes of a constant, made once for each `form` and held where the constant is. */
  weight({ name, home, tensor }: Known, form: string, make: (tensor: Tensor) => QuantizedWeight): CodedWeight {
    const before = home.weights.get(`${form} ${name}`)
    if (before) return before
    const { codes, scale, zeroPoint } = make(tensor)
    const coded = {
      codes: home.constant(`${name}_quantized`, codes), scale: home.constant(`${name}_scale`, scale), zero: home.constant(`${name}_zero_point`, zeroPoint),
      elements: codes.size, scales: scale.data as Float32Array,
    }
    home.weights.set(`${form} ${name}`, coded)
    return coded
  }

  /** Outputs of nodes here that follow from constants alone. */
  private closedValues(): ReadonlySet<string> {
    const closed = new Set<string>()
    const fixed = (name: string): boolean => !name || this.constants.has(name) || closed.has(name) || (!this.order.has(name) && !!this.parent?.known(name))
    for (const { domain, inputs, outputs, attributes } of this.graph.nodes)
      if (!domain && inputs.length && inputs.every(fixed) && !Object.values(attributes).some(isGraph)) for (const name of outputs) closed.add(name)
    return closed
  }

  /** Computes what `name` follows from, in the order of the nodes, when that is constants alone. */
  private fold(name: string): Tensor | undefined {
    this.closed ??= this.closedValues()
    if (this.closed.has(name) && !this.folded.has(name)) for (const at of this.before(name)) this.evaluate(this.graph.nodes[at]!)
    return this.folded.get(name)
  }

  /** Positions of the nodes here that a closed value needs and that were not computed yet, ascending. */
  private before(name: string): number[] {
    const seen = new Set<number>(), open = [this.order.get(name)!]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      for (const input of this.graph.nodes[at]!.inputs) if (this.order.has(input) && !this.folded.has(input)) open.push(this.order.get(input)!)
    }
    return [...seen].sort((a, b) => a - b)
  }

  private evaluate(node: Node): void {
    const inputs = node.inputs.filter(Boolean).map((name) => [name, this.constants.get(name) ?? this.folded.get(name) ?? this.parent?.known(name)?.tensor] as const)
    const results = inputs.every(([, tensor]) => tensor) ? this.attempt(node, new Map(inputs as [string, Tensor][])) : undefined
    for (const name of node.outputs) this.folded.set(name, results?.get(name))
  }

  /** A node that cannot be computed beforehand is none that a weight comes from. */
  private attempt(node: Node, constants: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> | undefined {
    const outputs = node.outputs.filter(Boolean).map((name) => ({ name, dtype: 'float32' as const, dims: null }))
    try {
      return specialise({ name: node.name, inputs: [], outputs, nodes: [node], constants }, new Map(), new Map(), this.all.evaluate).values.constants
    } catch (error) {
      if (error instanceof OctavoError) return undefined
      throw error
    }
  }
}
