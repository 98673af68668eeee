import { DTYPES, elementCount } from '../../dtype.js'
import { axisTable } from './copy.js'
import { bytesOf } from './movement.js'
import type { Lowering, LowerTable } from './rule.js'

/** Dims before, at and after an axis, multiplied. */
export const around = (dims: readonly number[], axis: number): { outer: number; length: number; inner: number } =>
  ({ outer: elementCount(dims.slice(0, axis)), length: dims[axis]!, inner: elementCount(dims.slice(axis + 1)) })

export const code = (l: Lowering, i = 0): number => DTYPES[l.input(i).dtype].code

/** What the indexed kernels share: rows of `bytes`, where they lie by axis, and the axes that indices name (length, byte stride). */
export interface Indexed {
  readonly axes: readonly { count: number; data: number; indices: number; dense: number }[]
  readonly tuple: readonly (readonly [number, number])[]
  readonly bytes: number
}

/** @param reduction of scatter: its code */
export function emitIndexed(l: Lowering, kernel: 'gather' | 'scatter', { axes, tuple, bytes }: Indexed, reduction = 0): void {
  const scatter = kernel === 'scatter'
  const used = axes.filter((a) => a.count !== 1)
  if (!used.length) used.push({ count: 1, data: 0, indices: 0, dense: 0 })
  if (used.some((a) => a.count === 0)) return
  l.emit(kernel, {
    data: scatter ? l.out() : l.in(0), indices: l.in(1), dense: scatter ? l.in(2) : l.out(),
    axes: l.table(axisTable(used.map((a) => [a.count, a.data, a.indices, a.dense]))), rank: used.length,
    tuple: l.table(axisTable(tuple)), depth: tuple.length, indexBytes: bytesOf(l, 1), bytes,
    dtype: code(l), reduction,
  })
}

function gatherRows(l: Lowering): void {
  const dims = l.dims(0)
  const { outer, length, inner } = around(dims, l.axis(l.int('axis', 0), dims.length))
  const row = inner * bytesOf(l)
  const count = elementCount(l.dims(1))
  emitIndexed(l, 'gather', {
    axes: [{ count: outer, data: length * row, indices: 0, dense: count * row }, { count, data: 0, indices: bytesOf(l, 1), dense: row }],
    tuple: [[length, row]], bytes: row,
  })
}

export const gather: LowerTable = { Gather: gatherRows }
