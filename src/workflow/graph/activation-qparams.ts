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
  /** codes that the range was laid out for; values beyond it may reach the rest of the type's */
  readonly codes: readonly [min: number, max: number]
}

/** Observers by the first value of their group; groups of a fixed range have none. */
export type Observers = ReadonlyMap<string, UniformObserver>

/** One observer for each group. */
export const observersFor = ({ groups }: Pick<PreparedGraph, 'groups'>, settings: Settings): Observers =>
  new Map(groups.filter((g) => g.watch.length).map((g) => [g.values[0]!, makeObserver(settings, g.multiplied)]))

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
  return new Map(groups.flatMap(({ values, fixed, multiplied }) => {
    const observer = observers.get(values[0]!) ?? rangeObserver(settings, multiplied)
    const { scale, zeroPoint } = fixed ? calculateQParams(Float32Array.of(fixed[0]), Float32Array.of(fixed[1]), observer) : observer.calculateQParams()
    if (!(scale[0]! > 0 && scale[0]! < Infinity))
      throw new OctavoError('CALIBRATION_INVALID', `value "${values[0]!}": what was observed has no finite range (NaN, an infinity, or a range beyond float32). Look for the sample that holds it.`, { value: values[0] })
    const qparams: ActivationQParams = { dtype: settings.activationType, scale: scale[0]!, zeroPoint: zeroPoint[0]!, codes: [observer.quantMin, observer.quantMax] }
    return values.map((name) => [name, qparams] as const)
  }))
}
