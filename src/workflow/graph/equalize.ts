import { elementCount } from '../../dtype.js'
import type { Graph, Node } from '../../graph/graph.js'
import { kernels } from '../../quantization/kernels.js'
import { Tensor } from '../../value.js'
import { channelFlow, FIXED, type ChannelFlow, type Layer, type Shift, type TypeOf } from './channel-flow.js'

/** What equalising did. */
export interface Equalized {
  readonly graph: Graph
  /** names of the layers whose weights changed */
  readonly layers: readonly string[]
  /** how often all factors were looked at */
  readonly sweeps: number
}

/** Factors are settled when a sweep changes none by more than this share. */
const SETTLED = 1e-3
const MAX_SWEEPS = 100
/** Bounds of a factor, and its inverse. */
const MAX_FACTOR = 2 ** 8
/** A channel whose weights are below this share of the largest in its group is dead: it carries its bias, which no weight should blow up. */
const DEAD = 2 ** -16

/**
 * Cross-layer equalisation (Nagel et al., Data-Free Quantization, arXiv 1906.04721, §4.1): an output channel is divided by a factor, the layers that read it
 * multiply their weights for it by the same, and the factor makes the ranges of both equal: s = √(range written ÷ range read). Taken over every value whose
 * channels can be followed (channel-flow.ts), so through residual sums, concatenations and several readers too. The graph computes the same up to rounding.
 * BatchNormalization should be folded before: a node of its own fixes its channels.
 *
 * Clip (ReLU6) is not homogeneous and stays as it is, so nothing is equalised across it. High biases are not absorbed (§4.1.3 there): that asks for the
 * statistics that BatchNormalization held, and is inexact where a convolution pads.
 *
 * @param typeOf types of values, for any one batch
 * @param pinned values that branches read; graph outputs are pinned anyway
 * @throws KERNEL_MISSING before useTrainModule
 */
export function equalize(graph: Graph, typeOf: TypeOf, pinned: Iterable<string> = []): Equalized {
  const outside = new Set(pinned)
  const scaling = new Scaling(channelFlow(graph, typeOf, outside))
  const sweeps = scaling.settle()
  const rewriting = new Rewriting(graph, outside, scaling)
  return { graph: rewriting.graph(), layers: rewriting.changed, sweeps }
}

/** Channels that some layers write together, and who reads them. */
interface Group {
  readonly roots: ReadonlySet<number>
  readonly writers: Layer[]
  readonly readers: Layer[]
}

/** The factors, by root, as they are found. */
class Scaling {
  readonly layers: readonly Layer[]
  readonly shifts: readonly Shift[]
  private readonly factors: Float64Array
  private readonly groups: readonly Group[]
  /** largest magnitudes of each layer's weights, [groups, rows, columns] */
  private readonly magnitudes = new Map<Layer, Float32Array>()

  constructor(private readonly flow: ChannelFlow) {
    this.layers = flow.layers
    this.shifts = flow.shifts
    this.factors = new Float64Array(flow.factors).fill(1)
    for (const layer of flow.layers) this.magnitudes.set(layer, kernels().absoluteRows(layer.weights.data as Float32Array, layer.groups * layer.rows * layer.columns))
    this.groups = this.grouped()
  }

  /** float32 factors of channels, or what they are divided by. */
  along(channels: Int32Array, inverse: boolean): Float32Array {
    return Float32Array.from(channels, (f) => {
      const factor = this.factors[this.flow.root(f)]!
      return inverse ? 1 / factor : factor
    })
  }

  /** Evens ranges out until they stay; gives the number of sweeps. */
  settle(): number {
    for (let sweep = 1; sweep <= MAX_SWEEPS; sweep++) {
      const change = Math.max(0, ...this.groups.map((group) => this.update(group)))
      if (change < SETTLED) return sweep
    }
    return MAX_SWEEPS
  }

  /** Layers that write common channels, with the channels that are free and read by a layer. */
  private grouped(): Group[] {
    const owner = new Map<number, Set<Layer>>()
    for (const layer of this.layers) {
      const joined = new Set([layer])
      const roots = this.rootsOf(layer.output)
      for (const root of roots) for (const other of owner.get(root) ?? []) joined.add(other)
      for (const other of [...joined]) for (const root of this.rootsOf(other.output)) owner.set(root, joined)
    }
    const read = new Set(this.layers.flatMap((layer) => [...this.rootsOf(layer.input)]))
    return [...new Set(owner.values())].flatMap((writers) => {
      const roots = new Set([...writers].flatMap((layer) => [...this.rootsOf(layer.output)]).filter((root) => read.has(root)))
      const readers = this.layers.filter((layer) => [...this.rootsOf(layer.input)].some((root) => roots.has(root)))
      return roots.size ? [{ roots, writers: [...writers], readers }] : []
    })
  }

  private rootsOf(channels: Int32Array): Set<number> {
    return new Set(Array.from(channels, (f) => this.flow.root(f)).filter((root) => root !== FIXED))
  }

