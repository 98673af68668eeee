import { OctavoError } from '../../errors.js'
import { engineOf } from '../../quantization/engines/engine.js'
import { HistogramObserver } from '../../quantization/histogram-observer.js'
import { MovingAverageMinMaxObserver } from '../../quantization/min-max-observer.js'
import { defaultFixedQParamsRange0to1Observer, defaultFixedQParamsRangeNeg1to1Observer, defaultPlaceholderObserver } from '../../quantization/observers.js'
import { NoopObserver } from '../../quantization/plain-observers.js'
import { MovingAveragePerChannelMinMaxObserver } from '../../quantization/per-channel-observer.js'
import { QConfig } from '../../quantization/qconfig.js'
import { defaultMapping, type QConfigMapping } from '../../quantization/qconfig-mapping.js'
import { Identity } from '../identity.js'
import type { Module } from '../module.js'
import { factory } from '../../quantization/observer-base.js'
import { FakeQuantize, FixedQParamsFakeQuantize, FusedMovingAvgObsFakeQuantize } from './fake-quantize.js'

/** The fake-quantizes and QAT configs that PyTorch names. */

const perTensor = { observer: MovingAverageMinMaxObserver }
const channels = { observer: MovingAveragePerChannelMinMaxObserver, axis: 0 }
const activation = { ...perTensor, quantMin: 0, quantMax: 255, dtype: 'quint8' } as const
const weight = { ...perTensor, quantMin: -128, quantMax: 127, dtype: 'qint8', qscheme: 'per_tensor_symmetric' } as const
const channelWeight = { ...channels, quantMin: -128, quantMax: 127, dtype: 'qint8', qscheme: 'per_channel_symmetric' } as const
/** Without −128, and with steps that XNNPACK can scale. */
const narrow = { quantMin: -127, quantMax: 127, eps: 2 ** -12 } as const

export const defaultFakeQuant = FakeQuantize.withArgs({ ...activation, qscheme: 'per_tensor_affine', reduceRange: true })
export const defaultWeightFakeQuant = FakeQuantize.withArgs(weight)
export const defaultDynamicFakeQuant = FakeQuantize.withArgs({ ...activation, isDynamic: true, averagingConstant: 1 })
export const defaultFixedQParamsRangeNeg1to1FakeQuant = FixedQParamsFakeQuantize.withArgs({ observer: defaultFixedQParamsRangeNeg1to1Observer })
export const defaultFixedQParamsRange0to1FakeQuant = FixedQParamsFakeQuantize.withArgs({ observer: defaultFixedQParamsRange0to1Observer })
/** Their older names. */
export const defaultSymmetricFixedQParamsFakeQuant = defaultFixedQParamsRangeNeg1to1FakeQuant
export const defaultAffineFixedQParamsFakeQuant = defaultFixedQParamsRange0to1FakeQuant
export const defaultPerChannelWeightFakeQuant = FakeQuantize.withArgs(channelWeight)
export const defaultHistogramFakeQuant = FakeQuantize.withArgs({ ...activation, observer: HistogramObserver, qscheme: 'per_tensor_affine', reduceRange: true })
export const defaultFusedActFakeQuant = FusedMovingAvgObsFakeQuantize.withArgs(activation)
export const defaultFusedWtFakeQuant = FusedMovingAvgObsFakeQuantize.withArgs(weight)
export const defaultFusedPerChannelWtFakeQuant = FusedMovingAvgObsFakeQuantize.withArgs(channelWeight)
export const fusedWtFakeQuantRangeNeg127To127 = FusedMovingAvgObsFakeQuantize.withArgs({ ...weight, ...narrow })
export const fusedPerChannelWtFakeQuantRangeNeg127To127 = FusedMovingAvgObsFakeQuantize.withArgs({ ...channelWeight, ...narrow })
const rows = { observer: MovingAveragePerChannelMinMaxObserver, qscheme: 'per_channel_affine_float_qparams', axis: 0, averagingConstant: 1 } as const
/** Tables of embeddings: a scale and a float zero point for each row. */
export const defaultEmbeddingFakeQuant = FakeQuantize.withArgs({ ...rows, dtype: 'quint8', quantMin: 0, quantMax: 255 })
export const defaultEmbeddingFakeQuant4Bit = FakeQuantize.withArgs({ ...rows, dtype: 'quint4x2' })

