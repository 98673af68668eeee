import { NormalizeParams } from "../abi";
import { add, div, mul, root, splat, sub } from "../math/lane";
import { columnSum, get, rowSum } from "../reduce/fold";
import { keptOffset, rowOffset, View } from "../reduce/view";
import { SIMD } from "../tier";

/** What NormalizeParams.deviation means. src/plan/lower/normalize.ts writes the same numbers. */
namespace Deviation {
  /** √(Σ d² / n + epsilon), d = x − mean */
  // @ts-ignore: decorator
  @inline export const ROOT_MEAN_SQUARE: i32 = 0;
  /** √(Σ d²) */
  // @ts-ignore: decorator
  @inline export const L2: i32 = 1;
  /** Σ |d| */
  // @ts-ignore: decorator
  @inline export const L1: i32 = 2;
}

/**
 * InstanceNormalization, GroupNormalization, LayerNormalization, RMSNormalization, MeanVarianceNormalization and
 * LpNormalization of float32: y = ((x − mean) · (1 / deviation)) · scale + bias, 1/deviation = 0 where the deviation is 0.
 * The mean is taken first, then the squares of the differences; both sums in the order of reduce/fold.ts.
 */
export function f32_normalize(p: usize): void {
  const q = changetype<NormalizeParams>(p);
  const v = changetype<View>(q.view), n = v.inner;
  for (let o = 0; o < v.outer; o++) {
    const at = keptOffset(v, o) << 2, weights = (o % q.groups) * q.groupStep << 2;
    if (n == 1) {
      group(q, at, o, weights);
      continue;
    }
    let i = 0;
    if (SIMD && n >= 4) for (; i < n; i += 4) {
      const j = min(i, n - 4);
      lanes<v128>(q, at + (j << 2), o * n + j, weights + (j * q.step << 2));
    }
    for (; i < n; i++) lanes<f32>(q, at + (i << 2), o * n + i, weights + (i * q.step << 2));
  }
}

// @ts-ignore: decorator
@inline
function maskOf(q: NormalizeParams): i32 {
  return q.deviation == Deviation.L1 ? i32.MAX_VALUE : -1;
}

// @ts-ignore: decorator
@inline
function put<T>(p: usize, x: T): void {
  if (isVector<T>()) v128.store(p, x);
  else store<f32>(p, x);
}

/** 1 / deviation from the sum over n = rows · count elements. */
// @ts-ignore: decorator
@inline
function inverse<T>(q: NormalizeParams, s: T): T {
  if (q.deviation == Deviation.ROOT_MEAN_SQUARE) s = add<T>(div<T>(s, size<T>(q)), splat<T>(q.epsilon));
  if (q.deviation != Deviation.L1) s = root<T>(s);
  s = add<T>(s, splat<T>(q.outerEpsilon));
  const r = div<T>(splat<T>(1), s);
  if (isVector<T>()) return v128.and(r, f32x4.ne(s, splat<T>(0)));
  else return s == 0 ? 0 : r;
}

// @ts-ignore: decorator
@inline
function size<T>(q: NormalizeParams): T {
  const v = changetype<View>(q.view);
  return splat<T>(<f32>v.rows * <f32>v.count);
}

/** One output whose elements lie side by side in each row. */
function group(q: NormalizeParams, at: i32, index: i32, weights: i32): void {
  const v = changetype<View>(q.view), x = q.x + at, square = q.deviation != Deviation.L1;
  const mean: f32 = q.center ? div<f32>(rowSum(x, v, 0, -1, false), size<f32>(q)) : 0;
  const inv = inverse<f32>(q, rowSum(x, v, mean, maskOf(q), square));
  keep<f32>(q, index, mean, inv);
  for (let r = 0; r < v.rows; r++) {
    const w = weights + (r * q.rowStep << 2), row = at + (rowOffset(v, r) << 2), end = row + (v.count << 2);
    let i = row;
    if (SIMD) for (; i + 16 <= end; i += 16) apply<v128>(q, i, w + (i - row) * q.step, q.step, splat<v128>(mean), splat<v128>(inv));
    for (; i < end; i += 4) apply<f32>(q, i, w + (i - row) * q.step, q.step, mean, inv);
  }
}

/** One output, or four neighbours, whose elements are `inner` apart. */
// @ts-ignore: decorator
@inline
function lanes<T>(q: NormalizeParams, at: i32, index: i32, weights: i32): void {
  const v = changetype<View>(q.view), x = q.x + at, zero = splat<T>(0), square = q.deviation != Deviation.L1;
  const mean = q.center ? div<T>(columnSum<T>(x, v, zero, -1, false), size<T>(q)) : zero;
  const inv = inverse<T>(q, columnSum<T>(x, v, mean, maskOf(q), square));
  keep<T>(q, index, mean, inv);
  for (let r = 0; r < v.rows; r++) {
    const w = weights + (r * q.rowStep << 2);
    for (let i = at + (rowOffset(v, r) << 2), j = v.count; j > 0; j--, i += v.inner << 2) apply<T>(q, i, w, q.step, mean, inv);
  }
}

// @ts-ignore: decorator
@inline
function keep<T>(q: NormalizeParams, index: i32, mean: T, inv: T): void {
  if (q.mean) put<T>(q.mean + (index << 2), mean);
  if (q.invStdDev) put<T>(q.invStdDev + (index << 2), inv);
}

/** The element, or four, at byte `i`; `step` 0 takes one weight for all four. */
// @ts-ignore: decorator
@inline
function apply<T>(q: NormalizeParams, i: i32, w: i32, step: i32, mean: T, inv: T): void {
  const scale = step ? get<T>(q.scale + w) : splat<T>(load<f32>(q.scale + w));
  const bias = step ? get<T>(q.bias + w) : splat<T>(load<f32>(q.bias + w));
  put<T>(q.y + i, add<T>(mul<T>(mul<T>(sub<T>(get<T>(q.x + i), mean), inv), scale), bias));
}
