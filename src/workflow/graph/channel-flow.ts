import { elementCount } from '../../dtype.js'
import type { Graph, Node, TensorType } from '../../graph/graph.js'
import { toInts, type Tensor } from '../../value.js'

/** Types of a graph's values, where they are known. */
export type TypeOf = (value: string) => TensorType | undefined

/** A layer with constant weights: rows and columns of its matrices are its channels, one way or the other. */
export interface Layer {
  readonly node: Node
  readonly weights: Tensor
  /** weights are [groups, rows, columns, inner] */
  readonly groups: number
  readonly rows: number
  readonly columns: number
  readonly inner: number
  /** whether rows are output channels; else they are input channels */
  readonly rowsOut: boolean
  /** factor of each input channel: what divides the values that it reads */
  readonly input: Int32Array
  /** factor of each output channel */
  readonly output: Int32Array
}

/** A constant that is added to a value with factors of its own. */
export interface Shift {
  readonly node: Node
  readonly operand: number
  /** one factor for each channel, and the number of axes behind theirs */
  readonly factors: Int32Array
  readonly behind: number
}

/** Which axis of a value is divided by factors, and by which: one for each index along it. */
export interface Channels {
  readonly axis: number
  readonly factors: Int32Array
}

/** How the values of a graph may be scaled channel by channel without changing what it computes. */
export interface ChannelFlow {
  readonly layers: readonly Layer[]
  readonly shifts: readonly Shift[]
  /** the one number that stands for a factor and all that must equal it; FIXED for those that must be 1 */
  root(factor: number): number
  readonly factors: number
}

/** The factor that is 1. */
export const FIXED = 0

/**
 * Follows the channels of every value from the layers that make them to the layers that read them. Values are divided by factors; a layer makes up for it
 * in its weights, and what lies between must be homogeneous: f(x / s) = f(x) / s for s > 0. Where that fails (Clip, Sigmoid, Softmax, …), at graph
 * inputs and outputs, and wherever channels cannot be told apart, the factor is fixed at 1. Values that are added share their factors.
 *
 * @param pinned values that something outside the nodes reads
 */
export function channelFlow(graph: Graph, typeOf: TypeOf, pinned: Iterable<string>): ChannelFlow {
  const flow = new Flow(graph, typeOf)
  for (const node of graph.nodes) flow.node(node)
  for (const { name } of graph.outputs) flow.fix(name)
  for (const name of pinned) flow.fix(name)
  return flow
}

/** Homogeneous functions of one value that leave channels where they are. */
const SAME = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Identity', 'Dropout', 'Abs', 'Neg', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool'])
const RESHAPES = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'])
const REDUCTIONS = new Set(['ReduceMean', 'ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2'])

class Flow implements ChannelFlow {
  readonly layers: Layer[] = []
  readonly shifts: Shift[] = []
  private readonly parent = [FIXED]
  private readonly channels = new Map<string, Channels>()

  constructor(private readonly graph: Graph, private readonly typeOf: TypeOf) {}

  get factors(): number {
    return this.parent.length
  }

  root(factor: number): number {
    while (this.parent[factor] !== factor) factor = this.parent[factor] = this.parent[this.parent[factor]!]!
    return factor
  }

  /** The smaller number stays, so that FIXED does. */
  private unite(a: number, b: number): void {
    const [low, high] = [Math.min(this.root(a), this.root(b)), Math.max(this.root(a), this.root(b))]
    this.parent[high] = low
  }

