import { DTYPES, type DType } from '../../dtype.js'
import { Tensor } from '../../value.js'
import type { Node } from '../graph.js'
import type { Rewriter } from './rewrite.js'

/** How real numbers became integers: real = scale · (code − zeroPoint), all known before any input is. */
export interface QParams {
  /** uint8, int8, or int32 for a bias. */
  readonly dtype: DType
  /** Names of constants: one element, or one for each index along `axis`. */
  readonly scale: string
  readonly zeroPoint: string
  /** Axis of per-channel parameters, counted from the front; undefined where one pair serves the whole tensor. */
  readonly axis: number | undefined
}

/** A value that is DequantizeLinear of `x`. */
export interface Dequantized extends QParams {
  readonly x: string
}

/**
 * Reads DequantizeLinear or QuantizeLinear, whose operands lie alike. Undefined where integer operators cannot stand in for
 * it: parameters computed from data or in blocks, codes of other widths than `dtypes`, floats other than float32, scales that are no
 * normal positive numbers.
 */
function read(node: Node, dtype: DType, rank: number, r: Rewriter, dtypes: readonly DType[]): QParams | undefined {
  const [, scale, zero] = node.inputs
  const scales = r.constant(scale)
  if (!dtypes.includes(dtype) || scales?.dtype !== 'float32' || (node.attributes.block_size ?? 0) !== 0) return undefined
  if (!Array.from(scales.data as Float32Array).every((s) => s > 2 ** -120 && s < 2 ** 120)) return undefined
  const zeroPoint = zero || r.add(`${node.name}/zero_point`, new Tensor(dtype, new DTYPES[dtype].array(new ArrayBuffer(scales.size * DTYPES[dtype].bytes), 0, scales.size), scales.dims))
  if (!r.constant(zeroPoint)) return undefined
  const axis = Number(node.attributes.axis ?? 1)
  return { dtype, scale: scale!, zeroPoint, axis: scales.size === 1 ? undefined : axis < 0 ? axis + rank : axis }
}

const BYTES: readonly DType[] = ['uint8', 'int8']

/** The DequantizeLinear behind a value. */
export function dequantized(value: string | undefined, r: Rewriter, dtypes = BYTES): Dequantized | undefined {
  const node = value ? r.producer(value, 'DequantizeLinear') : undefined
  if (!node || r.typeOf(value!).dtype !== 'float32') return undefined
  const { dtype, dims } = r.typeOf(node.inputs[0]!)
  const params = read(node, dtype, dims.length, r, dtypes)
  return params && { ...params, x: node.inputs[0]! }
}

/** What a QuantizeLinear quantizes to. */
export function quantizes(node: Node, r: Rewriter): QParams | undefined {
  if (node.op !== 'QuantizeLinear' || node.domain || r.typeOf(node.inputs[0]!).dtype !== 'float32') return undefined
  const { dtype, dims } = r.typeOf(node.outputs[0]!)
  return read(node, dtype, dims.length, r, BYTES)
}

/** Whether both are per-tensor and say the same. */
export function sameParams(a: QParams, b: QParams, r: Rewriter): boolean {
  if (a.axis !== undefined || b.axis !== undefined || a.dtype !== b.dtype) return false
  return r.scalar(a.scale) === r.scalar(b.scale) && r.scalar(a.zeroPoint) === r.scalar(b.zeroPoint)
}
