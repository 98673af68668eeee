import { elementCount } from '../../dtype.js'
import type { NodeView } from '../node-view.js'

/** Products of one node. Each takes a row of a table that the planner writes, so a small file must not ask for millions. */
const MAX_PRODUCTS = 2 ** 18

/** numpy's matmul as a list of plain products: a 1-D operand is a row (left) or a column (right) whose axis the result drops. */
export interface MatmulShape {
  readonly m: number
  readonly k: number
  readonly n: number
  /** One entry per product: which m×k matrix of a meets which k×n matrix of b. */
  readonly pairs: readonly (readonly [a: number, b: number])[]
  readonly dims: readonly number[]
}

/** @throws SHAPE_MISMATCH for scalars, inner sizes that differ and batch axes that do not broadcast; WORK_EXCESSIVE beyond MAX_PRODUCTS */
export function matmulShape(view: NodeView, a: number, b: number, da = view.dims(a), db = view.dims(b)): MatmulShape {
  const mismatch = (): never => view.fail('SHAPE_MISMATCH', `inputs ${a} [${da}] and ${b} [${db}] cannot be multiplied as matrices`)
  if (!da.length || !db.length) return mismatch()
  const left = da.length === 1 ? [1, ...da] : da
  const right = db.length === 1 ? [...db, 1] : db
  const [m, k] = left.slice(-2) as [number, number]
  const [inner, n] = right.slice(-2) as [number, number]
  if (k !== inner) return mismatch()
  const rank = Math.max(left.length, right.length) - 2
  const batchOf = (dims: readonly number[]): number[] => [...Array<number>(rank - (dims.length - 2)).fill(1), ...dims.slice(0, -2)]
  const [ba, bb] = [batchOf(left), batchOf(right)]
  const batch = ba.map((d, i) => (d === bb[i] || bb[i] === 1 ? d : d === 1 ? bb[i]! : mismatch()))
  const dims = [...batch, ...(da.length === 1 ? [] : [m]), ...(db.length === 1 ? [] : [n])]
  const products = elementCount(batch)
  if (products > MAX_PRODUCTS) view.fail('WORK_EXCESSIVE', `it multiplies ${products} pairs of matrices, at most ${MAX_PRODUCTS} are planned. Merge batch axes into rows where one side is the same for all`)
  return { m, k, n, dims, pairs: pairsOf(batch, ba, bb) }
}

function pairsOf(batch: readonly number[], a: readonly number[], b: readonly number[]): [number, number][] {
  let pairs: [number, number][] = [[0, 0]]
  batch.forEach((size, axis) => {
    const at = (index: number, dims: readonly number[], i: number): number => index * dims[axis]! + (dims[axis] === 1 ? 0 : i)
    pairs = pairs.flatMap(([pa, pb]) => Array.from({ length: size }, (_, i): [number, number] => [at(pa, a, i), at(pb, b, i)]))
  })
  return pairs
}
