import { HistogramObserver } from './histogram-observer.js'
import { MinMaxObserver } from './min-max-observer.js'
import { PerChannelMinMaxObserver } from './per-channel-observer.js'
import { FixedQParamsObserver, PlaceholderObserver, RecordingObserver, ReuseInputObserver } from './plain-observers.js'

/** The observers that PyTorch names, ready to be put into a QConfig. */

/** Activations of 7 bits: 0…127. */
export const defaultObserver = MinMaxObserver.withArgs({ quantMin: 0, quantMax: 127 })
export const defaultPlaceholderObserver = PlaceholderObserver.withArgs({})
export const defaultDebugObserver = RecordingObserver.withArgs({})
export const defaultWeightObserver = MinMaxObserver.withArgs({ dtype: 'qint8', qscheme: 'per_tensor_symmetric' })
/** Weights for kernels that cannot hold −128; 2⁻¹² keeps XNNPACK's requantization scale in its bounds. */
export const weightObserverRangeNeg127To127 = MinMaxObserver.withArgs({ dtype: 'qint8', qscheme: 'per_tensor_symmetric', quantMin: -127, quantMax: 127, eps: 2 ** -12 })
export const defaultHistogramObserver = HistogramObserver.withArgs({ quantMin: 0, quantMax: 127 })
export const defaultPerChannelWeightObserver = PerChannelMinMaxObserver.withArgs({ dtype: 'qint8', qscheme: 'per_channel_symmetric' })
export const perChannelWeightObserverRangeNeg127To127 = PerChannelMinMaxObserver.withArgs({ dtype: 'qint8', qscheme: 'per_channel_symmetric', quantMin: -127, quantMax: 127, eps: 2 ** -12 })
export const defaultDynamicQuantObserver = PlaceholderObserver.withArgs({ dtype: 'quint8', quantMin: 0, quantMax: 255, isDynamic: true })
export const defaultFloatQParamsObserver = PerChannelMinMaxObserver.withArgs({ dtype: 'quint8', qscheme: 'per_channel_affine_float_qparams', axis: 0 })
export const defaultFloatQParamsObserver4Bit = PerChannelMinMaxObserver.withArgs({ dtype: 'quint4x2', qscheme: 'per_channel_affine_float_qparams', axis: 0 })
/** Tanh. */
export const defaultFixedQParamsRangeNeg1to1Observer = FixedQParamsObserver.withArgs({ scale: 2 / 256, zeroPoint: 128, dtype: 'quint8', quantMin: 0, quantMax: 255 })
/** Sigmoid, Softmax. */
export const defaultFixedQParamsRange0to1Observer = FixedQParamsObserver.withArgs({ scale: 1 / 256, zeroPoint: 0, dtype: 'quint8', quantMin: 0, quantMax: 255 })
export const defaultSymmetricFixedQParamsObserver = defaultFixedQParamsRangeNeg1to1Observer
export const defaultAffineFixedQParamsObserver = defaultFixedQParamsRange0to1Observer
export const defaultReuseInputObserver = ReuseInputObserver.withArgs({})
