import { elementCount, DTYPES } from '../dtype.js'
import { OctavoError } from '../errors.js'
import type { Tensor } from '../value.js'
import { INFER } from './infer/table.js'
import { NodeView, type Values } from './node-view.js'
import { opKey, type Graph, type Node, type TensorType } from './graph.js'

/** Runs one node whose inputs are all constants; gives its outputs. */
export type Evaluate = (node: Node, inputs: readonly (Tensor | undefined)[], types: readonly TensorType[]) => Tensor[]

/** A constant that a fold computes may be this large, or eight times what it is computed from, whichever is more. */
const FOLD_BYTES = 1 << 20
/** Types and constants by value name, filled as a graph is walked. */
export class ValueTable implements Values {
  readonly types = new Map<string, TensorType>()
  readonly constants = new Map<string, Tensor>()

  typeOf(value: string): TensorType | undefined {
    const tensor = this.constants.get(value)
    return tensor ?? this.types.get(value)
  }

  constantOf(value: string): Tensor | undefined {
    return this.constants.get(value)
  }
}

/**
 * A graph for given input types (and given contents of the inputs that decide shapes): every value gets a concrete type,
 * nodes whose inputs are known are computed here and vanish, and each If is replaced by the branch it takes.
 *
 * @param keep operators that stay nodes even when their inputs are constants (DequantizeLinear of weights, until the
 *   quantization pass has read them)
 * @throws OP_UNSUPPORTED, GRAPH_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH, ATTRIBUTE_UNSUPPORTED naming the node
 */
export function specialise(
  graph: Graph,
  inputs: ReadonlyMap<string, TensorType>,
  known: ReadonlyMap<string, Tensor>,
  evaluate: Evaluate,
  keep: ReadonlySet<string> = new Set(),
): { graph: Graph; values: ValueTable } {
  const walk = new Walk(evaluate, keep)
  for (const [name, type] of inputs) walk.values.types.set(name, type)
  for (const [name, tensor] of known) walk.values.constants.set(name, tensor)
  const rename = walk.graph(graph, new Map(), 0)
  const outputs = graph.outputs.map((o) => ({ ...o, name: o.name }))
  walk.bindOutputs(outputs.map((o) => o.name), rename)
  return { graph: { ...graph, outputs, nodes: walk.nodes, constants: walk.values.constants }, values: walk.values }
}

/** A walk over a graph and the subgraphs that take the place of nodes. */
export class Walk {
  readonly values = new ValueTable()
  readonly nodes: Node[] = []
  /** Subgraphs put in place so far: their values are named by it. */
  branches = 0

  constructor(private readonly evaluate: Evaluate, private readonly keep: ReadonlySet<string>) {}

  /** Walks one graph; `rename` maps its values (and those it sees around it) to the names they have in the result. */
  graph(graph: Graph, rename: Map<string, string>, depth: number): Map<string, string> {
    for (const [name, tensor] of graph.constants) this.values.constants.set(rename.get(name) ?? name, tensor)
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((name) => rename.get(name) ?? name)
      const outputs = node.outputs.map((name) => rename.get(name) ?? name)
      this.node({ ...node, inputs, outputs }, rename, depth)
    }
    return rename
  }

  private node(node: Node, rename: Map<string, string>, depth: number): void {
    const view: NodeView = new NodeView(node, this.values)
    const rule = INFER[opKey(node)]
    if (!rule) view.fail('OP_UNSUPPORTED', 'Octavo does not have this operator (docs/operators.md)')
    const open = node.inputs.find((name) => this.values.typeOf(name)?.bound !== undefined)
    if (open && !rule.keepsBound) view.fail('OP_UNSUPPORTED', `input "${open}" has a length that only a run tells, and this operator needs it to be planned. Make "${open}" an output of the model`)
    if (rule.inline) return rule.inline(view, this, rename, depth)
    const folded = rule.fold?.(view)
    if (folded) return node.outputs.forEach((name, i) => { if (name) this.values.constants.set(name, folded[i]!) })
    const types = rule.infer(view)
    const inputs = node.inputs.map((name) => (name ? this.values.constantOf(name) : undefined))
    if (this.foldable(node, inputs, types)) {
      const results = this.evaluate(node, inputs, types)
      return node.outputs.forEach((name, i) => { if (name) this.values.constants.set(name, results[i]!) })
    }
    node.outputs.forEach((name, i) => { if (name) this.values.types.set(name, types[i] ?? view.fail('GRAPH_INVALID', `it has no output ${i}`)) })
    this.nodes.push(node)
  }

  private foldable(node: Node, inputs: readonly (Tensor | undefined)[], types: readonly TensorType[]): boolean {
    if (this.keep.has(node.op) || types.some((t) => t.bound !== undefined)) return false
    if (!node.inputs.every((name, i) => !name || inputs[i])) return false
    const bytes = types.reduce((sum, t) => sum + elementCount(t.dims) * DTYPES[t.dtype].bytes, 0)
    const given = inputs.reduce((sum, t) => sum + (t?.data.byteLength ?? 0), 0)
    return bytes <= Math.max(FOLD_BYTES, 8 * given)
  }

  /** Value `name` is value `source` under another name. */
  forward(name: string, source: string): void {
    const tensor = this.values.constantOf(source)
    if (tensor) return void this.values.constants.set(name, tensor)
    const type = this.values.typeOf(source)
    if (!type) throw new OctavoError('GRAPH_INVALID', `output "${source}" of the graph is produced by no node. Check the graph's outputs.`, { value: source })
    this.values.types.set(name, type)
    this.nodes.push({ name: `${name}/forward`, op: 'Identity', domain: '', inputs: [source], outputs: [name], attributes: {} })
  }

  /** Checks that every output of the whole graph exists. */
  bindOutputs(names: readonly string[], rename: ReadonlyMap<string, string>): void {
    for (const name of names)
      if (!this.values.typeOf(rename.get(name) ?? name)) throw new OctavoError('GRAPH_INVALID', `output "${name}" of the graph is produced by no node. Check the graph's outputs.`, { value: name })
  }
}
