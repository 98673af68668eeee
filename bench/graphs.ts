/**
 * Models that hold one operator and nothing else: R nodes side by side with weights of their own (so that the cost of one
 * run is shared out), or R in a row (so that layout changes at the ends are).
 */
import type { DType } from '../src/dtype.js'
import { encodeModel } from '../src/formats/onnx/encode.js'
import type { Graph, Node, ValueInfo } from '../src/graph/graph.js'
import { Tensor } from '../src/value.js'

/** xorshift32, so that every engine measures the same numbers. */
export function generator(seed: number): () => number {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
}

const next = generator(0x5eed)
const bytes = (dtype: 'uint8' | 'int8', dims: readonly number[]): Tensor => {
  const count = dims.reduce((n, d) => n * d, 1)
  const data = Uint8Array.from({ length: count }, () => next() >>> 8)
  return new Tensor(dtype, dtype === 'uint8' ? data : new Int8Array(data.buffer), dims)
}
/** Signed weights as trained networks have them: bell-shaped (a sum of four). As in MobileNetV2, three neighbouring pairs in ten thousand add up beyond ±128. */
const weights = (dims: readonly number[]): Tensor => {
  const part = (): number => ((next() >>> 8) % 45) - 22
  return new Tensor('int8', Int8Array.from({ length: dims.reduce((n, d) => n * d, 1) }, () => part() + part() + part() + part()), dims)
}
const scalar = (dtype: DType, value: number): Tensor => new Tensor(dtype, [value], [])
const info = (name: string, dtype: DType, dims: readonly number[]): ValueInfo => ({ name, dtype, dims })

/** A model's bytes, its input, and the multiply-accumulates of one run. */
export interface OperatorModel {
  readonly bytes: Uint8Array
  readonly feeds: Readonly<Record<string, Tensor>>
  readonly macs: number
}

const model = (graph: Omit<Graph, 'name'>, feeds: Record<string, Tensor>, macs: number): OperatorModel => ({ bytes: encodeModel({ name: 'bench', ...graph }), feeds, macs })

/** `count` MatMulInteger nodes [m, k]·[k, n] on one input, u8 × s8. */
export function matMulInteger(m: number, n: number, k: number, count: number): OperatorModel {
  const constants = new Map<string, Tensor>()
  const nodes: Node[] = []
  for (let i = 0; i < count; i++) {
    constants.set(`w${i}`, weights([k, n]))
    nodes.push({ name: `matmul${i}`, op: 'MatMulInteger', domain: '', inputs: ['x', `w${i}`], outputs: [`y${i}`], attributes: {} })
  }
  const outputs = nodes.map((node) => info(node.outputs[0]!, 'int32', [m, n]))
  return model({ inputs: [info('x', 'uint8', [m, k])], outputs, nodes, constants }, { x: bytes('uint8', [m, k]) }, m * n * k * count)
}

export interface ConvShape {
  readonly channels: number
  readonly filters: number
  readonly size: number
  readonly kernel: number
  readonly stride: number
  readonly group: number
}

/** QLinearConv nodes of one shape: in a row while the shape allows it, else side by side. Activations of `dtype`, weights s8 per channel. */
export function qlinearConv(shape: ConvShape, count: number, dtype: 'uint8' | 'int8'): OperatorModel {
  const { channels, filters, size, kernel, stride, group } = shape
  const chained = stride === 1 && channels === filters
  const out = Math.ceil(size / stride)
  const pad = (kernel - 1) >> 1
  const zero = dtype === 'uint8' ? 128 : 0
  const constants = new Map<string, Tensor>([['s', scalar('float32', 0.05)], ['z', scalar(dtype, zero)], ['wz', new Tensor('int8', new Int8Array(filters), [filters])]])
  constants.set('ws', new Tensor('float32', new Float32Array(filters).fill(0.02 / Math.sqrt((kernel * kernel * channels) / group)), [filters]))
  const nodes: Node[] = []
  for (let i = 0; i < count; i++) {
    constants.set(`w${i}`, weights([filters, channels / group, kernel, kernel]))
    constants.set(`b${i}`, new Tensor('int32', Int32Array.from({ length: filters }, () => (next() % 2000) - 1000), [filters]))
    const x = chained && i > 0 ? `y${i - 1}` : 'x'
    nodes.push({
      name: `conv${i}`, op: 'QLinearConv', domain: '', inputs: [x, 's', 'z', `w${i}`, 'ws', 'wz', 's', 'z', `b${i}`], outputs: [`y${i}`],
      attributes: { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad], group },
    })
  }
  const ends = chained ? [nodes[count - 1]!] : nodes
  const outputs = ends.map((node) => info(node.outputs[0]!, dtype, [1, filters, out, out]))
  const macs = (filters * out * out * kernel * kernel * channels * count) / group
  return model({ inputs: [info('x', dtype, [1, channels, size, size])], outputs, nodes, constants }, { x: bytes(dtype, [1, channels, size, size]) }, macs)
}
