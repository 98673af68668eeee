import { OctavoError } from '../../errors.js'
import { EntropyObserver, PercentileObserver } from '../../quantization/calibration-observer.js'
import { engineOf, type Engine, type EngineName } from '../../quantization/engines/engine.js'
import { HistogramObserver } from '../../quantization/histogram-observer.js'
import { MinMaxObserver, MovingAverageMinMaxObserver } from '../../quantization/min-max-observer.js'
import type { UniformObserver, UniformOptions } from '../../quantization/observer-base.js'
import { calculateQMinQMax } from '../../quantization/qparams.js'
import { CALIBRATE_METHODS, type CalibrateMethod, type QuantizeStaticOptions } from './options.js'

/** Options with nothing left open: what converting and observing follow. */
export interface Settings {
  readonly engineName: EngineName
  readonly engine: Engine
  readonly perChannel: boolean
  readonly reduceRange: boolean
  readonly weightType: 'int8' | 'uint8'
  readonly weightSymmetric: boolean
  readonly activationType: 'uint8' | 'int8'
  readonly activationReduceRange: boolean
  readonly activationSymmetric: boolean
  readonly calibrateMethod: CalibrateMethod
}

const invalid = (option: string, expected: string, got: unknown): OctavoError =>
  new OctavoError('OPTION_INVALID', `option ${option}: expected ${expected}, got ${String(got)}.`, { option, got })

function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) throw invalid(option, allowed.join(', '), value)
  return value
}

/**
 * Fills in the defaults.
 *
 * @throws ENGINE_UNKNOWN; OPTION_INVALID a value that is none of those allowed, or options that do not go together
 */
export function settingsOf(options: QuantizeStaticOptions): Settings {
  for (const name of ['perChannel', 'reduceRange', 'activationReduceRange', 'activationSymmetric', 'weightSymmetric'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'boolean') throw invalid(name, 'true or false', options[name])
  const weightType = oneOf('weightType', options.weightType ?? 'int8', ['int8', 'uint8'])
  const weightSymmetric = options.weightSymmetric ?? weightType === 'int8'
  if (options.perChannel && !weightSymmetric)
    throw new OctavoError('OPTION_INVALID', 'options perChannel and weightSymmetric: weights with a scale for each channel need one zero point for all, which only symmetric ones have. Set weightSymmetric: true, or perChannel: false.', {})
  const engineName = options.engine ?? 'fbgemm', engine = engineOf(engineName)
  const settings: Settings = {
    engineName, engine, perChannel: options.perChannel ?? weightSymmetric, reduceRange: options.reduceRange ?? false, weightType, weightSymmetric,
    activationType: oneOf('activationType', options.activationType ?? 'uint8', ['uint8', 'int8']), activationReduceRange: options.activationReduceRange ?? engine.reduceRange,
    activationSymmetric: options.activationSymmetric ?? false,
    calibrateMethod: oneOf('calibrateMethod', options.calibrateMethod ?? 'histogram', CALIBRATE_METHODS),
  }
  makeObserver(settings, true) // options that an observer refuses are refused before anything is computed
  return settings
}

const OBSERVERS: Readonly<Record<CalibrateMethod, (options: UniformOptions) => UniformObserver>> = {
  minmax: (o) => new MinMaxObserver(o),
  movingAverage: (o) => new MovingAverageMinMaxObserver(o),
  histogram: (o) => new HistogramObserver(o),
  percentile: (o) => new PercentileObserver(o),
  entropy: (o) => new EntropyObserver(o),
}

/** Scheme and codes of activations; those that a product multiplies may have fewer. @throws OPTION_INVALID seven bits with symmetric uint8 */
const activationOptions = ({ activationReduceRange, activationType, activationSymmetric }: Settings, multiplied: boolean): UniformOptions & { dtype: 'quint8' | 'qint8' } => ({
  dtype: activationType === 'uint8' ? 'quint8' : 'qint8', reduceRange: multiplied && activationReduceRange, qscheme: activationSymmetric ? 'per_tensor_symmetric' : 'per_tensor_affine',
})

/** An observer for one group of activations. */
export const makeObserver = (settings: Settings, multiplied: boolean): UniformObserver => OBSERVERS[settings.calibrateMethod](activationOptions(settings, multiplied))

/** What decides the qparams of a range that nobody has to look for. */
export const rangeObserver = (settings: Settings, multiplied: boolean): UniformObserver => new MinMaxObserver(activationOptions(settings, multiplied))

/** Codes of what is multiplied, as said in the model's metadata. */
export function activationCodes(settings: Settings): string {
  const { dtype, reduceRange } = activationOptions(settings, true)
  const [min, max] = calculateQMinQMax(dtype, reduceRange ?? false)
  return `${settings.activationType} ${min}..${max}`
}
