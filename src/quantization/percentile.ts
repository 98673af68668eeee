import type { Bins } from './calibration-bins.js'
import { kernels, type Range } from './kernels.js'

/**
 * Lower edges of the bins that a percentage of the counts reaches: half of the rest is cut from each end, or all of it from the upper end of a
 * histogram of absolute values, which gives ±edge.
 *
 * @param percentile 0 to 100
 */
export function percentileRange({ counts, edges }: Bins, percentile: number, absolute: boolean): Range {
  const cut = (100 - percentile) / 200
  const [low, high] = kernels().percentileBins(counts, absolute ? [0, percentile / 100] : [cut, 1 - cut])
  return absolute ? [-edges[high]!, edges[high]!] : [edges[low]!, edges[high]!]
}
