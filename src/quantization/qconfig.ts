import { engineOf, type Engine } from './engines/engine.js'
import { HistogramObserver } from './histogram-observer.js'
import { MinMaxObserver } from './min-max-observer.js'
import type { ObserverBase, ObserverFactory } from './observer-base.js'
import {
  defaultDebugObserver, defaultDynamicQuantObserver, defaultFloatQParamsObserver, defaultFloatQParamsObserver4Bit, defaultObserver, defaultPerChannelWeightObserver, defaultPlaceholderObserver,
  defaultReuseInputObserver, defaultWeightObserver, perChannelWeightObserverRangeNeg127To127, weightObserverRangeNeg127To127,
} from './observers.js'
import { NoopObserver, PlaceholderObserver } from './plain-observers.js'
import { OctavoError } from '../errors.js'

/** How a layer is observed: factories of the observers (in training, of the fake-quantizes) for its result and for its weight. */
export class QConfig<T = ObserverBase> {
  /** @throws OPTION_INVALID an observer where a factory belongs: every layer needs one of its own */
  constructor(readonly activation: ObserverFactory<NoInfer<T>>, readonly weight: ObserverFactory<NoInfer<T>>) {
    for (const [name, factory] of Object.entries({ activation, weight }))
      if (typeof factory !== 'function' || !('observer' in factory)) throw new OctavoError('OPTION_INVALID', `QConfig ${name}: expected a factory, got ${typeof factory}. Use MinMaxObserver.withArgs({…}), not an observer.`, { name })
  }
}

/** A QConfig, or null: left in float. */
export type QConfigAny = QConfig | null

export const defaultQConfig = new QConfig(defaultObserver, defaultWeightObserver)
export const defaultDebugQConfig = new QConfig(defaultDebugObserver, defaultWeightObserver)
export const defaultPerChannelQConfig = new QConfig(defaultObserver, defaultPerChannelWeightObserver)
export const defaultDynamicQConfig = new QConfig(defaultDynamicQuantObserver, defaultWeightObserver)
export const perChannelDynamicQConfig = new QConfig(defaultDynamicQuantObserver, defaultPerChannelWeightObserver)
const float16 = PlaceholderObserver.withArgs({ dtype: 'float16' })
export const float16DynamicQConfig = new QConfig(PlaceholderObserver.withArgs({ dtype: 'float16', isDynamic: true }), float16)
export const float16StaticQConfig = new QConfig(float16, float16)
export const floatQParamsWeightOnlyQConfig = new QConfig(defaultPlaceholderObserver, defaultFloatQParamsObserver)
export const floatQParamsWeightOnlyQConfig4Bit = new QConfig(defaultPlaceholderObserver, defaultFloatQParamsObserver4Bit)
export const defaultReuseInputQConfig = new QConfig(defaultReuseInputObserver, NoopObserver.withArgs({}))
const signedHistogram = HistogramObserver.withArgs({ dtype: 'qint8', reduceRange: false, eps: 2 ** -12 })
export const defaultSymmetricQnnpackQConfig = new QConfig(signedHistogram, weightObserverRangeNeg127To127)
export const defaultPerChannelSymmetricQnnpackQConfig = new QConfig(signedHistogram, perChannelWeightObserverRangeNeg127To127)
export const defaultQuint8WeightQConfig = new QConfig(HistogramObserver.withArgs({}), MinMaxObserver.withArgs({}))

/** The observer of weights for a scheme of an engine. */
export const weightObserverOf = (scheme: Engine['weightScheme']): ObserverFactory => (scheme === 'per_channel_symmetric' ? defaultPerChannelWeightObserver : defaultWeightObserver)

/**
 * How a model is observed for an engine, after training (PyTorch's get_default_qconfig, version 0).
 *
 * @throws ENGINE_UNKNOWN
 */
export function getDefaultQConfig(engine = 'x86'): QConfig {
  const { reduceRange, weightScheme } = engineOf(engine)
  return new QConfig(HistogramObserver.withArgs({ reduceRange }), weightObserverOf(weightScheme))
}

function sameArgs(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every((name) => Object.is(a[name], b[name]))
}

const sameFactory = (a: ObserverFactory<unknown>, b: ObserverFactory<unknown>): boolean => a === b || (a.observer === b.observer && sameArgs(a.args, b.args))

/** Whether two configs make the same observers with the same options (PyTorch's qconfig_equals). */
export function qconfigEquals(a: QConfig<unknown> | null, b: QConfig<unknown> | null): boolean {
  if (!a || !b) return a === b
  return sameFactory(a.activation, b.activation) && sameFactory(a.weight, b.weight)
}
