import { elementCount } from '../dtype.js'
import { OctavoError } from '../errors.js'
import type { ScalarType } from './scalar-type.js'

/** Order of a tensor's elements in its storage: row-major, or images with the channel as the innermost axis. */
export type MemoryFormat = 'contiguous' | 'channels_last' | 'channels_last_3d'

/** Element type, shape and order: tensors that agree in these share one Kind, so that a plan is found by a number. */
export interface Kind {
  readonly id: number
  /** The id as part of a plan's key. */
  readonly key: string
  readonly dtype: ScalarType
  readonly shape: readonly number[]
  readonly format: MemoryFormat
  readonly numel: number
  /** Dims in the order of the storage. */
  readonly physical: readonly number[]
}

/** Kinds remembered; past it all are forgotten, which costs a new plan at most. */
const MAX_KINDS = 1 << 14
const kinds = new Map<string, Kind>()
let next = 0

/** @throws SHAPE_MISMATCH when a length is no non-negative integer, or the format does not fit the rank */
export function kindOf(dtype: ScalarType, shape: readonly number[], format: MemoryFormat = 'contiguous'): Kind {
  const key = `${dtype}${format}${shape}`
  const known = kinds.get(key)
  if (known) return known
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0)) throw new OctavoError('SHAPE_MISMATCH', `shape: expected non-negative integers, got [${shape}].`, { shape })
  if (kinds.size >= MAX_KINDS) kinds.clear()
  const dims = Object.freeze([...shape])
  const id = next++
  const kind: Kind = { id, key: `;${id}`, dtype, shape: dims, format, numel: elementCount(dims), physical: format === 'contiguous' ? dims : toLast(dims, format) }
  kinds.set(key, kind)
  return kind
}

function toLast(shape: readonly number[], format: MemoryFormat): readonly number[] {
  if (shape.length !== (format === 'channels_last' ? 4 : 5)) throw new OctavoError('SHAPE_MISMATCH', `memory format ${format}: expected ${format === 'channels_last' ? 4 : 5} axes, got [${shape}].`, { shape })
  return [shape[0]!, ...shape.slice(2), shape[1]!]
}

/** The channels-last format of a tensor of this rank; undefined where there is none. */
export const lastFormat = (rank: number): MemoryFormat | undefined => (rank === 4 ? 'channels_last' : rank === 5 ? 'channels_last_3d' : undefined)
