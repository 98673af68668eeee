import { add, atLeast, atMost, mul, mulAdd, power2, ROUNDER, scale2, splat, sub } from "./lane";

/** log₂e, and ln 2 in two parts of which the first times any |n| ≤ 2⁸ is exact. */
const LOG2E: f32 = 1.44269504;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

/** n + ROUNDER for the integer n nearest to x·log₂e. */
// @ts-ignore: decorator
@inline function rounded<T>(x: T): T {
  return mulAdd<T>(x, splat<T>(LOG2E), ROUNDER);
}

/** x − n·ln 2, |result| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline function remainder<T>(x: T, sum: T): T {
  const n = sub<T>(sum, splat<T>(ROUNDER));
  return sub<T>(sub<T>(x, mul<T>(n, splat<T>(LN2_HIGH))), mul<T>(n, splat<T>(LN2_LOW)));
}

/** exp(r) − 1 for |r| ≤ ln 2 / 2: r + r²·q(r), q minimax of degree 4 (relative error 1.4e-8). */
// @ts-ignore: decorator
@inline function reduced<T>(r: T): T {
  let q = mulAdd<T>(splat<T>(0.0013946481), r, 0.0083666015);
  q = mulAdd<T>(q, r, 0.04166628);
  q = mulAdd<T>(q, r, 0.16666543);
  q = mulAdd<T>(q, r, 0.5);
  return add<T>(mul<T>(q, mul<T>(r, r)), r);
}

/**
 * eˣ, at most 1.1 ulp off for every float32. Overflows to +∞ above 88.7228, goes through the subnormals to 0 below −103.97;
 * exp(±∞) = ∞, 0; NaN stays NaN.
 */
// @ts-ignore: decorator
@inline export function exp<T>(x: T): T {
  const bounded = atLeast<T>(atMost<T>(x, splat<T>(89)), splat<T>(-104));
  const sum = rounded<T>(bounded);
  return scale2<T>(add<T>(reduced<T>(remainder<T>(bounded, sum)), splat<T>(1)), sum);
}

/** eˣ − 1 for 0 ≤ x ≤ 20 without cancellation near 0, at most about 1 ulp off. */
// @ts-ignore: decorator
@inline export function expm1Small<T>(x: T): T {
  const sum = rounded<T>(x);
  const scale = power2<T>(sum);
  return add<T>(mul<T>(reduced<T>(remainder<T>(x, sum)), scale), sub<T>(scale, splat<T>(1)));
}
