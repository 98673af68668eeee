/**
 * The range of the least relative entropy (ONNX Runtime's entropy calibration): candidates around the middle of a histogram grow by a bin on each side;
 * what lies outside is counted in the outermost bins (p), what lies inside is stored in `codes` bins and spread again evenly over those that are not empty (q).
 *
 *   D = Σ p·log(p / q) over the normalised distributions, every operation in float32 and sums in NumPy's order
 *
 * Source: onnxruntime/quantization/calibrate.py, get_entropy_threshold; Migacz, "8-bit inference with TensorRT" (2017).
 */
import { EntropyParams } from "../abi.train";

/** What an empty bin is given, so that its logarithm exists. */
const EPS: f64 = 0.0001;

/** f32[8]: running sums */
const sums = memory.data(8 * 4, 16);

/** numpy.sum of float32: halves down to 128 elements, there eight running sums. Candidates can be equal up to rounding, so the order counts. */
function sumOf(x: usize, count: i32): f32 {
  if (count > 128) {
    const half = (count >> 1) - ((count >> 1) & 7);
    return sumOf(x, half) + sumOf(x + (usize(half) << 2), count - half);
  }
  memory.fill(sums, 0, 32);
  const whole = count < 8 ? 0 : count & ~7;
  for (let i = 0; i < whole; i++) {
    const at = sums + (usize(i & 7) << 2);
    store<f32>(at, load<f32>(at) + load<f32>(x + (usize(i) << 2)));
  }
  const a = load<f32>(sums) + load<f32>(sums, 4), b = load<f32>(sums, 8) + load<f32>(sums, 12);
  const c = load<f32>(sums, 16) + load<f32>(sums, 20), d = load<f32>(sums, 24) + load<f32>(sums, 28);
  let sum = (a + b) + (c + d);
  for (let i = whole; i < count; i++) sum += load<f32>(x + (usize(i) << 2));
  return sum;
}

/** The candidate: n bins, and how many counts lie below and above them. */
let inner: usize = 0, n: i32 = 0, below: f64 = 0, above: f64 = 0;

// @ts-ignore: decorator
@inline function inside(i: i32): f64 {
  return load<f64>(inner + (usize(i) << 3));
}

// @ts-ignore: decorator
@inline function kept(i: i32): f64 {
  let count = inside(i);
  if (i == 0) count += below;
  if (i == n - 1) count += above;
  return count;
}

/** Gives the empty ones of n bins EPS, taken from the others in equal parts. 0 when all are empty. Counts are whole numbers, stored as float64. */
function smooth(counts: usize, to: usize): bool {
  let zeros = 0;
  for (let i: usize = 0, end = usize(n) << 3; i < end; i += 8) if (load<f64>(counts + i) == 0) zeros++;
  if (zeros == n) return false;
  const less = f32((EPS * f64(zeros)) / f64(n - zeros)), empty = f32(EPS);
  for (let i = 0; i < n; i++) {
    const count = load<f64>(counts + (usize(i) << 3));
    store<f32>(to + (usize(i) << 2), count == 0 ? empty : f32(count) - less);
  }
  return true;
}

/** Each code's count spread over its bins that are not empty, as whole numbers; what is left over behind the last code's bins stays empty. */
function spread(to: usize, codes: i32): void {
  const width = n / codes;
  memory.fill(to, 0, usize(n) << 3);
  for (let code = 0; code < codes; code++) {
    const start = code * width, end = start + width, last = code == codes - 1 ? n : end;
    let sum: f64 = 0, filled = 0;
    for (let i = start; i < last; i++) sum += inside(i);
    for (let i = start; i < end; i++) if (kept(i) != 0) filled++;
    if (!filled) continue;
    const share = trunc<f64>(sum / f64(filled));
    for (let i = start; i < end; i++) store<f64>(to + (usize(i) << 3), share);
  }
}

/** D of n smoothed bins; ∞ where one is not positive. Terms replace p. Neighbours are often alike, and then their logarithms are. */
function divergence(p: usize, q: usize): f32 {
  const ofP = sumOf(p, n), ofQ = sumOf(q, n);
  let ratio: f32 = 1, logarithm: f32 = 0;
  for (let i: usize = 0, end = usize(n) << 2; i < end; i += 4) {
    const a = load<f32>(p + i) / ofP, b = load<f32>(q + i) / ofQ;
    if (!(a > 0 && b > 0)) return f32.POSITIVE_INFINITY;
    const r = a / b;
    if (r != ratio) {
      ratio = r;
      logarithm = f32(Math.log(f64(r)));
    }
    store<f32>(p + i, a * logarithm);
  }
  return sumOf(p, n);
}

/** Where the range of the least entropy starts, of equals the smallest; it ends as far behind the middle, but at the last bin. */
export function histogram_entropy(p: usize): void {
  const q = changetype<EntropyParams>(p), bins = q.bins, middle = bins / 2;
  let total: f64 = 0, best = f32.POSITIVE_INFINITY, chosen = -1;
  for (let i: usize = 0, end = usize(bins) << 3; i < end; i += 8) total += load<f64>(q.counts + i);
  const half = q.codes / 2;
  below = 0;
  for (let i = 0; i < middle - half; i++) below += load<f64>(q.counts + (usize(i) << 3));
  above = total - below;
  for (let i = middle - half, end = min<i32>(middle + half + 1, bins); i < end; i++) above -= load<f64>(q.counts + (usize(i) << 3));
  for (let i = half; i <= middle; i++) {
    const start = middle - i, end = min<i32>(middle + i + 1, bins);
    if (i > half) {
      below -= load<f64>(q.counts + (usize(start) << 3));
      if (end == middle + i + 1) above -= load<f64>(q.counts + (usize(end - 1) << 3));
    }
    inner = q.counts + (usize(start) << 3);
    n = end - start;
    for (let k = 0; k < n; k++) store<f64>(q.scratch + (usize(k) << 3), kept(k));
    let error = f32.POSITIVE_INFINITY;
    if (smooth(q.scratch, q.p)) {
      spread(q.scratch, q.codes);
      if (smooth(q.scratch, q.q)) error = divergence(q.p, q.q);
    }
    if (chosen < 0 || error < best) {
      best = error;
      chosen = start;
    }
  }
  store<i32>(q.chosen, chosen);
}
