import type { Kind } from '../../../autograd/kind.js'
import { Recipe, type Result } from '../../../autograd/recipe.js'
import { SCALAR_TYPES } from '../../../autograd/scalar-type.js'
import { elementCount } from '../../../dtype.js'
import type { Attribute, Graph, Node, TensorType, ValueInfo } from '../../../graph/graph.js'
import { removeDeadCode } from '../../../graph/passes/dead-code.js'
import { channelsFirst } from '../../../graph/passes/layout.js'
import { firstAxis, lastAxis } from '../../../graph/passes/layout-rules.js'
import { mergeMovement } from '../../../graph/passes/merge-movement.js'
import { removeIdentities } from '../../../graph/passes/remove-identities.js'
import { makeNode } from '../../../graph/passes/rewrite.js'
import { applyPasses } from '../../../plan/prepare.js'
import { Tensor as Constant } from '../../../value.js'
import type { TracedCall, TracedOperand, TracedStep, TracedValue, TracedView } from './recording.js'

/** A run of a module: what it was given, what it did, what it gave. */
export interface Trace {
  readonly name: string
  readonly inputs: readonly TracedValue[]
  readonly steps: readonly TracedStep[]
  readonly outputs: readonly { readonly name: string; readonly operand: TracedOperand }[]
}

/** Writes the nodes of one call; false leaves them to the operation itself. */
export type WriteCall = (call: TracedCall, graph: GraphWriter) => boolean

/** Operators whose sums follow the order of the elements. */
const SUMS: ReadonlySet<string> = new Set([
  ...'Sum Mean Prod L1 L2 LogSum LogSumExp SumSquare'.split(' ').map((name) => `Reduce${name}`), 'GlobalAveragePool', 'GlobalLpPool', 'InstanceNormalization', 'LRN', 'Softmax', 'LogSoftmax', 'Hardmax',
])

const isLast = (kind: Kind): boolean => kind.format !== 'contiguous'
const axes = (rank: number, of: (axis: number, rank: number) => number): number[] => Array.from({ length: rank }, (_, i) => of(i, rank))

/** Nodes and constants under names of their own. */
export class GraphWriter {
  readonly nodes: Node[] = []
  readonly constants = new Map<string, Constant>()
  private readonly lasts = new Map<string, string>()
  private made = 0

  /** One node; gives its output. */
  node(op: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, Attribute>> = {}): string {
    const colon = op.indexOf(':')
    this.nodes.push(makeNode(this.name(`${output}/${op.slice(colon + 1)}`), op.slice(colon + 1), inputs, output, attributes, colon < 0 ? '' : op.slice(0, colon)))
    return output
  }

  /** A new name. */
  name(hint: string): string {
    return `${hint}#${this.made++}`
  }

  constant(name: string, tensor: Constant): string {
    this.constants.set(name, tensor)
    return name
  }

  ints(name: string, values: readonly number[]): string {
    return this.constant(this.name(name), new Constant('int64', values.map(BigInt), [values.length]))
  }

  reshape(value: string, dims: readonly number[], output: string): string {
    return this.node('Reshape', [value, this.ints(`${output}/shape`, dims)], output, { allowzero: 1 })
  }

  /** The value of a traced tensor in the order of its storage. */
  stored({ name, kind }: TracedValue): string {
    if (!isLast(kind)) return name
    const known = this.lasts.get(name)
    if (known) return known
    const last = this.node('Transpose', [name], this.name(`${name}/last`), { perm: axes(kind.shape.length, firstAxis) })
    this.lasts.set(name, last)
    return last
  }

  /** Makes `to` of a value in the order of its storage. */
  place(value: string, { name, kind }: TracedValue): void {
    if (isLast(kind)) this.node('Transpose', [value], name, { perm: axes(kind.shape.length, lastAxis) })
    else this.node('Identity', [value], name)
  }

  /** A constant operand channels first: the name of its value. */
  operand(operand: TracedOperand): string {
    if (!('constant' in operand)) return operand.name
    const { name, kind, constant } = operand
    this.constants.set(name, constant)
    if (!isLast(kind)) return name
    return this.node('Transpose', [name], this.name(`${name}/first`), { perm: axes(kind.shape.length, lastAxis) })
  }
}

