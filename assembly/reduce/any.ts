import { ReduceParams } from "../abi";
import { DType } from "../dtype";
import { loadF64, loadI64, sizeOf, storeF64, storeI64 } from "../element";
import { exp64, log64 } from "../math/f64";
import { ReduceOp } from "./ops";
import { keptOffset, rowOffset, View } from "./view";

/**
 * Every reduction of every element type, one element at a time in order, from `identity`: integers in s64 (wrapping to
 * their width at the end; a mean truncates), floats in float64, rounded once at the end. L2, LogSum and LogSumExp of
 * integers are computed in float64 too, and truncated.
 */
export function any_reduce(p: usize): void {
  const q = changetype<ReduceParams>(p);
  const v = changetype<View>(q.view), bytes = sizeOf(q.dtype), y = q.y;
  const floats = q.dtype == DType.FLOAT32 || q.dtype == DType.FLOAT64;
  const real = floats || q.op == ReduceOp.L2 || q.op == ReduceOp.LOG_SUM || q.op == ReduceOp.LOG_SUM_EXP;
  for (let o = 0, i = 0; o < v.outer; o++) {
    const x = q.x + keptOffset(v, o) * bytes;
    for (let k = 0; k < v.inner; k++, i++) {
      if (real) storeF64(y + i * bytes, reals(q, x + k * bytes), q.dtype);
      else storeI64(y + i * bytes, integers(q, x + k * bytes), q.dtype);
    }
  }
}

function reals(q: ReduceParams, x: usize): f64 {
  const size = <f64>changetype<View>(q.view).rows * <f64>changetype<View>(q.view).count;
  if (q.op == ReduceOp.LOG_SUM_EXP) {
    const top = fold<f64>(ReduceOp.MAX, q, x, 0, -Infinity);
    return abs(top) == Infinity ? top : top + log64(fold<f64>(q.op, q, x, top, 0));
  }
  const s = fold<f64>(q.op, q, x, 0, loadF64(q.identity, q.dtype));
  if (q.op == ReduceOp.MEAN) return s / size;
  if (q.op == ReduceOp.L2) return sqrt(s);
  return q.op == ReduceOp.LOG_SUM ? log64(s) : s;
}

function integers(q: ReduceParams, x: usize): i64 {
  const size = max(1, changetype<View>(q.view).rows * changetype<View>(q.view).count);
  const s = fold<i64>(q.op, q, x, 0, loadI64(q.identity, q.dtype));
  if (q.op != ReduceOp.MEAN) return s;
  return q.dtype == DType.UINT64 ? <i64>(<u64>s / size) : s / size;
}

/** `top` is what LogSumExp subtracts. */
function fold<T>(op: i32, q: ReduceParams, x: usize, top: T, s: T): T {
  const v = changetype<View>(q.view), bytes = sizeOf(q.dtype), stride = v.inner * bytes;
  for (let r = 0; r < v.rows; r++)
    for (let p = x + rowOffset(v, r) * bytes, j = v.count; j > 0; j--, p += stride) {
      const e = element<T>(p, q.dtype);
      switch (op) {
        case ReduceOp.L1: { s += e < 0 ? 0 - e : e; break; }
        case ReduceOp.L2:
        case ReduceOp.SUM_SQUARE: { s += e * e; break; }
        case ReduceOp.PROD: { s *= e; break; }
        case ReduceOp.MAX: { s = greatest<T>(s, e, q.dtype); break; }
        case ReduceOp.MIN: { s = least<T>(s, e, q.dtype); break; }
        case ReduceOp.LOG_SUM_EXP: { s += <T>exp64(<f64>(e - top)); break; }
        default: s += e;
      }
    }
  return s;
}

// @ts-ignore: decorator
@inline
function element<T>(p: usize, dtype: i32): T {
  if (isFloat<T>()) return <T>loadF64(p, dtype);
  else return <T>loadI64(p, dtype);
}

/** u64 codes compare without sign; a NaN wins. */
// @ts-ignore: decorator
@inline
function greatest<T>(a: T, b: T, dtype: i32): T {
  if (isFloat<T>()) return max<T>(a, b);
  else return dtype == DType.UINT64 ? <T>max<u64>(a, b) : max<T>(a, b);
}

// @ts-ignore: decorator
@inline
function least<T>(a: T, b: T, dtype: i32): T {
  if (isFloat<T>()) return min<T>(a, b);
  else return dtype == DType.UINT64 ? <T>min<u64>(a, b) : min<T>(a, b);
}
