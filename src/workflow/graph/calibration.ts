import { DTYPES, arrayOf, elementCount, type DType } from '../../dtype.js'
import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { shapeInputs } from '../../graph/shape-inputs.js'
import { ENGINES, type EngineName } from '../../quantization/engines/engine.js'
import { loadObserver, saveObserver, type SavedObserver } from '../../quantization/state.js'
import { Tensor } from '../../value.js'
import type { Observers } from './activation-qparams.js'
import type { Observed } from './calibrate.js'
import { CALIBRATE_METHODS, type Batch, type Batches, type CalibrateMethod } from './options.js'
import type { PreparedGraph } from './prepare.js'

/** Which of how many parts of a calibration set were seen; parts count from 1. */
export interface Shards {
  readonly count: number
  readonly present: readonly number[]
}

/** A type of feeds; `data`, in decimal, where the contents decide shapes. */
interface SavedInput {
  readonly dtype: DType
  readonly dims: readonly number[]
  readonly data?: readonly string[]
}

/**
 * What observing a float model on data gave, as JSON: quantizeStatic starts from it instead of data, and parts made by several processes merge. What
 * is in it does not depend on how the ranges are used later: scheme, engine and weights may be chosen when quantizing.
 */
export interface Calibration {
  readonly format: 'octavo-calibration'
  readonly version: 1
  /** the file's name, and the SHA-256 of its bytes (with external data, of the digests of all files) */
  readonly model: { readonly name: string; readonly sha256: string }
  /** the engine that quantizeStatic takes unless it is given another */
  readonly engine: EngineName
  readonly calibrateMethod: CalibrateMethod
  /** whether the observed model's channels were evened out first */
  readonly equalize: boolean
  readonly batches: number
  readonly samples: number
  /** undefined: all data were seen, as far as anybody knows */
  readonly shards?: Shards
  /** types of the first batch */
  readonly inputs: Readonly<Record<string, SavedInput>>
  /** observers by the first value of their group, with the values that they watched */
  readonly groups: Readonly<Record<string, { readonly watch: readonly string[]; readonly state: SavedObserver }>>
}

/** A problem of a calibration; `what` begins with which one it is of. */
export const unusable = (what: string, details: Readonly<Record<string, unknown>> = {}): OctavoError => new OctavoError('CALIBRATION_INVALID', what, details)

/** What is told apart from batches by its format. */
export const isCalibration = (data: Batches | Calibration): data is Calibration => typeof data === 'object' && data !== null && 'format' in data && !(Symbol.iterator in data) && !(Symbol.asyncIterator in data)

/** What was observed, to be saved. */
export function saveCalibration(
  about: Pick<Calibration, 'model' | 'engine' | 'calibrateMethod' | 'equalize' | 'shards'>, graph: Graph, first: Batch, { groups }: Pick<PreparedGraph, 'groups'>, observers: Observers, { batches, samples }: Observed,
): Calibration {
  const decisive = shapeInputs(graph)
  const inputs = graph.inputs.map(({ name }) => {
    const { dtype, dims, data } = first[name]!
    return [name, { dtype, dims, ...(decisive.has(name) && { data: Array.from(data as ArrayLike<number | bigint>, String) }) }] as const
  })
  const saved = groups.flatMap(({ values, watch }) => (watch.length ? [[values[0]!, { watch, state: saveObserver(observers.get(values[0]!)!) }] as const] : []))
  return { format: 'octavo-calibration', version: 1, ...about, batches, samples, inputs: Object.fromEntries(inputs), groups: Object.fromEntries(saved) }
}

/** Feeds of the types that were calibrated with; zeros where contents decide nothing. @throws CALIBRATION_INVALID inputs that are not the model's */
export function sampleOf({ inputs }: Calibration, graph: Graph): Batch {
  return Object.fromEntries(graph.inputs.map(({ name, dtype }) => {
    const saved = Object.hasOwn(inputs, name) ? inputs[name]! : undefined
    if (saved?.dtype !== dtype) throw unusable(`the calibration has ${saved ? `${saved.dtype} for` : 'no'} input "${name}" of ${dtype}. Calibrate this model.`, { input: name })
    const data = arrayOf(dtype, elementCount(saved.dims))
    const big = dtype === 'int64' || dtype === 'uint64'
    saved.data?.forEach((v, i) => { data[i] = (big ? BigInt(v) : Number(v)) as never })
    return [name, new Tensor(dtype, data, saved.dims)]
  }))
}

