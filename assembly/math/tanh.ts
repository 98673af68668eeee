import { expm1Small } from "./exp";
import { abs, add, atMost, div, splat, withSign } from "./lane";

/**
 * tanh x = t / (t + 2), t = e^(2|x|) − 1, with x's sign: at most 2.5 ulp off for every float32. ±1 from |x| ≥ 9.02;
 * keeps −0, NaN and subnormals.
 */
// @ts-ignore: decorator
@inline export function tanh<T>(x: T): T {
  const bounded = atMost<T>(abs<T>(x), splat<T>(10));
  const t = expm1Small<T>(add<T>(bounded, bounded));
  return withSign<T>(div<T>(t, add<T>(t, splat<T>(2))), x);
}