  private fresh(count: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.parent.push(this.parent.length) - 1)
  }

  fix(value: string): void {
    this.channels.get(value)?.factors.forEach((f) => this.unite(FIXED, f))
  }

  node(node: Node): void {
    const made = node.domain ? undefined : this.made(node)
    // axis 0 counts samples: a plan for another number of them would find other channels there
    if (!made || made.some(({ axis }) => axis === 0)) return node.inputs.forEach((name) => this.fix(name))
    made.forEach((channels, i) => this.channels.set(node.outputs[i]!, channels))
  }

  /** Channels of each output; undefined where those of the inputs cannot pass. */
  private made(node: Node): readonly Channels[] | undefined {
    const one = (channels: Channels | undefined): readonly Channels[] | undefined => channels && [channels]
    const { op, inputs, outputs } = node
    if (op === 'Conv' || op === 'ConvTranspose' || op === 'Gemm' || op === 'MatMul') return one(this.layer(node))
    if (op === 'Concat') return one(this.concat(node))
    if (op === 'Add' || op === 'Sub') return one(this.sum(node))
    if (op === 'Mul' || op === 'Div') return one(this.product(node))
    const from = this.channels.get(inputs[0] ?? '')
    if (!from || outputs.slice(1).some((name) => name && op !== 'Split')) return undefined
    if (SAME.has(op)) return one(this.constant(inputs[1]) || !inputs[1] || op === 'Dropout' ? from : undefined)
    if (RESHAPES.has(op)) return one(this.reshape(node, from))
    if (REDUCTIONS.has(op)) return one(this.reduction(node, from))
    if (op === 'Transpose') return one(this.transpose(node, from))
    if (op === 'Split') return this.split(node, from)
    if (op === 'Pad') return one(this.padding(node) ? this.unmoved(node, from) : undefined)
    if (op === 'Resize') return one(node.attributes.coordinate_transformation_mode === 'tf_crop_and_resize' ? undefined : this.unmoved(node, from))
    return undefined
  }

  private constant(value: string | undefined): Tensor | undefined {
    return value ? this.graph.constants.get(value) : undefined
  }

  private dims(value: string): readonly number[] | undefined {
    return (this.graph.constants.get(value) ?? this.typeOf(value))?.dims
  }

  /** A layer reads factors and makes new ones, where its weights and bias are constant. */
  private layer(node: Node): Channels | undefined {
    const [x, w, b] = node.inputs as [string, string, string?]
    const [weights, dims, result] = [this.constant(w), this.dims(x), this.dims(node.outputs[0]!)]
    const shape = weights?.dtype === 'float32' && dims && matrices(node, weights, dims)
    if (!shape || !result || !weights.data.length || (b && this.constant(b)?.dtype !== 'float32')) return undefined
    const out = shape.groups * (shape.rowsOut ? shape.rows : shape.columns)
    if (b && this.constant(b)!.size !== out && this.constant(b)!.size !== 1) return undefined
    const reads = this.channels.get(x)
    if (reads && reads.axis !== shape.axis) this.fix(x)
    const input = reads?.axis === shape.axis ? reads.factors : new Int32Array(dims[shape.axis]!)
    const output = this.fresh(out)
    this.layers.push({ ...shape, node, weights, input, output })
    return { axis: shape.resultAxis < 0 ? result.length + shape.resultAxis : shape.resultAxis, factors: output }
  }

  private concat(node: Node): Channels | undefined {
    const parts = node.inputs.map((name) => this.channels.get(name))
    const first = parts.find(Boolean)
    const axis = Number(node.attributes.axis)
    const rank = this.dims(node.outputs[0]!)?.length
    if (!first || rank === undefined) return undefined
    if ((axis < 0 ? axis + rank : axis) !== first.axis) return this.unify(node.inputs)
    if (parts.some((p) => p && p.axis !== first.axis)) return undefined
    const lengths = node.inputs.map((name) => this.dims(name)?.[first.axis])
    if (lengths.some((n) => n === undefined)) return undefined
    return { axis: first.axis, factors: Int32Array.from(parts.flatMap((p, i) => (p ? [...p.factors] : new Array<number>(lengths[i]!).fill(FIXED)))) }
  }

  /** Values that come together with equal factors. */
  private unify(values: readonly string[]): Channels | undefined {
    const parts = values.map((name) => this.channels.get(name))
    const [first] = parts
    if (!first || !parts.every((p) => p?.axis === first.axis && p.factors.length === first.factors.length)) return undefined
    for (const part of parts) part!.factors.forEach((f, i) => this.unite(f, first.factors[i]!))
    return first
  }

  private sum(node: Node): Channels | undefined {
    const at = node.inputs.findIndex((name) => this.constant(name))
    const [a, b, y] = [...node.inputs, node.outputs[0]!].map((name) => this.dims(name))
    if (at < 0) return sameDims(a, b) ? this.unify(node.inputs) : undefined
    const x = this.channels.get(node.inputs[1 - at]!)
    if (!x || !sameDims(y, this.dims(node.inputs[1 - at]!))) return undefined
    const { dtype, dims, size } = this.constant(node.inputs[at])!
    const behind = y!.length - 1 - x.axis
    const along = dims[dims.length - 1 - behind] ?? 1
    if (dtype !== 'float32' || (along === 1 && size !== 1)) return undefined
    this.shifts.push({ node, operand: at, factors: x.factors, behind })
    return x
  }

  /** A factor of one side stays; what it is multiplied by must have none of its own. */
  private product(node: Node): Channels | undefined {
    const known = node.inputs.map((name) => this.channels.get(name))
    const at = known.findIndex(Boolean)
    if (at < 0 || known[1 - at] || (node.op === 'Div' && at === 1)) return undefined
    return sameDims(this.dims(node.inputs[at]!), this.dims(node.outputs[0]!)) ? known[at] : undefined
  }

  /** An axis stays whole, or takes in those behind it. */
  private reshape(node: Node, from: Channels): Channels | undefined {
    const [before, after] = [this.dims(node.inputs[0]!), this.dims(node.outputs[0]!)]
    if (!before || !after) return undefined
    const outer = elementCount(before.slice(0, from.axis))
    const axis = after.findIndex((d, i) => elementCount(after.slice(0, i)) === outer && d > 0 && d % from.factors.length === 0)
    if (axis < 0) return undefined
    return { axis, factors: spread(from.factors, after[axis]! / from.factors.length) }
  }

  private reduction(node: Node, from: Channels): Channels | undefined {
    const rank = this.dims(node.inputs[0]!)?.length
    const given = this.constant(node.inputs[1])
    if (rank === undefined || !given) return undefined
    const axes = toInts(given).map((a) => (a < 0 ? a + rank : a))
    if (!axes.length || axes.includes(from.axis)) return undefined
    return Number(node.attributes.keepdims ?? 1) ? from : { ...from, axis: from.axis - axes.filter((a) => a < from.axis).length }
  }

  private transpose(node: Node, from: Channels): Channels | undefined {
    const rank = this.dims(node.inputs[0]!)?.length
    const perm = (node.attributes.perm as readonly number[] | undefined) ?? Array.from({ length: rank ?? 0 }, (_, i) => rank! - 1 - i)
    const axis = perm.indexOf(from.axis)
    return axis < 0 ? undefined : { ...from, axis }
  }

  private split(node: Node, from: Channels): readonly Channels[] | undefined {
    const axis = Number(node.attributes.axis ?? 0)
    const rank = this.dims(node.inputs[0]!)?.length
    if (rank === undefined || node.outputs.some((name) => !name || !this.dims(name))) return undefined
    if ((axis < 0 ? axis + rank : axis) !== from.axis) return node.outputs.map(() => from)
    let at = 0
    return node.outputs.map((name) => ({ axis: from.axis, factors: from.factors.slice(at, (at += this.dims(name)![from.axis]!)) }))
  }

  /** Whether what is put around the values stays the same when they are scaled. */
  private padding(node: Node): boolean {
    const [, , value] = node.inputs
    if ((node.attributes.mode ?? 'constant') !== 'constant' || !value) return true
    const filled = this.constant(value)
    return filled?.size === 1 && Number(filled.data[0]) === 0
  }

  /** An operator on other axes: the channels' length stays. */
  private unmoved(node: Node, from: Channels): Channels | undefined {
    const [before, after] = [this.dims(node.inputs[0]!), this.dims(node.outputs[0]!)]
    const pads = node.op === 'Pad' ? this.constant(node.inputs[1]) : undefined
    if (!before || before.length !== after?.length || before[from.axis] !== after[from.axis] || (node.op === 'Pad' && (!pads || node.inputs[3]))) return undefined
    return pads && toInts(pads)[from.axis] !== 0 ? undefined : from
  }
}

