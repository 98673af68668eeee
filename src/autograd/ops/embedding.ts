import { OctavoError } from '../../errors.js'
import { indexing as inferIndexing } from '../../graph/infer/indexing.js'
import { logic as inferLogic } from '../../graph/infer/logic.js'
import { indexing as lowerIndexing } from '../../plan/lower/indexing.js'
import { logic as lowerLogic } from '../../plan/lower/logic.js'
import { fromArray } from '../create.js'
import { call, Op } from '../dispatch.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { take } from './movement.js'
import { ruleSet } from './rule-set.js'

const NORMS: Readonly<Record<number, string>> = { 1: 'ReduceL1', 2: 'ReduceL2' }

/** Rows `ids` of a table, those of a larger norm brought down to it. */
const RENORM = new Op<[most: number, p: number]>('embeddingRenorm', (r, [most, p]) => {
  const ids = r.x(1)
  const rows = r.node('Gather', [r.x(0), ids], { axis: 0 })
  const norm = r.node(NORMS[p]!, [rows, r.ints([1])], { keepdims: 1 })
  const shrunk = r.node('Div', [r.scalar('float32', most), r.node('Add', [norm, r.scalar('float32', 1e-7)])])
  const factor = r.node('Where', [r.node('Greater', [norm, r.scalar('float32', most)]), shrunk, r.scalar('float32', 1)])
  return [r.node('ScatterND', [r.x(0), r.reshape(ids, [r.shape(1)[0]!, 1]), r.node('Mul', [rows, factor])])]
}, ruleSet({ ...inferIndexing, ...inferLogic }, { ...lowerIndexing, ...lowerLogic }))

export interface EmbeddingOptions {
  /** Rows looked up are first brought down to this norm, in the table itself. */
  readonly maxNorm?: number | null
  readonly normType?: number
}

function renorm(weight: Tensor, ids: Tensor, { maxNorm, normType = 2 }: EmbeddingOptions): void {
  if (maxNorm === undefined || maxNorm === null || !ids.numel()) return
  if (!NORMS[normType]) throw new OctavoError('OPTION_INVALID', `embedding: normType must be 1 or 2, got ${normType}.`, { normType })
  weight.copy_(call(RENORM, [weight, ids.reshape(-1)], [maxNorm, normType]))
}

function checkTable(ids: Tensor, weight: Tensor, where: string): void {
  if (ids.dtype !== 'int64' && ids.dtype !== 'int32') throw new OctavoError('DTYPE_MISMATCH', `${where}: expected int64 or int32 indices, got ${ids.dtype}.`, { got: ids.dtype })
  if (weight.shape.length !== 2) mismatch(where, 'a table [rows, features]', weight.shape)
}

/**
 * Rows of a table.
 *
 * @param ids int64 or int32, any shape
 * @param weight [rows, features]
 * @returns [...ids, features]
 * @throws INPUT_MISMATCH for an id outside the table, DTYPE_MISMATCH, SHAPE_MISMATCH, OPTION_INVALID
 */
export function embedding(ids: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkTable(ids, weight, 'embedding')
  if (options.maxNorm) take(weight, 0, ids)
  renorm(weight, ids, options)
  return take(weight, 0, ids)
}

export type BagMode = 'sum' | 'mean' | 'max'

/** Operands: table, ids, bag of each id, what a row counts, bag sizes. Rows join their bags in order. */
const BAGS = new Op<[mode: BagMode, bags: number]>('embeddingBag', (r, [mode, bags]) => {
  const [count, features] = [r.shape(1)[0]!, r.shape(0)[1]!]
  const rows = r.node('Gather', [r.x(0), r.x(1)], { axis: 0 })
  const weighted = r.has(3) ? r.node('Mul', [rows, r.x(3, [count, 1])]) : rows
  const start = r.floats(new Float32Array(bags * features).fill(mode === 'max' ? -Infinity : 0), [bags, features])
  const joined = r.node('ScatterND', [start, r.x(2, [count, 1]), weighted], { reduction: mode === 'max' ? 'max' : 'add' })
  if (mode === 'sum') return [joined]
  const sizes = r.x(4, [bags, 1])
  const filled = r.node('Where', [r.node('Greater', [sizes, r.scalar('float32', 0)]), joined, r.scalar('float32', 0)])
  return [mode === 'max' ? filled : r.node('Div', [filled, r.node('Max', [sizes, r.scalar('float32', 1)])])]
}, ruleSet({ ...inferIndexing, ...inferLogic }, { ...lowerIndexing, ...lowerLogic }))

