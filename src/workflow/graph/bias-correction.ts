import { elementCount } from '../../dtype.js'
import type { Graph, Node } from '../../graph/graph.js'
import { makeNode } from '../../graph/passes/rewrite.js'
import { kernels } from '../../quantization/kernels.js'
import type { LoadedTier } from '../../runtime/load.js'
import { Tensor } from '../../value.js'
import { Watched } from './measure.js'
import type { Batch, ProgressEvent } from './options.js'
import type { Layer, PreparedGraph } from './prepare.js'

export interface CorrectionOptions {
  /** what runs the layers */
  readonly tier: LoadedTier
  /** batches to come, where somebody knows */
  readonly total?: number
  readonly onProgress?: (event: ProgressEvent) => void
}

/**
 * Mean error (float − int8) of each output channel of each quantized layer whose bias can be corrected, by the name of its node: the layer runs on
 * the float input that it has in the float graph, once as it is and once on codes, but with its bias as it is: that one is rounded when it has its
 * final value. Sums are float64, in a fixed order.
 *
 * Each layer is looked at by itself (Nagel et al., arXiv 1906.04721, §4.2, measured on data instead of assumed distributions), so that one pass serves
 * all of them. What errors of layers before it do to a layer's mean is not in it; docs/quantization.md says why.
 *
 * @param converted what convertGraph made of `prepared`
 * @throws what running a batch throws, and what `batches` throws
 */
export async function meanErrors(prepared: PreparedGraph, converted: Graph, batches: AsyncIterable<Batch>, { tier, total, onProgress }: CorrectionOptions): Promise<ReadonlyMap<string, Float64Array>> {
  const beside = new Beside(prepared.graph, converted)
  const sums = prepared.layers.filter((layer) => biasSlot(layer, prepared)).map(({ node }) => new ChannelSums(node, beside.add(node)))
  const watched = new Watched(beside.graph(), sums.flatMap(({ float, int8 }) => [float, int8]), tier)
  let done = 0
  onProgress?.({ phase: 'convert', done, total })
  try {
    for await (const batch of batches) {
      const values = watched.run(batch, done)
      for (const sum of sums) sum.add(values[sum.float]!, values[sum.int8]!)
      onProgress?.({ phase: 'convert', done: ++done, total })
    }
  } finally {
    watched.release()
  }
  return new Map(sums.map((sum) => [sum.node.name, sum.means]))
}

/**
 * The prepared graph with mean errors added to the biases of its quantized layers, to be converted with the qparams found before: it is no longer the
 * float graph that int8 is measured against. A layer without a bias gets one, and a MatMul of matrices becomes a Gemm for it.
 */
export function correctBiases(prepared: PreparedGraph, means: ReadonlyMap<string, Float64Array>): PreparedGraph {
  const { graph } = prepared
  const constants = new Map(graph.constants)
  const taken = new Set([...constants.keys(), ...graph.inputs.map((i) => i.name), ...graph.nodes.flatMap((n) => n.outputs)])
  const replaced = new Map<Node, Node>()
  for (const layer of prepared.layers) {
    const mean = means.get(layer.node.name)
    const slot = mean && biasSlot(layer, prepared)
    if (!slot) continue
    const { node, operand } = slot
    let name = `${layer.node.name}/bias/corrected`
    while (taken.has(name)) name += '_'
    constants.set(name, corrected(constants.get(node.inputs[operand] ?? ''), mean, node.op === 'Gemm' ? Number(node.attributes.beta ?? 1) : 1))
    const { beta: _, ...attributes } = node.attributes
    const inputs = [...node.inputs.slice(0, operand), name, ...node.inputs.slice(operand + 1)]
    replaced.set(node, { ...node, ...(node.op === 'MatMul' && { op: 'Gemm' }), attributes, inputs })
  }
  const now = (node: Node): Node => replaced.get(node) ?? node
  return {
    ...prepared, graph: { ...graph, nodes: graph.nodes.map(now), constants }, typeOf: (value) => constants.get(value) ?? prepared.typeOf(value), constantOf: (value) => constants.get(value),
    layers: prepared.layers.map((layer) => ({ ...layer, node: now(layer.node), tail: layer.tail.map(now) })), selected: new Map([...prepared.selected].map(([node, kind]) => [now(node), kind])),
  }
}

const CONVOLUTIONS = new Set(['Conv', 'ConvTranspose'])

