import { exp } from "./exp";
import { abs, add, atMost, mul, mulAdd, splat, sub, whenLess, withSign } from "./lane";

/** Where the two formulas meet. */
const SPLIT: f32 = 0.92;

/** |x| < SPLIT: x + x·p(x²), p minimax of degree 6 (4.5e-10). */
// @ts-ignore: decorator
@inline function inner<T>(x: T): T {
  const t = mul<T>(x, x);
  let p = mulAdd<T>(splat<T>(0.00008345228), t, -0.00081374386);
  p = mulAdd<T>(p, t, 0.0052006342);
  p = mulAdd<T>(p, t, -0.02685927);
  p = mulAdd<T>(p, t, 0.11283694);
  p = mulAdd<T>(p, t, -0.37612635);
  p = mulAdd<T>(p, t, 0.12837917);
  return add<T>(mul<T>(p, x), x);
}

/** SPLIT ≤ x ≤ 4: 1 − e^p(x), p minimax of degree 6 to ln erfc x (1.6e-9 in erf). */
// @ts-ignore: decorator
@inline function outer<T>(x: T): T {
  let p = mulAdd<T>(splat<T>(0.00019718158), x, -0.0030556063);
  p = mulAdd<T>(p, x, 0.022277081);
  p = mulAdd<T>(p, x, -0.10403735);
  p = mulAdd<T>(p, x, -0.63705975);
  p = mulAdd<T>(p, x, -1.1277496);
  p = mulAdd<T>(p, x, -0.0001774961);
  return sub<T>(splat<T>(1), exp<T>(p));
}

/** erf x, at most 1.2 ulp off for every float32; ±1 from |x| ≥ 4; keeps −0 and NaN. */
// @ts-ignore: decorator
@inline export function erf<T>(x: T): T {
  const size = abs<T>(x);
  const bounded = atMost<T>(size, splat<T>(4));
  return withSign<T>(whenLess<T>(size, splat<T>(SPLIT), inner<T>(bounded), outer<T>(bounded)), x);
}
