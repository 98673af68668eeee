import { elementCount } from '../dtype.js'
import { OctavoError } from '../errors.js'

/** A coded complaint about what an operation was given. */
export function mismatch(where: string, expected: string, got: unknown): never {
  throw new OctavoError('SHAPE_MISMATCH', `${where}: expected ${expected}, got ${typeof got === 'object' ? `[${String(got)}]` : String(got)}.`, { expected, got })
}

/** `axis` counted from the front. @throws SHAPE_MISMATCH outside [-rank, rank) */
export function axisOf(axis: number, rank: number, where: string): number {
  const least = Math.max(rank, 1)
  if (!Number.isInteger(axis) || axis < -least || axis >= least) mismatch(where, `an axis in [${-least}, ${least - 1}]`, axis)
  return axis < 0 ? axis + least : axis
}

/** Axes counted from the front; all of them when none are given. */
export const axesOf = (axes: number | readonly number[] | undefined, rank: number, where: string): number[] =>
  axes === undefined ? Array.from({ length: rank }, (_, i) => i) : (typeof axes === 'number' ? [axes] : axes).map((a) => axisOf(a, rank, where))

/** A shape with -1 for what remains of `numel` elements. @throws SHAPE_MISMATCH */
export function resolveShape(shape: readonly number[], numel: number, where: string): number[] {
  const open = shape.indexOf(-1)
  const result = [...shape]
  if (open >= 0) {
    const known = elementCount(shape.filter((_, i) => i !== open))
    if (!(known > 0) || numel % known) mismatch(where, `a shape that ${numel} elements fill`, shape)
    result[open] = numel / known
  }
  if (result.some((d) => !(Number.isInteger(d) && d >= 0)) || elementCount(result) !== numel) mismatch(where, `a shape of ${numel} elements`, shape)
  return result
}
