import { DTYPES } from '../../dtype.js'
import { OctavoError } from '../../errors.js'
import type { Attribute, Graph, Node, ValueInfo } from '../../graph/graph.js'
import { Tensor } from '../../value.js'
import { ATTRIBUTE, MODEL, TENSOR, type AttributeProto, type GraphProto, type ModelProto, type NodeProto, type OpsetProto, type TensorProto, type ValueProto } from './schema.js'
import { NEWEST_OPSET } from './upgrade.js'
import { writeMessage } from './write.js'

export interface EncodeOptions {
  /** ai.onnx version to write; the lowest that has every form a Graph may hold, 21, or what its operators need. */
  readonly opset?: number
  /** Who writes, and in which version. */
  readonly producer?: string
  readonly producerVersion?: string
}

/** The lowest opset that has all forms a Graph holds (GroupNormalization changed last), as far as NEWER does not say more. */
const BASE_OPSET = 21

/** Operators, and attributes of any operator, that came after BASE_OPSET. */
const NEWER: Readonly<Record<string, number>> = {
  RMSNormalization: 23, RotaryEmbedding: 23, Attention: 24, Swish: 24, TensorScatter: 24, BitCast: 26, CumProd: 26, CausalConvWithState: 27, LinearAttention: 27,
  'QuantizeLinear.precision': 23, 'DequantizeLinear.output_dtype': 23, 'Cast.round_mode': 24, 'CastLike.round_mode': 24,
}

/** Attributes whose integers are floats. Attributes of a Graph are plain numbers; a file says which kind they are. */
const FLOATS = new Set([
  'alpha', 'beta', 'gamma', 'epsilon', 'momentum', 'bias', 'lambd', 'clip', 'ratio', 'scale', 'softcap', 'cubic_coeff_a', 'extrapolation_value', 'spatial_scale',
  'activation_alpha', 'activation_beta', 'high', 'low', 'mean', 'value_float', 'value_floats', 'mask_filter_value', 'norm_coefficient', 'scales',
])

/**
 * Writes a Graph as an ONNX model; decodeModel reads the same Graph back. Constants become initializers with raw data.
 *
 * @throws OPTION_INVALID when `opset` is outside [what the graph needs, NEWEST_OPSET]
 */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const nodes = [...everyNode(graph)]
  const needed = Math.max(BASE_OPSET, ...nodes.map(neededOpset))
  const opset = options.opset ?? needed
  if (!(opset >= needed && opset <= NEWEST_OPSET))
    throw new OctavoError('OPTION_INVALID', `encodeModel: expected an opset from ${needed} (what the graph needs) to ${NEWEST_OPSET}, got ${opset}.`, { opset, needed })
  const opsets: OpsetProto[] = [{ domain: '', version: opset }, ...[...new Set(nodes.map((n) => n.domain))].filter(Boolean).map((domain) => ({ domain, version: 1 }))]
  const metadata = graph.metadata && Array.from(graph.metadata, ([key, value]) => ({ key, value }))
  const model: ModelProto = { irVersion: irVersion(opset), producer: options.producer ?? 'octavo', producerVersion: options.producerVersion, opsets, metadata, graph: graphProto(graph, true) }
  return writeMessage(model, MODEL)
}

/** Serializes one tensor as a TensorProto, the form of ONNX's conformance data. */
export const encodeTensor = (name: string, tensor: Tensor): Uint8Array => writeMessage(tensorProto(tensor, name), TENSOR)

/** The IR version that came with an opset from 21 on. Source: ONNX Versioning.md, released versions. */
const irVersion = (opset: number): number => Math.min(13, Math.max(10, opset - 12))

const isGraph = (value: Attribute): value is Graph => typeof value === 'object' && 'nodes' in value

function* everyNode(graph: Graph): Iterable<Node> {
  for (const node of graph.nodes) {
    yield node
    for (const value of Object.values(node.attributes)) if (isGraph(value)) yield* everyNode(value)
  }
}

const neededOpset = ({ op, domain, attributes }: Node): number =>
  domain ? 0 : Math.max(NEWER[op] ?? 0, ...Object.keys(attributes).map((name) => NEWER[`${op}.${name}`] ?? 0))

const graphProto = (graph: Graph, main: boolean): GraphProto => ({
  name: graph.name || 'graph',
  inputs: graph.inputs.map((v) => valueProto(v, main)),
  outputs: graph.outputs.map((v) => valueProto(v, main)),
  initializers: Array.from(graph.constants, ([name, tensor]) => tensorProto(tensor, name)),
  nodes: graph.nodes.map(nodeProto),
})

function valueProto({ name, dtype, dims }: ValueInfo, main: boolean): ValueProto {
  if (!main && dims === null && dtype === 'float32') return { name }
  const shape = dims ? { dims: dims.map((d) => (typeof d === 'number' ? { value: d } : typeof d === 'string' ? { symbol: d } : {})) } : undefined
  return { name, type: { tensor: { dtype: DTYPES[dtype].code, shape } } }
}

/** A seed is a float everywhere but in Dropout. */
const isFloat = (op: string, name: string, values: readonly number[]): boolean =>
  FLOATS.has(name) || (name === 'seed' && op !== 'Dropout') || !values.every((v) => Number.isInteger(v))

const nodeProto = ({ name, op, domain, inputs, outputs, attributes }: Node): NodeProto => ({
  name, op, domain: domain || undefined, inputs: [...inputs], outputs: [...outputs],
  attributes: Object.entries(attributes).map(([key, value]) => attributeProto(op, key, value)),
})

function attributeProto(op: string, name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return isFloat(op, name, [value]) ? { name, type: ATTRIBUTE.float, f: value } : { name, type: ATTRIBUTE.int, i: value }
  if (typeof value === 'string') return { name, type: ATTRIBUTE.string, s: value }
  if (value instanceof Tensor) return { name, type: ATTRIBUTE.tensor, t: tensorProto(value, '') }
  if (isGraph(value)) return { name, type: ATTRIBUTE.graph, g: graphProto(value, false) }
  if (value.length && value.every((v) => typeof v === 'string')) return { name, type: ATTRIBUTE.strings, strings: [...value] as string[] }
  const numbers = [...value] as number[]
  return isFloat(op, name, numbers) ? { name, type: ATTRIBUTE.floats, floats: numbers } : { name, type: ATTRIBUTE.ints, ints: numbers }
}

const tensorProto = (tensor: Tensor, name: string): TensorProto => ({ name, dims: [...tensor.dims], dtype: DTYPES[tensor.dtype].code, raw: rawBytes(tensor) })

function rawBytes({ dtype, data }: Tensor): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (dtype !== 'int4' && dtype !== 'uint4') return bytes
  return Uint8Array.from({ length: Math.ceil(bytes.length / 2) }, (_, i) => (bytes[2 * i]! & 15) | (((bytes[2 * i + 1] ?? 0) & 15) << 4))
}
