import { ReduceParams } from "../abi";
import { DType } from "../dtype";
import { loadF64, loadI64, sizeOf } from "../element";
import { splat } from "../math/lane";
import { SIMD } from "../tier";
import { get, rowMax, xor } from "./fold";
import { ReduceOp } from "./ops";
import { keptOffset, View } from "./view";

/**
 * ArgMax and ArgMin (op MAX or MIN) over one axis of any element type: the place of the first (or, with `last`, the last)
 * extreme element, as i64. NaN is passed over; where nothing is left the answer is 0. `rows` is 1.
 */
export function arg_reduce(p: usize): void {
  const q = changetype<ReduceParams>(p);
  const v = changetype<View>(q.view), n = v.inner, bytes = sizeOf(q.dtype);
  const wide = q.dtype == DType.INT64;
  for (let o = 0, y = q.y; o < v.outer; o++, y += n << 3) {
    const x = q.x + keptOffset(v, o) * bytes;
    let i = 0;
    if (q.dtype == DType.FLOAT32) {
      if (SIMD) for (; i + 4 <= n; i += 4) {
        const at = extremes<v128>(q, x + (i << 2));
        v128.store(y + (i << 3), i64x2.extend_low_i32x4_u(at));
        v128.store(y + (i << 3), i64x2.extend_high_i32x4_u(at), 16);
      }
      if (SIMD && n == 1) store<i64>(y, alone(q, x));
      else for (; i < n; i++) store<i64>(y + (i << 3), reinterpret<i32>(extremes<f32>(q, x + (i << 2))));
    } else for (; i < n; i++) store<i64>(y + (i << 3), wide ? extreme<i64>(q, x + i * bytes) : extreme<f64>(q, x + i * bytes));
  }
}

/** Places (integers, in the lanes' bits) of the extremes of one column or four neighbours. */
function extremes<T>(q: ReduceParams, x: usize): T {
  const v = changetype<View>(q.view), sign = q.op == ReduceOp.MIN ? i32.MIN_VALUE : 0, last = q.last;
  let best = splat<T>(-Infinity), at = splat<T>(0);
  for (let j = 0; j < v.count; j++, x += v.inner << 2) {
    const e = xor<T>(get<T>(x), sign), place = splat<T>(reinterpret<f32>(j));
    if (isVector<T>()) {
      const take = last ? f32x4.ge(e, best) : f32x4.gt(e, best);
      best = v128.bitselect(e, best, take);
      at = v128.bitselect(place, at, take);
    } else if (last ? e >= best : e > best) {
      best = e;
      at = place;
    }
  }
  return at;
}

/** The place of the extreme among neighbours: its value first, then where it stands. */
function alone(q: ReduceParams, x: usize): i32 {
  const v = changetype<View>(q.view), count = v.count, sign = q.op == ReduceOp.MIN ? i32.MIN_VALUE : 0;
  const best = xor<f32>(rowMax(x, v, sign), sign);
  if (best != best) return reinterpret<i32>(extremes<f32>(q, x)); // a NaN hides the extreme
  if (q.last) {
    let j = count - 1;
    while (load<f32>(x + (j << 2)) != best) j--;
    return j;
  }
  let j = 0;
  for (const four = f32x4.splat(best); j + 4 <= count && !v128.any_true(f32x4.eq(v128.load(x + (j << 2)), four));) j += 4;
  while (load<f32>(x + (j << 2)) != best) j++;
  return j;
}

function extreme<T>(q: ReduceParams, x: usize): i32 {
  const v = changetype<View>(q.view), stride = v.inner * sizeOf(q.dtype), least = q.op == ReduceOp.MIN, last = q.last;
  let best: T = 0, at = -1;
  for (let j = 0; j < v.count; j++, x += stride) {
    const e: T = isFloat<T>() ? <T>loadF64(x, q.dtype) : <T>loadI64(x, q.dtype);
    if (e != e || (at >= 0 && !(least ? e < best : e > best) && !(last && e == best))) continue;
    best = e;
    at = j;
  }
  return max(at, 0);
}
