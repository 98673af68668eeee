import { add, div, exponentOf, held, mantissaOf, mul, mulAdd, splat, sub, whenLess } from "./lane";

const SMALLEST_NORMAL = memory.data<f32>([1.17549435e-38]);
const TWO_23 = memory.data<f32>([8388608.0]);
const LN2_HIGH = memory.data<f32>([0.693359375]);
const LN2_LOW = memory.data<f32>([-2.12194440e-4]);
const R = memory.data<f32>([0.23582284, 0.28537303, 0.40000334, 0.66666663]);

/**
 * ln x, at most 0.8 ulp off for every float32: ln x = e·ln 2 + ln(1 + f), √½ ≤ 1 + f < √2, and with s = f / (2 + f)
 * ln(1 + f) = f − (f²/2 − s·(f²/2 + R(s²))), R minimax. log(0) = −∞, log(∞) = ∞, NaN below 0 and for NaN.
 */
// @ts-ignore: decorator
@inline export function log<T>(x: T): T {
  const tiny = held<T>(SMALLEST_NORMAL);
  const normal = whenLess<T>(x, tiny, mul<T>(x, held<T>(TWO_23)), x);
  const e = sub<T>(exponentOf<T>(normal), whenLess<T>(x, tiny, splat<T>(23), splat<T>(0)));
  const f = sub<T>(mantissaOf<T>(normal), splat<T>(1));
  const s = div<T>(f, add<T>(f, splat<T>(2)));
  const z = mul<T>(s, s);
  let r = mulAdd<T>(held<T>(R), z, R + 4);
  r = mulAdd<T>(r, z, R + 8);
  r = mul<T>(mulAdd<T>(r, z, R + 12), z);
  const h = mul<T>(mul<T>(f, f), splat<T>(0.5));
  const low = add<T>(mul<T>(s, add<T>(h, r)), mul<T>(e, held<T>(LN2_LOW)));
  const y = add<T>(mul<T>(e, held<T>(LN2_HIGH)), sub<T>(f, sub<T>(h, low)));
  return atTheEdges<T>(x, y);
}

// @ts-ignore: decorator
@inline function atTheEdges<T>(x: T, y: T): T {
  const zero = splat<T>(0), infinite = splat<T>(Infinity);
  const positive = whenLess<T>(zero, x, whenLess<T>(x, infinite, y, x), splat<T>(-Infinity)); // −∞ stands for zero here
  const ordered = whenLess<T>(x, zero, splat<T>(NaN), positive);
  return whenLess<T>(x, infinite, ordered, x); // +∞ and NaN answer themselves
}