/** A QConfig of fake-quantizes: modules, not bare observers. */
export type QatQConfig = QConfig<Module>
const identity = factory<Module>(Identity, {}, {})
const symmetricActivation = FusedMovingAvgObsFakeQuantize.withArgs({ ...perTensor, quantMin: -128, quantMax: 127, dtype: 'qint8', reduceRange: false, eps: 2 ** -12 })

export const defaultQatQConfig: QatQConfig = new QConfig<Module>(defaultFakeQuant, defaultWeightFakeQuant)
export const defaultQatQConfigV2: QatQConfig = new QConfig<Module>(defaultFusedActFakeQuant, defaultFusedWtFakeQuant)
export const defaultDynamicQatQConfig: QatQConfig = new QConfig<Module>(defaultDynamicFakeQuant, defaultWeightFakeQuant)
export const defaultWeightOnlyQConfig: QatQConfig = new QConfig<Module>(identity, defaultWeightFakeQuant)
export const defaultActivationOnlyQConfig: QatQConfig = new QConfig<Module>(defaultFakeQuant, identity)
export const defaultSymmetricQnnpackQatQConfig: QatQConfig = new QConfig<Module>(symmetricActivation, fusedWtFakeQuantRangeNeg127To127)
export const defaultPerChannelSymmetricQnnpackQatQConfig: QatQConfig = new QConfig<Module>(symmetricActivation, fusedPerChannelWtFakeQuantRangeNeg127To127)
const unobserved = NoopObserver.withArgs({ dtype: 'float32' })
export const defaultEmbeddingQatQConfig = new QConfig<unknown>(unobserved, defaultEmbeddingFakeQuant)
export const defaultEmbeddingQatQConfig4Bit = new QConfig<unknown>(unobserved, defaultEmbeddingFakeQuant4Bit)

/**
 * How a model is trained for an engine (PyTorch's get_default_qat_qconfig). Version 0 observes and rounds in two steps, version 1 in one.
 *
 * @throws ENGINE_UNKNOWN, OPTION_INVALID for another version
 */
export function getDefaultQatQConfig(engine = 'x86', version = 1): QatQConfig {
  if (version !== 0 && version !== 1) throw new OctavoError('OPTION_INVALID', `getDefaultQatQConfig: expected version 0 or 1, got ${String(version)}.`, { version })
  const { reduceRange, weightScheme } = engineOf(engine)
  const byChannel = weightScheme === 'per_channel_symmetric'
  const options = { ...activation, reduceRange }
  return version === 0
    ? new QConfig<Module>(FakeQuantize.withArgs(options), byChannel ? defaultPerChannelWeightFakeQuant : defaultWeightFakeQuant)
    : new QConfig<Module>(FusedMovingAvgObsFakeQuantize.withArgs(options), byChannel ? defaultFusedPerChannelWtFakeQuant : defaultFusedWtFakeQuant)
}

/**
 * The mapping PyTorch makes for training for an engine (get_default_qat_qconfig_mapping): types by PyTorch's names.
 *
 * @throws as getDefaultQatQConfig
 */
export function getDefaultQatQConfigMapping(engine = 'x86', version = 1): QConfigMapping<QConfig<unknown>> {
  const config: QConfig<unknown> = getDefaultQatQConfig(engine, version), { activation } = config
  const { weightScheme, transposedWeightScheme } = engineOf(engine)
  return defaultMapping<QConfig<unknown>>({
    config, transposed: weightScheme === transposedWeightScheme ? config : new QConfig<unknown>(activation, defaultWeightFakeQuant), layerNorm: new QConfig<unknown>(activation, defaultPlaceholderObserver),
    fixed: (observer) => new QConfig<unknown>(FixedQParamsFakeQuantize.withArgs({ observer }), defaultWeightFakeQuant),
  })
}