export interface EmbeddingBagOptions extends EmbeddingOptions {
  readonly mode?: BagMode
  /** What each row counts; mode sum only. Shape of the ids. */
  readonly perSampleWeights?: Tensor | null
  /** The last offset is the end, not a bag. */
  readonly includeLastOffset?: boolean
  /** Rows of this id are left out. */
  readonly paddingIdx?: number | null
}

/**
 * Sum, mean or maximum of the rows of each bag; an empty bag is 0.
 *
 * @param ids [bags, length], or [count] with offsets
 * @param offsets where each bag begins; the first is 0
 * @throws INPUT_MISMATCH for an id outside the table or offsets that do not grow, OPTION_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function embeddingBag(ids: Tensor, weight: Tensor, offsets?: Tensor | null, options: EmbeddingBagOptions = {}): Tensor {
  const { mode = 'mean', perSampleWeights, paddingIdx = null, includeLastOffset = false } = options
  checkTable(ids, weight, 'embeddingBag')
  if (!['sum', 'mean', 'max'].includes(mode)) throw new OctavoError('OPTION_INVALID', `embeddingBag: mode must be sum, mean or max, got ${String(mode)}.`, { mode })
  if (perSampleWeights && mode !== 'sum') throw new OctavoError('OPTION_INVALID', `embeddingBag: perSampleWeights needs mode sum, got ${mode}.`, { mode })
  if (perSampleWeights && `${perSampleWeights.shape}` !== `${ids.shape}`) mismatch('embeddingBag', `perSampleWeights [${ids.shape}]`, perSampleWeights.shape)
  const begins = bagBegins(ids, offsets, includeLastOffset)
  const rows = Array.from(ids.reshape(-1).elements() as ArrayLike<number | bigint>, Number)
  const wrong = rows.find((id) => !(id >= 0 && id < weight.shape[0]!))
  if (wrong !== undefined) throw new OctavoError('INPUT_MISMATCH', `embeddingBag: id ${wrong} is outside a table of ${weight.shape[0]} rows.`, { id: wrong })
  renorm(weight, ids, options)
  return pooled(weight, rows, begins, mode, perSampleWeights ?? undefined, paddingIdx === null ? null : paddingIdx < 0 ? paddingIdx + weight.shape[0]! : paddingIdx)
}

/** Where each bag begins, and after the last where it ends. */
function bagBegins(ids: Tensor, offsets: Tensor | null | undefined, includeLast: boolean): number[] {
  if (ids.shape.length === 2) {
    if (offsets) throw new OctavoError('OPTION_INVALID', 'embeddingBag: offsets are for ids of one axis; rows of a matrix are its bags.')
    return Array.from({ length: ids.shape[0]! + 1 }, (_, i) => i * ids.shape[1]!)
  }
  if (ids.shape.length !== 1) mismatch('embeddingBag', 'ids of 1 or 2 axes', ids.shape)
  if (!offsets || offsets.shape.length !== 1) throw new OctavoError('INPUT_MISSING', 'embeddingBag: ids of one axis need a vector of offsets.')
  const list = Array.from(offsets.elements() as ArrayLike<number | bigint>, Number)
  const begins = includeLast ? list : [...list, ids.numel()]
  if ((begins[0] ?? 0) !== 0 || begins.some((b, i) => i > 0 && b < begins[i - 1]!) || begins[begins.length - 1]! > ids.numel())
    throw new OctavoError('INPUT_MISMATCH', `embeddingBag: offsets must grow from 0 to at most ${ids.numel()}, got [${list}].`, { offsets: list })
  return begins
}

function pooled(weight: Tensor, ids: readonly number[], begins: readonly number[], mode: BagMode, counts: Tensor | undefined, padding: number | null): Tensor {
  const bags = Math.max(0, begins.length - 1)
  const kept: number[] = []
  const bagOf: bigint[] = []
  const sizes = new Float32Array(bags)
  for (let b = 0; b < bags; b++)
    for (let i = begins[b]!; i < begins[b + 1]!; i++) {
      if (ids[i] === padding) continue
      kept.push(i)
      bagOf.push(BigInt(b))
      sizes[b]!++
    }
  const rows = fromArray(BigInt64Array.from(kept, (i) => BigInt(ids[i]!)))
  const taken = counts && take(counts.reshape(-1), 0, fromArray(BigInt64Array.from(kept, BigInt)))
  return call(BAGS, [weight, rows, fromArray(BigInt64Array.from(bagOf)), taken, fromArray(sizes)], [mode, bags])
}
