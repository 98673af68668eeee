import { exp } from "./exp";
import { abs, add, div, splat, sub, whenLess } from "./lane";

/**
 * 1 / (1 + e⁻ˣ), at most 2.5 ulp off for every float32, subnormal results included: with z = e^−|x| it is 1 / (1 + z) on the
 * right and z / (1 + z) on the left, so nothing overflows. NaN stays NaN.
 */
// @ts-ignore: decorator
@inline export function sigmoid<T>(x: T): T {
  const one = splat<T>(1);
  const z = exp<T>(sub<T>(splat<T>(0), abs<T>(x)));
  return div<T>(whenLess<T>(x, splat<T>(0), z, one), add<T>(one, z));
}
