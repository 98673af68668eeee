import { add, atLeast, atMost, held, mul, mulAdd, power2, scale2, splat, sub } from "./lane";

/** log₂e, and ln 2 in two parts of which the first times any |n| ≤ 2⁸ is exact. */
const LOG2E = memory.data<f32>([1.44269504]);
const LN2_HIGH = memory.data<f32>([0.693359375]);
const LN2_LOW = memory.data<f32>([-2.12194440e-4]);
/** ROUNDER of lane.ts. */
const ROUNDED = memory.data<f32>([12582912.0]);
const MOST = memory.data<f32>([89]);
const LEAST = memory.data<f32>([-104]);
const Q = memory.data<f32>([0.0013946481, 0.0083666015, 0.04166628, 0.16666543, 0.5]);

/** n + ROUNDER for the integer n nearest to x·log₂e. */
// @ts-ignore: decorator
@inline function rounded<T>(x: T): T {
  return mulAdd<T>(x, held<T>(LOG2E), ROUNDED);
}

/** x − n·ln 2, |result| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline function remainder<T>(x: T, sum: T): T {
  const n = sub<T>(sum, held<T>(ROUNDED));
  return sub<T>(sub<T>(x, mul<T>(n, held<T>(LN2_HIGH))), mul<T>(n, held<T>(LN2_LOW)));
}

/** exp(r) − 1 for |r| ≤ ln 2 / 2: r + r²·q(r), q minimax of degree 4 (relative error 1.4e-8). */
// @ts-ignore: decorator
@inline function reduced<T>(r: T): T {
  let q = mulAdd<T>(held<T>(Q), r, Q + 4);
  q = mulAdd<T>(q, r, Q + 8);
  q = mulAdd<T>(q, r, Q + 12);
  q = mulAdd<T>(q, r, Q + 16);
  return add<T>(mul<T>(q, mul<T>(r, r)), r);
}

/**
 * eˣ, at most 1.1 ulp off for every float32. Overflows to +∞ above 88.7228, goes through the subnormals to 0 below −103.97;
 * exp(±∞) = ∞, 0; NaN stays NaN.
 */
// @ts-ignore: decorator
@inline export function exp<T>(x: T): T {
  const bounded = atLeast<T>(atMost<T>(x, held<T>(MOST)), held<T>(LEAST));
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
