/**
 * a·b + c rounded once, for one f32 or four, without a fused instruction: PyTorch's loops are compiled to fused ones, and the relaxed one of wasm may
 * round twice. The product of two float32 is exact in float64; the sum is rounded to odd there, so that rounding it to float32 is the only rounding that counts.
 *
 * Source: Boldo and Melquiond, Emulation of FMA and correctly rounded sums (2008); the error of the sum is Knuth's.
 */

// @ts-ignore: decorator
@inline function oddSum(p: f64, c: f64): f64 {
  const sum = p + c, t = sum - p, error = (p - (sum - t)) + (c - t);
  const bits = reinterpret<i64>(sum);
  // NaN and infinities have an error of NaN: they stay.
  const inexact = (error > 0 || error < 0) && !(bits & 1);
  return inexact ? reinterpret<f64>(bits + ((error > 0) == (sum > 0) ? 1 : -1)) : sum;
}

// @ts-ignore: decorator
@inline function oddSums(p: v128, c: v128): v128 {
  const sum = f64x2.add(p, c), t = f64x2.sub(sum, p), error = f64x2.add(f64x2.sub(p, f64x2.sub(sum, t)), f64x2.sub(c, t));
  const one = i64x2.splat(1);
  const even = i64x2.eq(v128.and(sum, one), i64x2.splat(0));
  const inexact = v128.and(f64x2.gt(f64x2.abs(error), f64x2.splat(0)), even);
  const step = v128.or(i64x2.shr_s(v128.xor(error, sum), 63), one); // 1 away from zero, −1 towards it
  return i64x2.add(sum, v128.and(step, inexact));
}

// @ts-ignore: decorator
@inline function low(a: v128, b: v128, c: v128): v128 {
  const p = f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
  return f32x4.demote_f64x2_zero(oddSums(p, f64x2.promote_low_f32x4(c)));
}

// @ts-ignore: decorator
@inline function upper(x: v128): v128 {
  return v128.shuffle<f64>(x, x, 1, 1);
}

/** a·b + c. */
// @ts-ignore: decorator
@inline export function fma<T>(a: T, b: T, c: T): T {
  if (isVector<T>()) return v128.shuffle<f64>(low(a, b, c), low(upper(a), upper(b), upper(c)), 0, 2);
  else return f32(oddSum(f64(a) * f64(b), f64(c)));
}
