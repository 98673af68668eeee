import type { Bins } from './calibration-bins.js'
import { kernels, type Range } from './kernels.js'

/**
 * The range around the middle of the histogram whose quantized distribution is nearest to the histogram (least relative entropy; the smallest of
 * equals). assembly/observe/entropy.ts says how.
 *
 * @param codes bins that stand for the quantized values, at most the number of bins
 */
export function entropyRange({ counts, edges }: Bins, codes: number): Range {
  const start = kernels().entropyStart(counts, codes), middle = counts.length >> 1
  return [edges[start]!, edges[Math.min(2 * middle - start + 1, counts.length)]!]
}
