import type { Lowering } from './rule.js'

/** One axis of a view: its length, and the distance of its elements, in elements. */
export interface Axis { size: number; reduced: boolean; stride: number }

/** What a View of assembly/reduce/view.ts holds, as numbers. */
export interface ReducedView {
  readonly outer: number
  readonly rows: number
  readonly count: number
  readonly inner: number
  /** The int32 block as the kernels read it. */
  readonly words: Int32Array
}

/** Neighbouring axes of one kind as one axis; strides in elements. Axes of size 1 vanish. */
function merged(dims: readonly number[], reduced: (axis: number) => boolean): Axis[] {
  const axes: Axis[] = []
  let stride = 1
  for (let i = dims.length - 1; i >= 0; i--) {
    const size = dims[i]!
    if (size === 1) continue
    const next = axes[0]
    if (next?.reduced === reduced(i)) next.size *= size
    else axes.unshift({ size, reduced: reduced(i), stride })
    stride *= size
  }
  return axes
}

const product = (axes: readonly Axis[]): number => axes.reduce((n, a) => n * a.size, 1)

/**
 * The dense value of `dims` seen as kept and reduced axes.
 *
 * @param axes the reduced ones, counted from the front
 */
export function reducedView(dims: readonly number[], axes: readonly number[]): ReducedView {
  const all = merged(dims, (i) => axes.includes(i))
  const inner = all.length && !all[all.length - 1]!.reduced ? all.pop()!.size : 1
  const count = all.length && all[all.length - 1]!.reduced ? all.pop()!.size : 1
  return viewOf(all.filter((a) => !a.reduced), all.filter((a) => a.reduced), count, inner)
}

/** A view from its parts: kept and reduced axes in front, then `count` reduced elements, then `inner` kept ones. */
export function viewOf(kept: readonly Axis[], rows: readonly Axis[], count: number, inner: number): ReducedView {
  const pairs = [...kept, ...rows].flatMap((a) => [a.size, a.stride])
  const outer = product(kept)
  const rowCount = product(rows)
  return { outer, rows: rowCount, count, inner, words: Int32Array.of(outer, rowCount, count, inner, kept.length, rows.length, ...pairs) }
}

/** The view of input 0 under `axes`, as a table of the plan. */
export const viewTable = (l: Lowering, axes: readonly number[]): ReturnType<Lowering['table']> => l.table(reducedView(l.dims(0), axes).words)
