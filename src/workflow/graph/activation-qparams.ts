import { OctavoError } from '../../errors.js'
import type { ObserverBase, UniformObserver } from '../../quantization/observer-base.js'
import { calculateQParams } from '../../quantization/qparams.js'
import type { PreparedGraph } from './prepare.js'
import { makeObserver, rangeObserver, type Settings } from './settings.js'

/** How one value becomes codes. */
export interface ActivationQParams {
  readonly dtype: 'uint8' | 'int8'
  /** real per step, a float32 number > 0 */
  readonly scale: number
  readonly zeroPoint: number
}

/** Observers by the first value of their group; groups of a fixed range have none. */
export type Observers = ReadonlyMap<string, UniformObserver>

/** One observer for each group. */
export const observersFor = ({ groups }: Pick<PreparedGraph, 'groups'>, settings: Settings): Observers =>
  new Map(groups.filter((g) => g.watch.length).map((g) => [g.values[0]!, makeObserver(settings)]))

/** Which values are shown to which observers. */
export function watchOf({ groups }: Pick<PreparedGraph, 'groups'>, observers: Observers): Map<string, readonly ObserverBase[]> {
  return new Map(groups.flatMap(({ values, watch }) => watch.map((name) => [name, [observers.get(values[0]!)!]] as const)))
}

/**
 * Qparams of every value that becomes codes, by name.
 *
 * @throws QPARAMS_INVALID nothing observed; CALIBRATION_INVALID a range that is not finite
 */
export function qparamsOf({ groups }: Pick<PreparedGraph, 'groups'>, observers: Observers, settings: Settings): Map<string, ActivationQParams> {
  return new Map(groups.flatMap(({ values, fixed }) => {
    const observer = observers.get(values[0]!)
    const qparams = observer ? read(values[0]!, observer, settings) : fixedQParams(fixed!, settings)
    return values.map((name) => [name, qparams] as const)
  }))
}

function read(name: string, observer: UniformObserver, { activationType }: Settings): ActivationQParams {
  const { scale, zeroPoint } = observer.calculateQParams()
  if (!(scale[0]! > 0 && scale[0]! < Infinity))
    throw new OctavoError('CALIBRATION_INVALID', `value "${name}": what was observed has no finite range (NaN, an infinity, or a range beyond float32). Look for the sample that holds it.`, { value: name })
  return { dtype: activationType, scale: scale[0]!, zeroPoint: zeroPoint[0]! }
}

function fixedQParams([min, max]: readonly [number, number], settings: Settings): ActivationQParams {
  const { scale, zeroPoint } = calculateQParams(Float32Array.of(min), Float32Array.of(max), rangeObserver(settings))
  return { dtype: settings.activationType, scale: scale[0]!, zeroPoint: zeroPoint[0]! }
}
