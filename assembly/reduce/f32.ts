import { ReduceParams } from "../abi";
import { div, root, splat } from "../math/lane";
import { log } from "../math/log";
import { SIMD } from "../tier";
import { column, columns16, Fold, get, rowMax, rowSum, xor } from "./fold";
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
    if (q.op <= ReduceOp.MEAN && inner > 1) columnsOf(Fold.PLAIN, q, x, y);
    else if (q.op < ReduceOp.MAX) {
      if (inner == 1) store<f32>(y, rowSum(x, v, 0, maskOf(q.op), squares(q.op)));
      else columnsOf(Fold.SUM, q, x, y);
    } else {
      if (inner == 1) store<f32>(y, rowMax(x, v, maskOf(q.op)));
      else columnsOf(Fold.MAX, q, x, y);
    }
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
// @ts-ignore: decorator
@inline
function columnsOf(kind: i32, q: ReduceParams, x: usize, y: usize): void {
  const v = changetype<View>(q.view), n = v.inner, mask = maskOf(q.op), square = squares(q.op);
  let i = 0;
  if (SIMD) {
    for (; i + 16 <= n; i += 16) columns16(kind, x + (i << 2), y + (i << 2), v, mask, square);
    if (i < n && n >= 4) for (; i < n; i += 4) {
      const at = min(i, n - 4) << 2;
      v128.store(y + at, column<v128>(kind, x + at, v, splat<v128>(0), mask, square));
    }
  }
  for (; i < n; i++) store<f32>(y + (i << 2), column<f32>(kind, x + (i << 2), v, 0, mask, square));
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
    case ReduceOp.LOG_SUM: return log<T>(s);
    case ReduceOp.MIN: return xor<T>(s, i32.MIN_VALUE);
    default: return s;
  }
}
