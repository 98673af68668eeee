import type { Bins } from './calibration-bins.js'
import type { Range } from './kernels.js'

const f32 = Math.fround
/** What an empty bin is given, so that its logarithm exists. */
const EPS = 0.0001

/** Counts with EPS in empty bins, taken from the others in equal parts; undefined when all are empty. float32, as ONNX Runtime. */
function smooth(counts: Float64Array): Float32Array | undefined {
  let zeros = 0
  for (let i = 0; i < counts.length; i++) if (counts[i] === 0) zeros++
  const rest = counts.length - zeros
  if (!rest) return undefined
  const empty = f32(EPS), less = f32((EPS * zeros) / rest), smoothed = new Float32Array(counts.length)
  for (let i = 0; i < counts.length; i++) smoothed[i] = counts[i] === 0 ? empty : f32(counts[i]!) - less
  return smoothed
}

/** numpy.sum of float32: halves down to 128 elements, there eight running sums. Candidates can be equal up to rounding, so the order counts. */
function sumOf(values: Float32Array, start = 0, end = values.length): number {
  const count = end - start
  if (count > 128) {
    const half = start + (count >> 1) - ((count >> 1) % 8)
    return f32(sumOf(values, start, half) + sumOf(values, half, end))
  }
  const whole = count < 8 ? start : end - (count % 8), sums = new Float32Array(8)
  for (let i = start; i < whole; i++) sums[(i - start) % 8]! += values[i]!
  const pair = (k: number): number => f32(sums[k]! + sums[k + 1]!)
  let sum = f32(f32(pair(0) + pair(2)) + f32(pair(4) + pair(6)))
  for (let i = whole; i < end; i++) sum = f32(sum + values[i]!)
  return sum
}

/** Σ p·log(p / q) of the normalised distributions, every operation in float32; ∞ where one is not positive. */
function divergence(p: Float32Array, q: Float32Array): number {
  const [ofP, ofQ] = [sumOf(p), sumOf(q)], terms = new Float32Array(p.length)
  for (let i = 0; i < p.length; i++) {
    const [a, b] = [f32(p[i]! / ofP), f32(q[i]! / ofQ)]
    if (!(a > 0 && b > 0)) return Infinity
    terms[i] = a * f32(Math.log(f32(a / b)))
  }
  return sumOf(terms)
}

/** What is left of `slice` when it is stored in `codes` bins: each code's count spread evenly over its bins that are not empty in `kept`, whole numbers. */
function quantized(slice: Float64Array, kept: Float64Array, codes: number): Float64Array {
  const width = Math.floor(slice.length / codes), spread = new Float64Array(slice.length)
  for (let code = 0; code < codes; code++) {
    const start = code * width, end = start + width
    let sum = 0, filled = 0
    for (let i = start; i < (code === codes - 1 ? slice.length : end); i++) sum += slice[i]!
    for (let i = start; i < end; i++) if (kept[i] !== 0) filled++
    if (filled) spread.fill(Math.trunc(sum / filled), start, end)
  }
  return spread
}

/**
 * The range around the middle of the histogram whose quantized distribution is nearest to the histogram (least relative entropy; the smallest of
 * equals). Candidates grow by a bin on each side; what lies outside is counted in the outermost bins.
 *
 * @param codes bins that stand for the quantized values, at most the number of bins
 * Source: onnxruntime/quantization/calibrate.py, get_entropy_threshold; Migacz, "8-bit inference with TensorRT" (2017).
 */
export function entropyRange({ counts, edges }: Bins, codes: number): Range {
  const bins = counts.length, middle = Math.floor(bins / 2), half = Math.floor(codes / 2)
  const below = new Float64Array(bins + 1)
  counts.forEach((count, i) => { below[i + 1] = below[i]! + count })
  let best: { range: Range; error: number } | undefined
  for (let i = half; i <= middle; i++) {
    const start = middle - i, end = Math.min(middle + i + 1, bins)
    const slice = counts.subarray(start, end), kept = slice.slice()
    kept[0]! += below[start]!
    kept[kept.length - 1]! += below[bins]! - below[end]!
    const p = smooth(kept), q = smooth(quantized(slice, kept, codes))
    const error = p && q ? divergence(p, q) : Infinity
    if (!best || error < best.error) best = { range: [edges[start]!, edges[end]!], error }
  }
  return best!.range
}
