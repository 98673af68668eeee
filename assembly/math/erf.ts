import { exp } from "./exp";
import { abs, add, atMost, held, mul, mulAdd, splat, sub, whenLess, withSign } from "./lane";

/** Where the two formulas meet. */
const SPLIT = memory.data<f32>([0.92]);
/** Where erf is 1. */
const MOST = memory.data<f32>([4]);
const P = memory.data<f32>([0.00008345228, -0.00081374386, 0.0052006342, -0.02685927, 0.11283694, -0.37612635, 0.12837917]);
const R = memory.data<f32>([0.00019718158, -0.0030556063, 0.022277081, -0.10403735, -0.63705975, -1.1277496, -0.0001774961]);

/** |x| < SPLIT: x + x·p(x²), p minimax of degree 6 (4.5e-10). */
// @ts-ignore: decorator
@inline function inner<T>(x: T): T {
  const t = mul<T>(x, x);
  let p = mulAdd<T>(held<T>(P), t, P + 4);
  p = mulAdd<T>(p, t, P + 8);
  p = mulAdd<T>(p, t, P + 12);
  p = mulAdd<T>(p, t, P + 16);
  p = mulAdd<T>(p, t, P + 20);
  p = mulAdd<T>(p, t, P + 24);
  return add<T>(mul<T>(p, x), x);
}

/** SPLIT ≤ x ≤ 4: 1 − e^p(x), p minimax of degree 6 to ln erfc x (1.6e-9 in erf). */
// @ts-ignore: decorator
@inline function outer<T>(x: T): T {
  let p = mulAdd<T>(held<T>(R), x, R + 4);
  p = mulAdd<T>(p, x, R + 8);
  p = mulAdd<T>(p, x, R + 12);
  p = mulAdd<T>(p, x, R + 16);
  p = mulAdd<T>(p, x, R + 20);
  p = mulAdd<T>(p, x, R + 24);
  return sub<T>(splat<T>(1), exp<T>(p));
}

/** erf x, at most 1.2 ulp off for every float32; ±1 from |x| ≥ 4; keeps −0 and NaN. */
// @ts-ignore: decorator
@inline export function erf<T>(x: T): T {
  const size = abs<T>(x);
  const bounded = atMost<T>(size, held<T>(MOST));
  return withSign<T>(whenLess<T>(size, held<T>(SPLIT), inner<T>(bounded), outer<T>(bounded)), x);
}
