import { decodeBoxes, iou, type Box } from '../boxes.js'
import type { DecodeSpec } from '../schema.js'
import type { Call, Metric } from './metric.js'

/** Boxes of two models are the same thing when their class is the same and they overlap at least so much. */
export const SAME_THING = 0.5

/**
 * Pairs of boxes of the same class, each used once, the largest overlaps first; each pair's overlap is at least SAME_THING.
 */
export function matchBoxes(ours: readonly Box[], theirs: readonly Box[]): number[] {
  const pairs = ours.flatMap((a, i) => theirs.flatMap((b, j) => (a.class === b.class && iou(a, b) >= SAME_THING ? [{ i, j, overlap: iou(a, b) }] : [])))
  const [left, right] = [new Set<number>(), new Set<number>()]
  const matched: number[] = []
  for (const { i, j, overlap } of pairs.sort((a, b) => b.overlap - a.overlap)) {
    if (left.has(i) || right.has(j)) continue
    left.add(i)
    right.add(j)
    matched.push(overlap)
  }
  return matched
}

/**
 * What a detector finds: `boxes`, and beside another model `againstBoxes`, `matched`, `agreement` (2 · matched over both
 * counts; 1 when both found nothing), and the least and mean overlap of matched boxes.
 */
export function boxesMetric(spec: DecodeSpec): Metric {
  const decode = ({ runner, outputs, feeds }: Call) => decodeBoxes(spec, runner, outputs, feeds)
  const overlaps: number[] = []
  let ours = 0
  let theirs: number | undefined
  return {
    add(_sample, _index, call, against) {
      const found = decode(call)
      ours += found.length
      if (!against) return
      const other = decode(against)
      theirs = (theirs ?? 0) + other.length
      overlaps.push(...matchBoxes(found, other))
    },
    scores: () => ({
      boxes: ours,
      ...(theirs !== undefined && {
        againstBoxes: theirs, matched: overlaps.length, agreement: ours + theirs ? (2 * overlaps.length) / (ours + theirs) : 1,
        leastIou: overlaps.length ? Math.min(...overlaps) : null, meanIou: overlaps.length ? overlaps.reduce((a, b) => a + b, 0) / overlaps.length : null,
      }),
    }),
  }
}