const spread = (factors: Int32Array, repeat: number): Int32Array => Int32Array.from({ length: factors.length * repeat }, (_, i) => factors[Math.floor(i / repeat)]!)

const sameDims = (a: readonly number[] | undefined, b: readonly number[] | undefined): boolean => a !== undefined && b !== undefined && a.length === b.length && a.every((d, i) => d === b[i])

interface Matrices {
  readonly groups: number
  readonly rows: number
  readonly columns: number
  readonly inner: number
  readonly rowsOut: boolean
  /** where channels lie in what is read and, counted from the back where negative, in what is made */
  readonly axis: number
  readonly resultAxis: number
}

/** A layer's weights as matrices of channels; undefined for forms without. */
function matrices({ op, attributes }: Node, { dims }: Tensor, x: readonly number[]): Matrices | undefined {
  const groups = Number(attributes.group ?? 1)
  const inner = elementCount(dims.slice(2))
  if (op === 'Conv') return { groups, rows: dims[0]! / groups, columns: dims[1]!, inner, rowsOut: true, axis: 1, resultAxis: 1 }
  if (op === 'ConvTranspose') return { groups, rows: dims[0]! / groups, columns: dims[1]!, inner, rowsOut: false, axis: 1, resultAxis: 1 }
  if (dims.length !== 2 || (op === 'Gemm' && attributes.transA)) return undefined
  return { groups: 1, rows: dims[0]!, columns: dims[1]!, inner: 1, rowsOut: op === 'Gemm' && !!attributes.transB, axis: x.length - 1, resultAxis: -1 }
}
