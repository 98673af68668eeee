import { OctavoError } from '../errors.js'
import { neighbour } from './float32.js'
import type { Range } from './kernels.js'

/** The histograms of ONNX Runtime's calibration: numpy's, in float32, with bins added when the range grows. Loops here are over bins, never over elements. */

const f32 = Math.fround
/** A first batch of tiny values, then a large one, asks for any number of bins. */
const MOST_BINS = 2 ** 22

export interface Bins {
  /** float32[counts.length + 1], ascending */
  readonly edges: Float32Array
  /** The same as the next batch is counted by: new edges are float64 then, and rounded afterwards. */
  readonly limits: Float32Array
  /** whole numbers below 2⁵³ */
  readonly counts: Float64Array
  /** half the range that `grown` keeps symmetric */
  readonly threshold: number
}

/** `bins` equal parts of [low, high] as numpy.linspace cuts them; one value gets ½ on either side. */
export function edgesOf([low, high]: Range, bins: number): Float32Array {
  const [first, last] = low === high ? [f32(low - 0.5), f32(high + 0.5)] : [low, high]
  const step = f32(f32(last - first) / f32(bins))
  const edges = Float32Array.from({ length: bins + 1 }, (_, i) => f32(f32(i) * step) + first)
  edges[bins] = last
  return edges
}

/** Equal bins over a range. */
export function binsOf(range: Range, counts: Float64Array, threshold: number): Bins {
  const edges = edgesOf(range, counts.length)
  return { edges, limits: edges, counts, threshold }
}

/** Python's a // b of positive float32 values. */
function floorDivide(a: number, b: number): number {
  const quotient = f32(f32(a - (a % b)) / b), whole = Math.floor(quotient)
  return quotient - whole > 0.5 ? whole + 1 : whole
}

function limited(bins: number): number {
  if (bins > MOST_BINS)
    throw new OctavoError('CALIBRATION_INVALID', `the range grew so much since the first batch that its histogram would need ${bins} bins (limit ${MOST_BINS}). Put typical samples first, or use HistogramObserver.`, { bins })
  return bins
}

/** The histogram over a range that reaches to ±`reach`: bins of the same width are added on both sides. @throws CALIBRATION_INVALID */
export function grown(old: Bins, reach: number): Bins {
  if (reach <= old.threshold) return old
  const had = old.counts.length
  if (old.threshold === 0) return binsOf([-reach, reach], old.counts, reach)
  const stride = f32(f32(2 * old.threshold) / f32(had))
  const side = floorDivide(f32(reach - old.threshold), stride) + 1
  const counts = new Float64Array(limited(had + 2 * side))
  counts.set(old.counts, side)
  const threshold = f32(f32(f32(side) * stride) + old.threshold)
  return binsOf([-threshold, threshold], counts, threshold)
}

/** The least float32 that is not below v ≥ 0: the same float32 values are ≥ it. */
const roundedUp = (v: number): number => (f32(v) < v ? neighbour(f32(v), true) : f32(v))
/** The greatest float32 that is not above v > 0. */
const roundedDown = (v: number): number => (f32(v) > v ? neighbour(f32(v), false) : f32(v))

/** The histogram of absolute values up to `reach`: bins as wide as the first are added above. @throws CALIBRATION_INVALID */
export function extended(old: Bins, reach: number): Bins {
  const had = old.counts.length, last = old.edges[had]!
  if (!(reach > last)) return old
  const width = f32(old.edges[1]! - old.edges[0]!), start = f32(last + width)
  const more = limited(Math.ceil(f32(f32(f32(reach + width) - start) / width)))
  const edges = new Float32Array(had + 1 + more), limits = edges.slice(), counts = new Float64Array(had + more)
  edges.set(old.edges)
  limits.set(old.edges)
  counts.set(old.counts)
  const step = f32(start + width) - start
  for (let i = 0, at = had + 1; i < more; i++, at++) {
    const edge = start + i * step // numpy.arange of float32 values is float64
    edges[at] = edge
    limits[at] = i === more - 1 ? roundedDown(edge) : roundedUp(edge)
  }
  return { edges, limits, counts, threshold: old.threshold }
}

/** The histogram of both over a range that holds both, on the bins of `ours`: wider ranges add bins as a batch does, and the counts of `theirs` are carried over. */
export function merged(ours: Bins, theirs: Bins): Bins {
  if (ours.threshold === 0 && theirs.threshold > 0) return merged(theirs, ours)
  const wide = grown(ours, theirs.threshold), counts = wide.counts.slice()
  if (theirs.threshold === wide.threshold && theirs.counts.length === counts.length) theirs.counts.forEach((count, i) => { counts[i]! += count })
  else if (theirs.threshold === 0) counts[middleOf(counts)]! += theirs.counts.reduce((sum, count) => sum + count, 0)
  else carry(theirs, wide, counts)
  return { ...wide, counts }
}

/** The bin of zero. */
const middleOf = (counts: Float64Array): number => counts.length >> 1

/** Adds the counts of `from` to those of the bins of `into` that each lies over, by the share of its width and in whole numbers. */
function carry(from: Bins, into: Bins, counts: Float64Array): void {
  const bins = counts.length, perBin = bins / (2 * into.threshold), width = (2 * from.threshold) / from.counts.length
  from.counts.forEach((count, i) => {
    if (!count) return
    const start = Math.max(0, (i * width - from.threshold + into.threshold) * perBin), end = Math.min(bins, start + width * perBin)
    let given = 0
    for (let at = Math.min(bins - 1, Math.floor(start)); given < count; at++) {
      const upTo = at + 1 >= end ? count : Math.round((count * (at + 1 - start)) / (end - start))
      counts[at]! += upTo - given
      given = upTo
    }
  })
}
