import { ReduceParams } from "../abi";
import { logarithm } from "../math/calls";
import { div, root, splat } from "../math/lane";
import { SIMD } from "../tier";
import { columnMax, columns16, columnSum, Fold, get, rowMax, rowSum, xor } from "./fold";
import { ReduceOp } from "./ops";
import { keptOffset, View } from "./view";

/**
 * ReduceSum, Mean, L1, L2, SumSquare, LogSum, Max and Min of float32. Sums in the order of reduce/fold.ts; a mean is the
 * sum divided by the number of elements. Reducing nothing gives 0, NaN, 0, 0, 0, −inf, −inf, +inf. Max and min of a NaN are NaN.
 */
export function f32_reduce(p: usize): void {
  const q = changetype<ReduceParams>(p);
  const v = changetype<View>(q.view), inner = v.inner;
  for (let o = 0, y = q.y; o < v.outer; o++, y += inner << 2) {
    const x = q.x + (keptOffset(v, o) << 2);
    if (inner > 1) columnsOf(q, x, y);
    else store<f32>(y, q.op < ReduceOp.MAX ? rowSum(x, v, 0, maskOf(q.op), squares(q.op)) : rowMax(x, v, maskOf(q.op)));
  }
  finish(q, v.outer * inner);
}

function maskOf(op: i32): i32 {
  if (op >= ReduceOp.MAX) return op == ReduceOp.MIN ? i32.MIN_VALUE : 0;
  return op == ReduceOp.L1 ? i32.MAX_VALUE : -1;
}

// @ts-ignore: decorator
@inline
function squares(op: i32): bool {
  return op == ReduceOp.L2 || op == ReduceOp.SUM_SQUARE;
}

/** `inner` outputs, the last vector overlapping the one before. */
function columnsOf(q: ReduceParams, x: usize, y: usize): void {
  const v = changetype<View>(q.view), n = v.inner, mask = maskOf(q.op), square = squares(q.op);
  let i = 0;
  if (SIMD) {
    for (; i + 16 <= n; i += 16) {
      const at = i << 2;
      if (q.op <= ReduceOp.MEAN) columns16(Fold.PLAIN, x + at, y + at, v, mask, square);
      else if (q.op < ReduceOp.MAX) columns16(Fold.SUM, x + at, y + at, v, mask, square);
      else columns16(Fold.MAX, x + at, y + at, v, mask, square);
    }
    if (i < n && n >= 4) for (; i < n; i += 4) {
      const at = min(i, n - 4) << 2;
      v128.store(y + at, columnOf<v128>(q.op, x + at, v, mask, square));
    }
  }
  for (; i < n; i++) store<f32>(y + (i << 2), columnOf<f32>(q.op, x + (i << 2), v, mask, square));
}

// @ts-ignore: decorator
@inline
function columnOf<T>(op: i32, x: usize, v: View, mask: i32, square: bool): T {
  return op < ReduceOp.MAX ? columnSum<T>(x, v, splat<T>(0), mask, square) : columnMax<T>(x, v, mask);
}

/** What follows the fold, over all outputs at once. */
function finish(q: ReduceParams, count: i32): void {
  const v = changetype<View>(q.view), size = <f32>v.rows * <f32>v.count;
  let y = q.y;
  const end = y + (count << 2);
  if (SIMD) for (; y + 16 <= end; y += 16) v128.store(y, finished<v128>(q.op, get<v128>(y), size));
  for (; y < end; y += 4) store<f32>(y, finished<f32>(q.op, get<f32>(y), size));
}

// @ts-ignore: decorator
@inline
function finished<T>(op: i32, s: T, size: f32): T {
  switch (op) {
    case ReduceOp.MEAN: return div<T>(s, splat<T>(size));
    case ReduceOp.L2: return root<T>(s);
    case ReduceOp.LOG_SUM: return logarithm<T>(s);
    case ReduceOp.MIN: return xor<T>(s, i32.MIN_VALUE);
    default: return s;
  }
}
