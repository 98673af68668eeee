import { SoftmaxParams } from "../abi";
import { logarithm } from "../math/calls";
import { exp } from "../math/exp";
import { div, splat, sub } from "../math/lane";
import { columnMax, columnSum, get, rowMax, rowSum } from "../reduce/fold";
import { keptOffset, View } from "../reduce/view";
import { SIMD } from "../tier";

/**
 * Softmax and LogSoftmax of float32 along one axis: e = exp(x − max), y = e / Σ e, or (x − max) − ln Σ e. The sum is in the
 * order of reduce/fold.ts. A row that holds NaN or +∞, or nothing but −∞, becomes NaN.
 */
export function f32_softmax(p: usize): void {
  const q = changetype<SoftmaxParams>(p);
  const v = changetype<View>(q.view), n = v.inner;
  for (let o = 0; o < v.outer; o++) {
    const at = keptOffset(v, o) << 2;
    if (n == 1) {
      row(q, q.x + at, q.y + at, v);
      continue;
    }
    let i = 0;
    if (SIMD && n >= 4) for (; i < n; i += 4) {
      const j = min(i, n - 4) << 2;
      lanes<v128>(q, q.x + at + j, q.y + at + j, v);
    }
    for (; i < n; i++) lanes<f32>(q, q.x + at + (i << 2), q.y + at + (i << 2), v);
  }
}

function row(q: SoftmaxParams, x: usize, y: usize, v: View): void {
  const top = rowMax(x, v, 0), whole = SIMD ? v.count >> 2 : 0, rest = v.count - (whole << 2), tail = whole << 4;
  if (SIMD) exponentials<v128>(x, y, whole, 16, splat<v128>(top));
  exponentials<f32>(x + tail, y + tail, rest, 4, top);
  const sum = rowSum(y, v, 0, -1, false);
  if (SIMD) results<v128>(q.log, x, y, whole, 16, splat<v128>(top), splat<v128>(sum));
  results<f32>(q.log, x + tail, y + tail, rest, 4, top, sum);
}

// @ts-ignore: decorator
@inline
function lanes<T>(q: SoftmaxParams, x: usize, y: usize, v: View): void {
  const stride = v.inner << 2;
  const top = columnMax<T>(x, v, 0);
  exponentials<T>(x, y, v.count, stride, top);
  results<T>(q.log, x, y, v.count, stride, top, columnSum<T>(y, v, splat<T>(0), -1, false));
}

function exponentials<T>(x: usize, y: usize, count: i32, stride: i32, top: T): void {
  for (; count > 0; count--, x += stride, y += stride) put<T>(y, exp<T>(sub<T>(get<T>(x), top)));
}

function results<T>(log: i32, x: usize, y: usize, count: i32, stride: i32, top: T, sum: T): void {
  if (log) sum = logarithm<T>(sum);
  for (; count > 0; count--, x += stride, y += stride)
    put<T>(y, log ? sub<T>(sub<T>(get<T>(x), top), sum) : div<T>(get<T>(y), sum));
}

// @ts-ignore: decorator
@inline
function put<T>(p: usize, x: T): void {
  if (isVector<T>()) v128.store(p, x);
  else store<f32>(p, x);
}