/** What an operation writes for itself, under names that are unique in the graph. */
function writeRecipe({ name, op, attributes, operands, results }: TracedCall, g: GraphWriter): void {
  const recipe = new Recipe(operands.map((o) => o && { kind: o.kind, quantizer: o.quantizer, constant: 'constant' in o ? o.constant : undefined }))
  const written = op.describe(recipe, attributes as never).map((r): Result => (typeof r === 'string' ? { value: r } : r))
  const names = new Map<string, string>()
  for (const [own, constant] of recipe.constants) names.set(own, own.startsWith('x') ? sharedName(operands[Number(own.slice(1))]!.name, constant, g) : g.constant(g.name(`${name}/c`), constant))
  for (const [own, { dims }] of recipe.types) names.set(own, given(operands[Number(own.slice(1))] as TracedValue, dims, g))
  for (const { op: kind, domain, inputs, outputs, attributes: settings } of recipe.nodes) {
    const made = outputs.map(() => g.name(`${name}/${kind}`))
    outputs.forEach((output, i) => names.set(output, made[i]!))
    g.nodes.push({ name: made[0]!, op: kind, domain, inputs: inputs.map((v) => names.get(v) ?? v), outputs: made, attributes: settings })
  }
  written.forEach(({ value, shape }, i) => {
    const [from, to] = [names.get(value)!, results[i]!]
    if (shape && !isLast(to.kind)) g.reshape(from, shape, to.name)
    else g.place(from, to)
  })
}

/** The name of a constant, another one where it is read under other dims. */
function sharedName(name: string, constant: Constant, g: GraphWriter): string {
  const known = g.constants.get(name)
  if (known && `${known.dims}` !== `${constant.dims}`) return sharedName(`${name}[${constant.dims}]`, constant, g)
  return g.constant(name, known ?? constant)
}

/** A traced operand as a recipe reads it: in the order of its storage, under dims of its own. */
function given(operand: TracedValue, dims: TensorType['dims'], g: GraphWriter): string {
  const stored = g.stored(operand)
  return `${dims}` === `${operand.kind.physical}` ? stored : g.reshape(stored, dims, g.name(`${operand.name}/reshaped`))
}

function writeView({ from, offset, to }: TracedView, g: GraphWriter): void {
  const stored = g.stored(from)
  const [before, after] = [from.kind, to.kind]
  if (before.numel === after.numel) return g.place(g.reshape(stored, after.physical, g.name(`${to.name}/reshaped`)), to)
  const row = elementCount(before.physical.slice(1))
  const rows = row && offset % row === 0 && after.numel % row === 0
  const flat = rows ? stored : g.reshape(stored, [before.numel], g.name(`${to.name}/flat`))
  const [start, length] = rows ? [offset / row, after.numel / row] : [offset, after.numel]
  const part = g.node('Slice', [flat, g.ints(`${to.name}/start`, [start]), g.ints(`${to.name}/end`, [start + length]), g.ints(`${to.name}/axis`, [0])], g.name(`${to.name}/part`))
  g.place(g.reshape(part, after.physical, g.name(`${to.name}/reshaped`)), to)
}

const info = (name: string, { dtype, shape }: Kind): ValueInfo => ({ name, dtype: SCALAR_TYPES[dtype].host, dims: shape })

/** The graph of a trace: what every operation wrote, or `write` in its place, every value channels first. */
export function assemble({ name, inputs, steps, outputs }: Trace, write: WriteCall = () => false): Graph {
  const g = new GraphWriter()
  for (const step of steps) {
    if ('from' in step) writeView(step, g)
    else if (!write(step, g)) writeRecipe(step, g)
  }
  const handed = outputs.map((output) => g.node('Identity', [g.operand(output.operand)], g.name(output.name)))
  const drawn: Graph = {
    name, inputs: inputs.map((v) => info(v.name, v.kind)), nodes: g.nodes, constants: g.constants, exact: SUMS,
    outputs: outputs.map(({ operand }, i) => info(handed[i]!, operand.kind)),
  }
  const types = new Map(drawn.inputs.map(({ name: input, dtype, dims }) => [input, { dtype, dims: dims as readonly number[] }]))
  const tidy = applyPasses([channelsFirst, mergeMovement, removeIdentities], removeDeadCode(drawn), types)
  return named(tidy, new Map(outputs.map((output, i) => [handed[i]!, output.name])))
}

/** Outputs under the names that they are to have; the node that only hands one on gives its place to the one that makes it. */
function named(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((o) => [o, node] as const)))
  const renamed = new Map<string, string>()
  const dropped = new Set<Node>()
  for (const [value, name] of names) {
    const node = makers.get(value)
    const source = node?.op === 'Identity' ? node.inputs[0]! : undefined
    if (source !== undefined && makers.has(source) && !renamed.has(source)) {
      renamed.set(source, name)
      dropped.add(node!)
    } else renamed.set(value, name)
  }
  const of = (value: string): string => renamed.get(value) ?? value
  const plain = ({ channels_last: _, ...attributes }: Node['attributes']): Node['attributes'] => attributes // 0 by now, and no attribute of ONNX's
  return {
    ...graph,
    nodes: graph.nodes.filter((n) => !dropped.has(n)).map((n) => ({ ...n, inputs: n.inputs.map(of), outputs: n.outputs.map(of), attributes: plain(n.attributes) })),
    outputs: graph.outputs.map((o) => ({ ...o, name: names.get(o.name)! })),
  }
}
