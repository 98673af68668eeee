import { DTYPES, type DType } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { Tensor } from '../value.js'
import type { ObserverBase, StateDict } from './observer-base.js'

/** A buffer in JSON: numbers as JavaScript prints them, which is exact; 'nan', 'inf', '-inf' where JSON has none. */
interface SavedBuffer {
  readonly dtype: string
  readonly dims: readonly number[]
  readonly data: readonly (number | string)[]
}

/** What an observer saw, as JSON. Its options are not part of it: it is loaded into an observer made with the same. */
export interface SavedObserver {
  readonly observer: string
  readonly version: 3
  readonly state: Readonly<Record<string, SavedBuffer>>
}

const WORDS: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity, '-0': -0 }
const encode = (v: number): number | string => (Number.isNaN(v) ? 'nan' : v === Infinity ? 'inf' : v === -Infinity ? '-inf' : Object.is(v, -0) ? '-0' : v)

function decode(v: unknown): number {
  const number = typeof v === 'string' ? WORDS[v] : v
  if (typeof number === 'number') return number
  throw new OctavoError('CALIBRATION_INVALID', `saved observer: expected numbers, nan, inf or -inf, got ${JSON.stringify(v)}.`, {})
}

/** The state of an observer as JSON data. `loadObserver` gives back the same bits. */
export function saveObserver(observer: ObserverBase): SavedObserver {
  const buffers = Object.entries(observer.stateDict()).map(([name, { dtype, dims, data }]) => [name, { dtype, dims, data: Array.from(data as Float32Array, encode) }])
  return { observer: observer.constructor.name, version: 3, state: Object.fromEntries(buffers) as SavedObserver['state'] }
}

function tensorOf(name: string, saved: SavedBuffer): Tensor {
  const { dtype, dims, data } = saved ?? {}
  if (!Object.hasOwn(DTYPES, dtype) || !Array.isArray(dims) || !Array.isArray(data))
    throw new OctavoError('CALIBRATION_INVALID', `saved observer, ${name}: expected { dtype, dims, data }. Load what saveObserver gave.`, { name })
  return new Tensor(dtype as DType, data.map(decode), dims)
}

/**
 * Puts a saved state into an observer of the same class.
 *
 * @throws CALIBRATION_INVALID another class or version, buffers that are missing or of another shape; SHAPE_MISMATCH
 */
export function loadObserver<T extends ObserverBase>(observer: T, saved: SavedObserver): T {
  if (saved?.version !== 3 || saved.observer !== observer.constructor.name || typeof saved.state !== 'object')
    throw new OctavoError('CALIBRATION_INVALID', `saved observer: expected ${observer.constructor.name}, version 3, got ${String(saved?.observer)}, version ${String(saved?.version)}.`, {})
  const state: StateDict = {}
  for (const [name, buffer] of Object.entries(saved.state)) state[name] = tensorOf(name, buffer)
  observer.loadStateDict(state)
  return observer
}