/** Σ (float − int8) of each channel of one layer's results. Channels are axis 1 of a convolution's, the last axis of a product's. */
class ChannelSums {
  private sums: Float64Array | undefined
  private count = 0

  constructor(readonly node: Node, readonly int8: string) {}

  get float(): string {
    return this.node.outputs[0]!
  }

  add({ data, dims }: Tensor, other: Tensor): void {
    const axis = CONVOLUTIONS.has(this.node.op) ? 1 : dims.length - 1
    const outer = elementCount(dims.slice(0, axis)), inner = elementCount(dims.slice(axis + 1))
    const sums = kernels().errorChannels(data as Float32Array, other.data as Float32Array, outer, dims[axis]!, inner)
    this.sums = this.sums ? this.sums.map((v, c) => v + sums[c]!) : sums
    this.count += outer * inner
  }

  get means(): Float64Array {
    return this.sums!.map((v) => (this.count ? v / this.count : 0))
  }
}

/** A float graph with quantized copies of its products beside them, each reading the float value rounded, and the float bias. */
class Beside {
  private readonly constants: Map<string, Tensor>
  private readonly nodes: Node[] = []
  private readonly placed = new Set<string>()
  private readonly producers: ReadonlyMap<string, Node>
  private readonly byName: ReadonlyMap<string, Node>

  constructor(private readonly float: Graph, converted: Graph) {
    this.constants = new Map([...converted.constants, ...float.constants])
    this.producers = new Map(converted.nodes.flatMap((n) => n.outputs.map((name) => [name, n] as const)))
    this.byName = new Map(converted.nodes.map((n) => [n.name, n]))
  }

  /** Places the copy of a float node; gives the name of its result. */
  add(node: Node): string {
    const { name, inputs: [x, , ...bias] } = node
    const product = this.byName.get(name)!
    const [scale, zeroPoint] = this.producers.get(product.inputs[0]!)!.inputs.slice(1) as [string, string]
    const rounded = `${x!}|rounded`
    if (!this.placed.has(rounded)) {
      this.placed.add(rounded)
      this.nodes.push(makeNode(`${rounded}/quantize`, 'QuantizeLinear', [x!, scale, zeroPoint], `${rounded}/codes`), makeNode(`${rounded}/dequantize`, 'DequantizeLinear', [`${rounded}/codes`, scale, zeroPoint], rounded))
    }
    const weights = product.inputs[1]!
    if (!this.placed.has(weights)) this.nodes.push(this.producers.get(weights)!)
    this.placed.add(weights)
    const output = `${name}|rounded`
    this.nodes.push({ ...node, name: output, inputs: [rounded, weights, ...bias], outputs: [output] })
    return output
  }

  graph(): Graph {
    return { ...this.float, nodes: [...this.float.nodes, ...this.nodes], constants: this.constants }
  }
}

/** Where a layer's bias is, or goes: an operand of a node. */
interface Slot {
  readonly node: Node
  readonly operand: number
}

/** The bias that a correction can be added to; undefined for layers that stay float, or can have none. */
function biasSlot({ node, tail, quantized }: Layer, { typeOf, constantOf }: PreparedGraph): Slot | undefined {
  const weights = quantized ? constantOf(node.inputs[1] ?? '') : undefined
  if (!weights) return undefined
  if (node.op !== 'MatMul') return CONVOLUTIONS.has(node.op) || node.op === 'Gemm' ? { node, operand: 2 } : undefined
  const columns = typeOf(node.outputs[0]!)?.dims.at(-1)
  const [add] = tail
  if (add?.op !== 'Add') return typeOf(node.inputs[0]!)?.dims.length === 2 && weights.dims.length === 2 ? { node, operand: 2 } : undefined
  const operand = constantOf(add.inputs[0]!) ? 0 : 1
  const bias = constantOf(add.inputs[operand]!)
  return bias && (bias.size === 1 || (bias.size === columns && bias.dims.at(-1) === columns)) ? { node: add, operand } : undefined
}

/** beta · bias + mean, with a number for each channel; the dims of the bias where it has one already. */
function corrected(bias: Tensor | undefined, mean: Float64Array, beta: number): Tensor {
  const each = bias?.size === mean.length
  const data = Float32Array.from(mean, (m, c) => m + (bias ? beta * (bias.data[each ? c : 0] as number) : 0))
  return new Tensor('float32', data, each ? bias.dims : [mean.length])
}
