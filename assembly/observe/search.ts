/**
 * The range of the least L2 error (PyTorch's HistogramObserver): quantiles close in from both ends in steps of 1e-5, the end that would skip more
 * bins moves, and the walk stops when the error grows. The density inside a bin is taken to be uniform.
 *
 * With w the width of a bin (f64), W = w · (last − first + 1) / codes the width of a code, and for bin i, in float32:
 *   b = (i − first)·w, t = b + w; B, T = the codes of b and t, clamp(floor(·/W), 0, codes − 1)
 *   error = N(b − (B + ½)W, W/2) + (T − B − 1)·N(−W/2, W/2) + N(−W/2, t − (T·W + W/2)),   N(p, q) = density · (q³ − p³)/3
 * and the errors are added as torch.sum adds (sum.ts).
 */
import { SearchParams } from "../abi.train";
import { SIMD } from "../tier";
import { sum } from "./sum";

const STEP: f64 = 1e-5;

/** clamp(floor(a / b), 0, top). The quotient of two floats below 2²² is never rounded onto an integer in f64; a − a carries NaN and ∞. */
// @ts-ignore: decorator
@inline function codeOf(a: f32, b: f64, top: f64): f32 {
  return f32(max<f64>(0, min<f64>(top, floor<f64>(f64(a) / b))) + f64(a - a));
}

// @ts-ignore: decorator
@inline function codesOf(a: v128, b: v128, top: v128): v128 {
  const zero = f64x2.splat(0), high = v128.shuffle<u32>(a, a, 2, 3, 2, 3);
  const q0 = f64x2.floor(f64x2.div(f64x2.promote_low_f32x4(a), b)), q1 = f64x2.floor(f64x2.div(f64x2.promote_low_f32x4(high), b));
  const c0 = f32x4.demote_f64x2_zero(f64x2.max(zero, f64x2.min(top, q0))), c1 = f32x4.demote_f64x2_zero(f64x2.max(zero, f64x2.min(top, q1)));
  return f32x4.add(v128.shuffle<u32>(c0, c1, 0, 1, 4, 5), f32x4.sub(a, a));
}

// @ts-ignore: decorator
@inline function cube(x: f32): f32 {
  return x * x * x;
}

// @ts-ignore: decorator
@inline function cubes(x: v128): v128 {
  return f32x4.mul(f32x4.mul(x, x), x);
}

/** error(first, last), the norms in q.norms. */
function errorOf(q: SearchParams, first: i32, last: i32): f64 {
  const bins = q.bins, width = (f64(q.max) - f64(q.min)) / f64(bins), code = width * f64(last - first + 1) / f64(q.codes);
  if (code == 0) return 0;
  const w = f32(width), W = f32(code), half = f32(code / 2), minus = f32(-code / 2), divisor = f64(W), top = f64(q.codes) - 1;
  const right = cube(half), left = cube(minus), whole = (right - left) / 3;
  let i = 0;
  if (SIMD) {
    const w4 = f32x4.splat(w), W4 = f32x4.splat(W), half4 = f32x4.splat(half), divisor2 = f64x2.splat(divisor), top2 = f64x2.splat(f64(f32(top)));
    const right4 = f32x4.splat(right), left4 = f32x4.splat(left), whole4 = f32x4.splat(whole), three = f32x4.splat(3), one = f32x4.splat(1), mid = f32x4.splat(0.5);
    let index = i32x4.add(i32x4.splat(-first), i32x4(0, 1, 2, 3));
    for (; i + 4 <= bins; i += 4, index = i32x4.add(index, i32x4.splat(4))) {
      const b = f32x4.mul(f32x4.convert_i32x4_s(index), w4), t = f32x4.add(b, w4), density = v128.load(q.density + (usize(i) << 2));
      const B = codesOf(b, divisor2, top2), T = codesOf(t, divisor2, top2);
      const p = f32x4.sub(b, f32x4.mul(f32x4.add(B, mid), W4)), r = f32x4.sub(t, f32x4.add(f32x4.mul(T, W4), half4));
      const n1 = f32x4.mul(density, f32x4.div(f32x4.sub(right4, cubes(p)), three));
      const n2 = f32x4.mul(f32x4.sub(f32x4.sub(T, B), one), f32x4.mul(density, whole4));
      const n3 = f32x4.mul(density, f32x4.div(f32x4.sub(cubes(r), left4), three));
      v128.store(q.norms + (usize(i) << 2), f32x4.add(f32x4.add(n1, n2), n3));
    }
  }
  const limit = f64(f32(top));
  for (; i < bins; i++) {
    const b = f32(i - first) * w, t = b + w, density = load<f32>(q.density + (usize(i) << 2));
    const B = codeOf(b, divisor, limit), T = codeOf(t, divisor, limit);
    const p = b - (B + f32(0.5)) * W, r = t - (T * W + half);
    const n1 = density * ((right - cube(p)) / 3), n2 = (T - B - 1) * (density * whole), n3 = density * ((cube(r) - left) / 3);
    store<f32>(q.norms + (usize(i) << 2), (n1 + n2) + n3);
  }
  return f64(sum(q.norms, bins));
}

/** Cumulative sums (added in f64, stored as f32) and densities; returns the total as torch.sum has it. */
function prepare(q: SearchParams): f64 {
  const w = f32((f64(q.max) - f64(q.min)) / f64(q.bins));
  let running: f64 = 0;
  for (let i: usize = 0, end = usize(q.bins) << 2; i < end; i += 4) {
    const h = load<f32>(q.histogram + i);
    running += f64(h);
    store<f32>(q.sums + i, f32(running));
    store<f32>(q.density + i, h / w);
  }
  return f64(sum(q.histogram, q.bins));
}

// @ts-ignore: decorator
@inline function sumAt(q: SearchParams, i: i32): f32 {
  return load<f32>(q.sums + (usize(i) << 2));
}

/** The bins l and r that the quantiles fall in only ever move inwards, so each scan goes on where the last one stopped. */
export function histogram_search(p: usize): void {
  const q = changetype<SearchParams>(p), total = prepare(q);
  let alpha: f64 = 0, beta: f64 = 1, best = f64.POSITIVE_INFINITY;
  let first = 0, last = q.bins - 1, l = 0, r = last;
  while (alpha < beta) {
    const nextAlpha = alpha + STEP, nextBeta = beta - STEP;
    const low = f32(nextAlpha * total), high = f32(nextBeta * total);
    l = max<i32>(first, min<i32>(l, last));
    r = min<i32>(last, max<i32>(r, first));
    while (l < last && sumAt(q, l) < low) l++;
    while (r > first && sumAt(q, r) > high) r--;
    let nextFirst = first, nextLast = last;
    if (l - first > last - r) {
      nextFirst = l;
      alpha = nextAlpha;
    } else {
      nextLast = r;
      beta = nextBeta;
    }
    if (nextFirst == first && nextLast == last) continue;
    const norm = errorOf(q, nextFirst, nextLast);
    if (norm > best) break;
    best = norm;
    first = nextFirst;
    last = nextLast;
  }
  store<i32>(q.chosen, first);
  store<i32>(q.chosen, last, 4);
}
