import { at, type Operand } from '../../runtime/operand.js'
import type { Lowering } from './rule.js'

/** One axis of a copy: how often, and byte strides in source and target. */
export interface Axis {
  readonly count: number
  readonly x: number
  readonly y: number
}

/** Row-major byte strides of `dims` with elements of `bytes`. */
export function stridesOf(dims: readonly number[], bytes: number): number[] {
  const strides = Array<number>(dims.length)
  for (let i = dims.length - 1; i >= 0; i--) {
    strides[i] = bytes
    bytes *= dims[i]!
  }
  return strides
}

/** Rows of the kernel's axis table, outermost first. */
export const axisTable = (rows: readonly (readonly number[])[]): Int32Array => Int32Array.from(rows.flat())

/** The fewest axes, and the largest element, that describe the same copy; two axes at least, the last two being the kernel's leaf. */
export function normalize(bytes: number, axes: readonly Axis[]): { bytes: number; axes: Axis[] } {
  const merged: Axis[] = []
  for (const axis of axes.filter((a) => a.count !== 1).sort((a, b) => b.y - a.y)) {
    const outer = merged.at(-1)
    const joined = outer && outer.x === axis.x * axis.count && outer.y === axis.y * axis.count
    if (joined) merged.pop()
    merged.push(joined ? { ...axis, count: outer.count * axis.count } : axis)
  }
  const inner = merged.at(-1)
  if (inner && inner.x === bytes && inner.y === bytes) {
    bytes *= inner.count
    merged.pop()
  }
  const across = merged.findIndex((a) => a.x === bytes)
  if (across >= 0 && across < merged.length - 2 && merged.at(-1)!.y === bytes) merged.splice(-1, 0, ...merged.splice(across, 1))
  while (merged.length < 2) merged.unshift({ count: 1, x: 0, y: 0 })
  return { bytes, axes: merged }
}

/**
 * Emits the copy of elements of `bytes` from `x` to `y` along `axes` (any order), or nothing when an axis is empty. No two
 * indices may have the same target; the order of the moves is not defined.
 */
export function emitCopy(l: Lowering, x: Operand, y: Operand, bytes: number, axes: readonly Axis[]): void {
  if (axes.some((a) => a.count === 0)) return
  const copy = normalize(bytes, axes)
  l.emit('copy', { x, y, axes: l.table(axisTable(copy.axes.map((a) => [a.count, a.x, a.y]))), rank: copy.axes.length, bytes: copy.bytes })
}

/** A box of a row-major tensor: where it starts and the byte step of each axis. */
export interface Region {
  readonly operand: Operand
  readonly strides: readonly number[]
}

/** The region of a dense tensor of `dims` that begins at element `start`, stepping by `step` elements per axis. */
export function regionOf(operand: Operand, dims: readonly number[], bytes: number, start: readonly number[] = [], step: readonly number[] = []): Region {
  const dense = stridesOf(dims, bytes)
  return { operand: at(operand, dense.reduce((sum, s, i) => sum + s * (start[i] ?? 0), 0)), strides: dense.map((s, i) => s * (step[i] ?? 1)) }
}

/** Copies a box of `counts` elements from one region to another. */
export const emitRegion = (l: Lowering, x: Region, y: Region, counts: readonly number[], bytes: number): void =>
  emitCopy(l, x.operand, y.operand, bytes, counts.map((count, i) => ({ count, x: x.strides[i]!, y: y.strides[i]! })))

/** Writes the one element at `x` all over a region. */
export const emitFill = (l: Lowering, x: Operand, y: Region, counts: readonly number[], bytes: number): void =>
  emitRegion(l, { operand: x, strides: counts.map(() => 0) }, y, counts, bytes)
