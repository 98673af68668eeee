import { DType } from "../dtype";
import { loadF64, loadI64, sizeOf, storeF64, storeI64 } from "../element";

/**
 * y[i] = y[i] ⊕ x[i] over n bytes. Sums and products of f32 are formed in f64 and rounded once, which is f32's own result
 * (53 bits ≥ 2·24 + 2). Max and min give NaN when either is NaN.
 */
export function combine(y: usize, x: usize, n: i32, dtype: i32, reduction: i32): void {
  const step = sizeOf(dtype);
  const real = dtype == DType.FLOAT32 || dtype == DType.FLOAT64;
  for (const end = y + n; y < end; y += step, x += step) {
    if (real) storeF64(y, reals(loadF64(y, dtype), loadF64(x, dtype), reduction), dtype);
    else storeI64(y, integers(loadI64(y, dtype), loadI64(x, dtype), reduction, dtype == DType.UINT64), dtype);
  }
}

function reals(a: f64, b: f64, reduction: i32): f64 {
  switch (reduction) {
    case 1: return a + b;
    case 2: return a * b;
    case 3: return max(a, b);
    default: return min(a, b);
  }
}

function integers(a: i64, b: i64, reduction: i32, unsigned: bool): i64 {
  if (reduction == 1) return a + b;
  if (reduction == 2) return a * b;
  const larger = unsigned ? <u64>a > <u64>b : a > b;
  return larger == (reduction == 3) ? a : b;
}
