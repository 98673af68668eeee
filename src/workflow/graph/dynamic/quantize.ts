import { MinMaxObserver } from '../../../quantization/min-max-observer.js'
import { PerChannelMinMaxObserver } from '../../../quantization/per-channel-observer.js'
import { Tensor } from '../../../value.js'
import type { Settings } from '../settings.js'
import { quantizeWeight, transposeLast, type QuantizedWeight } from '../weights.js'

/** How weights become codes. */
export interface WeightSettings {
  readonly perChannel: boolean
  /** with a scale for each index of `axis`, or one for all */
  readonly quantize: (weight: Tensor, axis?: number) => QuantizedWeight
  /** the same in int8, whatever weights are asked for */
  readonly quantizeSigned: (weight: Tensor, axis?: number) => QuantizedWeight
}

type Options = Pick<Settings, 'weightType' | 'reduceRange'>

/**
 * ONNX Runtime's codes: int8 is symmetric and leaves out −128, uint8 is not symmetric; seven bits are −64…64 and 0…127, of which two products fit
 * in 16 bits. Source: get_qmin_qmax_for_qType, quant_utils.py.
 */
function quantizer({ weightType, reduceRange }: Options): WeightSettings['quantize'] {
  const signed = weightType === 'int8'
  const reach = signed ? (reduceRange ? 64 : 127) : reduceRange ? 127 : 255
  const codes = { dtype: signed ? 'qint8' : 'quint8', quantMin: signed ? -reach : 0, quantMax: reach } as const
  const scheme = signed ? 'symmetric' : 'affine'
  const whole = MinMaxObserver.withArgs({ ...codes, qscheme: `per_tensor_${scheme}` }), channels = PerChannelMinMaxObserver.withArgs({ ...codes, qscheme: `per_channel_${scheme}` })
  return (weight, axis) => quantizeWeight(weight, { axis, observer: axis === undefined ? whole : channels })
}

export const weightSettings = ({ perChannel, ...options }: Options & Pick<Settings, 'perChannel'>): WeightSettings =>
  ({ perChannel, quantize: quantizer(options), quantizeSigned: quantizer({ ...options, weightType: 'int8' }) })

/** Weights [directions, rows, k] of a recurrent layer, a scale for each row or each direction: codes [directions, k, rows]. */
export function quantizeGates(tensor: Tensor, { perChannel, quantizeSigned }: WeightSettings): QuantizedWeight {
  const [directions, rows, k] = tensor.dims as [number, number, number]
  const groups = perChannel ? [directions, rows] : [directions]
  const { codes, scale, zeroPoint } = quantizeSigned(new Tensor('float32', tensor.data, perChannel ? [directions * rows, k] : [directions, rows * k]), 0)
  return {
    codes: transposeLast(new Tensor(codes.dtype, codes.data, tensor.dims)), scale: new Tensor('float32', scale.data, groups), zeroPoint: new Tensor(zeroPoint.dtype, zeroPoint.data, groups),
  }
}