  /** One step for the channels of a group: the largest relative change. */
  private update({ roots, writers, readers }: Group): number {
    const written = this.ranges(writers, 'output'), read = this.ranges(readers, 'input')
    const [mostWritten, mostRead] = [written, read].map((ranges) => Math.max(...[...roots].map((root) => ranges.get(root)!)))
    let change = 0
    for (const root of roots) {
      const [w, r] = [written.get(root)!, read.get(root)!]
      if (!(w > DEAD * mostWritten! && r > DEAD * mostRead! && w < Infinity && r < Infinity)) continue
      const before = this.factors[root]!
      const after = Math.min(MAX_FACTOR, Math.max(1 / MAX_FACTOR, before * Math.sqrt(w / r)))
      this.factors[root] = after
      change = Math.max(change, Math.abs(after / before - 1))
    }
    return change
  }

  /** The largest magnitude of the weights that write, or read, each channel as they stand now. */
  private ranges(layers: readonly Layer[], side: 'input' | 'output'): Map<number, number> {
    const most = new Map<number, number>()
    for (const layer of layers) {
      const [output, input] = [this.along(layer.output, true), this.along(layer.input, false)]
      const found = kernels().matrixRanges(this.magnitudes.get(layer)!, layer.groups, layer.rowsOut ? output : input, layer.rowsOut ? input : output)
      const ranges = (side === 'output') === layer.rowsOut ? found.rows : found.columns
      layer[side].forEach((f, i) => {
        const root = this.flow.root(f)
        most.set(root, Math.max(most.get(root) ?? 0, ranges[i]!))
      })
    }
    return most
  }
}

/** The graph with weights, biases and added constants scaled. */
class Rewriting {
  readonly changed: string[] = []
  private readonly constants: Map<string, Tensor>
  private readonly taken: Set<string>
  private readonly replaced = new Map<Node, Node>()

  constructor(private readonly before: Graph, private readonly pinned: ReadonlySet<string>, private readonly scaling: Scaling) {
    this.constants = new Map(before.constants)
    this.taken = new Set([...before.constants.keys(), ...before.inputs.map((i) => i.name), ...before.nodes.flatMap((n) => n.outputs), ...pinned])
    for (const layer of scaling.layers) this.layer(layer)
    for (const shift of scaling.shifts) this.shift(shift)
  }

  graph(): Graph {
    if (!this.replaced.size) return this.before
    const nodes = this.before.nodes.map((node) => this.replaced.get(node) ?? node)
    const read = new Set([...nodes.flatMap((n) => n.inputs), ...this.before.outputs.map((o) => o.name), ...this.pinned])
    return { ...this.before, nodes, constants: new Map([...this.constants].filter(([name]) => read.has(name))) }
  }

  private layer(layer: Layer): void {
    const { node, weights, groups, rows, columns, inner, rowsOut } = layer
    const output = this.scaling.along(layer.output, true), input = this.scaling.along(layer.input, false)
    if ([...output, ...input].every((f) => f === 1)) return
    const [byRow, byColumn] = rowsOut ? [output, input] : [input, output]
    const byRows = kernels().scaleChannels(weights.data as Float32Array, byRow, 1, groups * rows, columns * inner)
    const inputs = [node.inputs[0]!, this.add(node.inputs[1]!, new Tensor('float32', scaleColumns(byRows, byColumn, layer), weights.dims))]
    const bias = node.inputs[2]
    if (bias) inputs.push(this.add(bias, scaledAlong(this.before.constants.get(bias)!, 0, output)))
    this.replaced.set(node, { ...node, inputs })
    this.changed.push(node.name)
  }

  private shift({ node, operand, factors, behind }: Shift): void {
    const scale = this.scaling.along(factors, true)
    if (scale.every((f) => f === 1)) return
    const name = node.inputs[operand]!
    const tensor = scaledAlong(this.before.constants.get(name)!, behind, scale)
    this.replaced.set(node, { ...node, inputs: node.inputs.map((input, i) => (i === operand ? this.add(name, tensor) : input)) })
  }

  private add(hint: string, tensor: Tensor): string {
    let name = `${hint}/equalized`
    for (let i = 1; this.taken.has(name); i++) name = `${hint}/equalized${i}`
    this.taken.add(name)
    this.constants.set(name, tensor)
    return name
  }
}

/** Weights [groups, rows, columns, inner] with each column multiplied by its factor. */
function scaleColumns(weights: Float32Array, factors: Float32Array, { groups, rows, columns, inner }: Layer): Float32Array {
  if (columns === 1) return kernels().scaleChannels(weights, factors, 1, groups, rows * inner)
  if (groups === 1) return kernels().scaleChannels(weights, factors, rows, columns, inner)
  const size = rows * columns * inner
  const scaled = new Float32Array(weights.length)
  for (let g = 0; g < groups; g++)
    scaled.set(kernels().scaleChannels(weights.subarray(g * size, (g + 1) * size), factors.subarray(g * columns, (g + 1) * columns), rows, columns, inner), g * size)
  return scaled
}

/** A constant multiplied by one factor for each index of an axis, which has `behind` axes behind it; one number becomes a vector along it. */
function scaledAlong({ data, dims, size }: Tensor, behind: number, factors: Float32Array): Tensor {
  if (size === 1) return new Tensor('float32', factors.map((f) => f * Number(data[0])), [factors.length, ...new Array<number>(behind).fill(1)])
  const inner = elementCount(dims.slice(dims.length - behind))
  return new Tensor('float32', kernels().scaleChannels(data as Float32Array, factors, size / inner / factors.length, factors.length, inner), dims)
}