/**
 * Puts saved states into the observers of a prepared graph. A graph that leaves more nodes in float has fewer groups: what it has must be there.
 *
 * @throws CALIBRATION_INVALID a group that was not observed, or on other values
 */
export function restoreObservers({ groups: saved, batches, samples }: Calibration, { groups }: Pick<PreparedGraph, 'groups'>, observers: Observers): Observed {
  for (const { values, watch } of groups) {
    if (!watch.length) continue
    const name = values[0]!, found = Object.hasOwn(saved, name) ? saved[name]! : undefined
    if (!found || !sameWords(found.watch, watch))
      throw unusable(`value "${name}" was not observed${found ? ` on its own: expected ${watch.join(', ')}, the calibration has ${found.watch.join(', ')}` : ''}. Calibrate with the same nodes included and excluded.`, { value: name })
    loadObserver(observers.get(name)!, found.state)
  }
  return { batches, samples }
}

export const sameWords = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((word, i) => word === b[i])

/**
 * A calibration from JSON text or what JSON.parse made of it.
 *
 * @param name what messages call it
 * @throws CALIBRATION_INVALID naming what is missing or wrong
 */
export function parseCalibration(json: unknown, name = 'the calibration'): Calibration {
  let value = json as Calibration
  if (typeof json === 'string') {
    try {
      value = JSON.parse(json) as Calibration
    } catch (cause) {
      throw new OctavoError('CALIBRATION_INVALID', `${name} is not JSON (${(cause as Error).message.replace(/\s+/g, ' ')}). Write it again with octavo calibrate.`, {}, cause)
    }
  }
  const wrong = fieldThatIsWrong(value)
  if (wrong) throw unusable(`${name}: ${wrong}. Write it again with octavo calibrate.`)
  return value
}

const isRecord = (v: unknown): v is Record<string, Record<string, unknown>> => typeof v === 'object' && v !== null && !Array.isArray(v)
const isCount = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0
const isText = (v: unknown): v is string => typeof v === 'string'

/** What is wrong with the fields of a calibration, in words. States are looked at when they are loaded. */
function fieldThatIsWrong(c: Calibration): string | undefined {
  if (!isRecord(c) || c.format !== 'octavo-calibration') return 'it is no calibration'
  if (c.version !== 1) return `expected version 1, got ${String(c.version)}`
  if (!isRecord(c.model) || !isText(c.model.name) || !isText(c.model.sha256)) return 'field model: expected name and sha256'
  if (!Object.hasOwn(ENGINES, c.engine)) return `field engine: expected ${Object.keys(ENGINES).join(', ')}, got ${String(c.engine)}`
  if (!CALIBRATE_METHODS.includes(c.calibrateMethod)) return `field calibrateMethod: expected ${CALIBRATE_METHODS.join(', ')}, got ${String(c.calibrateMethod)}`
  if (typeof c.equalize !== 'boolean') return 'field equalize: expected true or false'
  if (!isCount(c.batches) || !isCount(c.samples)) return 'fields batches, samples: expected whole numbers'
  if (c.shards !== undefined && !(isCount(c.shards.count) && Array.isArray(c.shards.present) && c.shards.present.every((k) => isCount(k) && k >= 1 && k <= c.shards!.count))) return 'field shards: expected count, and numbers from 1 to it in present'
  if (!isRecord(c.inputs) || !Object.values(c.inputs).every(isInput)) return 'field inputs: expected dtype and dims for each input'
  if (!isRecord(c.groups) || !Object.values(c.groups).every((g) => isRecord(g) && Array.isArray(g.watch) && g.watch.every(isText) && isRecord(g.state))) return 'field groups: expected watch and state for each'
  return undefined
}

function isInput(v: SavedInput): boolean {
  if (!isRecord(v) || !Object.hasOwn(DTYPES, v.dtype) || !Array.isArray(v.dims) || !v.dims.every(isCount) || elementCount(v.dims) > 2 ** 31) return false
  return v.data === undefined || (Array.isArray(v.data) && v.data.length === elementCount(v.dims) && v.data.every((n) => isText(n) && (v.dtype.endsWith('int64') ? /^-?\d+$/.test(n) : n.trim() !== '' && !Number.isNaN(Number(n)))))
}
