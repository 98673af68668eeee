import { elementCount } from '../../dtype.js'
import { OctavoError } from '../../errors.js'
import { kernels, type Codes } from '../../quantization/kernels.js'
import { MinMaxObserver } from '../../quantization/min-max-observer.js'
import type { ObserverFactory, UniformObserver } from '../../quantization/observer-base.js'
import { PerChannelMinMaxObserver } from '../../quantization/per-channel-observer.js'
import { Tensor } from '../../value.js'

export interface WeightOptions {
  /** the axis of channels, each with a scale of its own; negative counts from the end; without it one scale serves the whole tensor */
  readonly axis?: number
  /** [int8] */
  readonly dtype?: 'int8' | 'uint8'
  /** seven bits [false] */
  readonly reduceRange?: boolean
  /** zero points in the middle of the codes: 0 for int8, 128 for uint8 [true for int8] */
  readonly symmetric?: boolean
  /** chooses range, scheme and codes instead of the min-max observer that the other options describe; `axis` is handed to it */
  readonly observer?: ObserverFactory<UniformObserver>
  /** scales are at least this: one number, or with a symmetric scheme one for each channel */
  readonly minScale?: ArrayLike<number>
}

export interface QuantizedWeight {
  /** int8 or uint8, the weight's dims */
  readonly codes: Tensor
  /** float32, > 0: [] or [channels] */
  readonly scale: Tensor
  /** in the codes' type, the dims of scale */
  readonly zeroPoint: Tensor
}

function observerOf({ axis, dtype = 'int8', reduceRange = false, symmetric = dtype === 'int8', observer }: WeightOptions): UniformObserver {
  if (observer) return (axis === undefined ? observer : observer.withArgs({ axis }))()
  const options = { dtype: dtype === 'int8' ? 'qint8' : 'quint8', reduceRange } as const
  const scheme = symmetric ? 'symmetric' : 'affine'
  return axis === undefined ? new MinMaxObserver({ ...options, qscheme: `per_tensor_${scheme}` }) : new PerChannelMinMaxObserver({ ...options, qscheme: `per_channel_${scheme}`, axis })
}

/**
 * Codes, scales and zero points of a weight: the observer's ranges and scheme (an engine's), QuantizeLinear's rounding,
 * clamp(round(w / scale) + zeroPoint), ties to even.
 *
 * @throws DTYPE_MISMATCH not float32; QPARAMS_INVALID no elements, NaN or an infinity among them; CALIBRATION_INVALID no such axis; OPTION_INVALID options of
 * the observer that do not go together; KERNEL_MISSING no training module
 */
export function quantizeWeight(weight: Tensor, options: WeightOptions = {}): QuantizedWeight {
  const observer = observerOf(options)
  const { dims, size } = weight
  observer.forward(weight)
  if (options.minScale?.length === 1) observer.eps = Math.max(observer.eps, options.minScale[0]!)
  const { scale, zeroPoint } = observer.calculateQParams()
  if (options.minScale && options.minScale.length > 1) scale.forEach((s, i) => { scale[i] = Math.max(s, options.minScale![i]!) })
  if (!size || !scale.every((s) => Number.isFinite(s)))
    throw new OctavoError('QPARAMS_INVALID', `a weight of [${dims}] ${size ? 'holds NaN or an infinity, or its range overflows float32' : 'has no elements'}. Leave its node in float.`, { dims })
  const signed = observer.dtype === 'qint8' || observer.dtype === 'int8'
  const zero: Codes = signed ? Int8Array.from(zeroPoint) : Uint8Array.from(zeroPoint)
  const perChannel = observer.qscheme.startsWith('per_channel')
  const codes = kernels().quantize(weight.data as Float32Array, perChannel ? around(dims, options.axis ?? 0) : [1, 1, size], scale, zero, [observer.quantMin, observer.quantMax])
  const type = signed ? 'int8' : 'uint8', qDims = perChannel ? [scale.length] : []
  return { codes: new Tensor(type, codes, dims), scale: new Tensor('float32', scale, qDims), zeroPoint: new Tensor(type, zero, qDims) }
}

/** Elements before, along and after an axis. */
function around(dims: readonly number[], axis: number): [outer: number, channels: number, inner: number] {
  const at = axis < 0 ? axis + dims.length : axis
  return [elementCount(dims.slice(0, at)), dims[at]!, elementCount(dims.slice(at + 1))]
}

/** A tensor of at least two axes with the last two swapped. @throws KERNEL_MISSING no training module */
export function transposeLast({ dtype, data, dims }: Tensor): Tensor {
  const [rows, columns] = dims.slice(-2) as [number, number]
  const turned = data.length ? kernels().transpose(data as Codes | Float32Array, elementCount(dims.slice(0, -2)), rows, columns) : data
  return new Tensor(dtype, turned, [...dims.slice(0, -2), columns, rows])
}
