import { LrnParams } from "../abi";
import { exponential, logarithm } from "../math/calls";
import { add, div, mul, root, splat } from "../math/lane";
import { get } from "../reduce/fold";
import { SIMD } from "../tier";

/**
 * LRN: y = x / (bias + alpha · Σ x[k]²)^beta over the channels k from c − before to c + after that exist, summed from the
 * first on. The power is √v · √√v for beta = 0.75 and exp(beta · ln v) otherwise.
 */
export function f32_lrn(p: usize): void {
  const q = changetype<LrnParams>(p);
  const n = q.channels, stride = q.inner << 2;
  for (let o = 0, at = 0; o < q.outer; o++)
    for (let c = 0; c < n;) {
      const lo = max(-q.before, -c), hi = min(q.after, n - 1 - c);
      if (q.inner > 1) {
        let i = 0;
        if (SIMD) for (; i + 4 <= q.inner; i += 4) element<v128>(q, at + (i << 2), lo, hi, stride);
        for (; i < q.inner; i++) element<f32>(q, at + (i << 2), lo, hi, stride);
        at += stride;
        c++;
      } else if (SIMD && c >= q.before && c + 4 + q.after <= n) {
        element<v128>(q, at, -q.before, q.after, 4);
        at += 16;
        c += 4;
      } else {
        element<f32>(q, at, lo, hi, 4);
        at += 4;
        c++;
      }
    }
}

function element<T>(q: LrnParams, at: i32, lo: i32, hi: i32, stride: i32): void {
  const x = q.x + at;
  let s = splat<T>(0);
  for (let k = lo; k <= hi; k++) {
    const e = get<T>(x + k * stride);
    s = add<T>(s, mul<T>(e, e));
  }
  const y = div<T>(get<T>(x), power<T>(add<T>(splat<T>(q.bias), mul<T>(splat<T>(q.alpha), s)), q.beta));
  if (isVector<T>()) v128.store(q.y + at, y);
  else store<f32>(q.y + at, y);
}

// @ts-ignore: decorator
@inline
function power<T>(v: T, beta: f32): T {
  if (beta == 0.75) {
    const r = root<T>(v);
    return mul<T>(r, root<T>(r));
  }
  return exponential<T>(mul<T>(splat<T>(beta), logarithm<T>(v)));
}
