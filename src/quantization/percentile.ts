import type { Bins } from './calibration-bins.js'
import type { Range } from './kernels.js'

/** Index of the first cumulative share that is not below `share`; the number of bins when none is. */
function reaches(counts: Float64Array, total: number, share: number): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) {
    sum += counts[i]! / total
    if (sum >= share) return i
  }
  return counts.length
}

/**
 * Lower edges of the bins that a percentage of the counts reaches: half of the rest is cut from each end, or all of it from the upper end of a
 * histogram of absolute values, which gives ±edge.
 *
 * @param percentile 0 to 100
 */
export function percentileRange({ counts, edges }: Bins, percentile: number, absolute: boolean): Range {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (absolute) {
    const edge = edges[reaches(counts, total, percentile / 100)]!
    return [-edge, edge]
  }
  const cut = (100 - percentile) / 200
  return [edges[reaches(counts, total, cut)]!, edges[reaches(counts, total, 1 - cut)]!]
}
