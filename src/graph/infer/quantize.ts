import { DTYPES, dtypeOfCode, elementCount, type DType } from '../../dtype.js'
import type { NodeView } from '../node-view.js'
import { broadcastDims } from './elementwise.js'
import type { InferRule, InferTable } from './rule.js'

/** Types that quantized codes have. */
export const CODE_TYPES: readonly DType[] = ['uint8', 'int8', 'uint16', 'int16', 'uint4', 'int4']
export const EIGHT: readonly DType[] = ['uint8', 'int8']

/** The element type an attribute names, 0 meaning that it is left to the inputs. @throws DTYPE_UNSUPPORTED */
function dtypeAttribute(view: NodeView, name: string, fallback?: number): DType | undefined {
  const code = view.int(name, fallback)
  return code === 0 ? undefined : dtypeOfCode(code) ?? view.fail('DTYPE_UNSUPPORTED', `attribute "${name}": Octavo does not hold element type ${code} (TensorProto.DataType)`)
}

const cast: InferRule = { infer: (v) => [v.make(dtypeAttribute(v, 'to') ?? v.fail('DTYPE_UNSUPPORTED', 'attribute "to" names no element type'), v.dims(0))] }
const castLike: InferRule = { infer: (v) => [v.make(v.input(1).dtype, v.dims(0))] }

/** How QuantizeLinear and DequantizeLinear spread their scales over x (QuantizeParams). */
export interface Spread {
  readonly outer: number
  readonly axis: number
  readonly block: number
  readonly inner: number
  readonly scaleRow: number
  readonly scaleStep: number
  readonly varied: number
}

/**
 * The spread that x's dims, scale's dims, `axis` and `block_size` describe: per tensor, per axis or in blocks.
 *
 * @throws SHAPE_MISMATCH when scale (or zero point) does not fit; ATTRIBUTE_UNSUPPORTED for an axis out of range or a negative block
 */
export function spreadOf(view: NodeView): Spread {
  const [x, scale] = [view.dims(0), view.dims(1)]
  const count = elementCount(scale)
  if (view.has(2) && elementCount(view.dims(2)) !== count) view.fail('SHAPE_MISMATCH', `input 2 (zero point) [${view.dims(2)}] must have the dims of input 1 (scale) [${scale}]`)
  const blockSize = view.int('block_size', 0)
  if (blockSize < 0) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "block_size" must be 0 or more, got ${blockSize}`)
  if (blockSize === 0 && count === 1 && scale.length <= 1) return { outer: 1, axis: 1, block: 1, inner: elementCount(x), scaleRow: 0, scaleStep: 0, varied: 0 }
  const at = view.axis(view.int('axis', 1), x.length)
  const [outer, axis, inner] = [elementCount(x.slice(0, at)), x[at]!, elementCount(x.slice(at + 1))]
  if (blockSize === 0) {
    if (scale.length !== 1 || count !== axis) view.fail('SHAPE_MISMATCH', `input 1 (scale) [${scale}]: expected one element or the ${axis} of axis ${at}`)
    return inner === 1
      ? { outer: 1, axis: outer, block: 1, inner: axis, scaleRow: 0, scaleStep: 0, varied: 1 }
      : { outer, axis, block: 1, inner, scaleRow: 0, scaleStep: 1, varied: 0 }
  }
  const blocks = Math.ceil(axis / blockSize)
  if (scale.length !== x.length || scale.some((d, i) => d !== (i === at ? blocks : x[i])))
    view.fail('SHAPE_MISMATCH', `input 1 (scale) [${scale}]: expected [${x.map((d, i) => (i === at ? blocks : d))}], one scale for ${blockSize} indices of axis ${at}`)
  return { outer, axis, block: blockSize, inner, scaleRow: blocks * inner, scaleStep: inner, varied: inner === 1 ? 0 : 1 }
}

const FLOATS: readonly DType[] = ['float32', 'float16']

const quantizeLinear: InferRule = {
  infer(v) {
    v.expectDType(0, 'float32', 'float16', 'int32')
    v.expectDType(1, ...FLOATS)
    spreadOf(v)
    const asked = dtypeAttribute(v, 'output_dtype', 0)
    const dtype = v.has(2) ? v.expectDType(2, ...CODE_TYPES) : asked ?? 'uint8'
    if (asked && asked !== dtype) v.fail('DTYPE_MISMATCH', `attribute "output_dtype" says ${asked}, input 2 (zero point) ${dtype}`)
    if (!CODE_TYPES.includes(dtype)) v.fail('DTYPE_UNSUPPORTED', `attribute "output_dtype" must be one of ${CODE_TYPES.join(', ')}, got ${dtype}`)
    return [v.make(dtype, v.dims(0))]
  },
}

const dequantizeLinear: InferRule = {
  infer(v) {
    const dtype = v.expectDType(0, ...CODE_TYPES, 'int32')
    const scale = v.expectDType(1, ...FLOATS)
    if (v.has(2)) v.expectDType(2, dtype)
    spreadOf(v)
    const asked = dtypeAttribute(v, 'output_dtype', 0) ?? scale
    if (!FLOATS.includes(asked)) v.fail('DTYPE_UNSUPPORTED', `attribute "output_dtype" must be float32 or float16, got ${asked}`)
    return [v.make(asked, v.dims(0))]
  },
}

/** Checks a per-tensor scale at input `i` and zero point at `i + 1` (optional, of type `codes`). */
export function perTensor(view: NodeView, i: number, codes: DType): void {
  view.expectDType(i, 'float32')
  if (view.has(i + 1)) view.expectDType(i + 1, codes)
  for (const at of [i, i + 1])
    if (view.has(at) && elementCount(view.dims(at)) !== 1) view.fail('SHAPE_MISMATCH', `input ${at}: expected one element (per-tensor quantization), got [${view.dims(at)}]`)
}

/** A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point, as ONNX Runtime's contributed operators have them. */
const qlinearBinary: InferRule = {
  infer(v) {
    const dtype = v.expectDType(0, ...EIGHT)
    v.expectDType(3, dtype)
    perTensor(v, 1, dtype)
    perTensor(v, 4, dtype)
    perTensor(v, 6, dtype)
    return [v.make(dtype, broadcastDims(v, [v.dims(0), v.dims(3)]))]
  },
}

export const quantize: InferTable = {
  Cast: cast, CastLike: castLike,
  QuantizeLinear: quantizeLinear, DequantizeLinear: dequantizeLinear,
  'com.microsoft:QuantizeLinear': quantizeLinear, 'com.microsoft:DequantizeLinear': dequantizeLinear,
  'com.microsoft:QLinearAdd': qlinearBinary, 'com.microsoft:QLinearMul': qlinearBinary,
}

/** Bounds of the codes of `dtype`. */
export const codeRange = (dtype: DType): { lo: number; hi: number } => ({ lo: DTYPES[dtype].min, hi: DTYPES[dtype].max })
