/**
 * One float32 or four: `T` is f32 or v128, and a function written with these operations is the same function in the
 * scalar and in the SIMD arm, operation for operation. Functions ask isVector<T>() here, or where an operation is theirs alone.
 */

// @ts-ignore: decorator
@inline export function splat<T>(x: f32): T {
  if (isVector<T>()) return f32x4.splat(x);
  else return x;
}

/** The constant at address `at` (memory.data). V8 builds a constant vector anew at every use, and loads one in an instruction: exp and tanh gain 1.4×. */
// @ts-ignore: decorator
@inline export function held<T>(at: usize): T {
  if (isVector<T>()) return v128.load32_splat(at);
  else return load<f32>(at);
}

// @ts-ignore: decorator
@inline export function add<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.add(a, b);
  else return a + b;
}

// @ts-ignore: decorator
@inline export function sub<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.sub(a, b);
  else return a - b;
}

// @ts-ignore: decorator
@inline export function mul<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.mul(a, b);
  else return a * b;
}

// @ts-ignore: decorator
@inline export function div<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.div(a, b);
  else return a / b;
}

/** a·b + the constant held at `c`, rounded twice: never fused. */
// @ts-ignore: decorator
@inline export function mulAdd<T>(a: T, b: T, c: usize): T {
  return add<T>(mul<T>(a, b), held<T>(c));
}

// @ts-ignore: decorator
@inline export function abs<T>(x: T): T {
  if (isVector<T>()) return f32x4.abs(x);
  else return Mathf.abs(x);
}

// @ts-ignore: decorator
@inline export function root<T>(x: T): T {
  if (isVector<T>()) return f32x4.sqrt(x);
  else return sqrt<f32>(x);
}

/** |x| with the sign bit of `sign`. */
// @ts-ignore: decorator
@inline export function withSign<T>(x: T, sign: T): T {
  if (isVector<T>()) return v128.bitselect(sign, x, i32x4.splat(i32.MIN_VALUE));
  else return copysign<f32>(x, sign);
}

/** a < b ? yes : no, lane by lane (false when either is NaN). */
// @ts-ignore: decorator
@inline export function whenLess<T>(a: T, b: T, yes: T, no: T): T {
  if (isVector<T>()) return v128.bitselect(yes, no, f32x4.lt(a, b));
  else return select<f32>(yes, no, a < b);
}

/** x, at most `bound`; NaN stays NaN. */
// @ts-ignore: decorator
@inline export function atMost<T>(x: T, bound: T): T {
  if (isVector<T>()) return f32x4.pmin(x, bound);
  else return select<f32>(bound, x, bound < x);
}

/** x, at least `bound`; NaN stays NaN. */
// @ts-ignore: decorator
@inline export function atLeast<T>(x: T, bound: T): T {
  if (isVector<T>()) return f32x4.pmax(x, bound);
  else return select<f32>(bound, x, x < bound);
}

/** Adding 1.5·2²³ to |x| < 2²² rounds x to the nearest integer n (ties to even) and leaves n in the low bits of the sum. */
// @ts-ignore: decorator
@inline export const ROUNDER: f32 = 12582912.0;

const ONE_BITS: i32 = 0x3f800000;

/** 2ⁿ for a sum `n + ROUNDER`, −126 ≤ n ≤ 127. The rounder's own bits leave the word with the shift. */
// @ts-ignore: decorator
@inline export function power2<T>(sum: T): T {
  if (isVector<T>()) return i32x4.add(i32x4.shl(sum, 23), i32x4.splat(ONE_BITS));
  else return reinterpret<f32>((reinterpret<i32>(sum) << 23) + ONE_BITS);
}

/** x·2ⁿ for a sum `n + ROUNDER`, −252 ≤ n ≤ 254: two exact-or-last multiplications, so overflow and subnormals round once. */
// @ts-ignore: decorator
@inline export function scale2<T>(x: T, sum: T): T {
  if (isVector<T>()) {
    const half = i32x4.shr_s(sum, 1);
    return mul<T>(mul<T>(x, power2<T>(half)), power2<T>(i32x4.sub(sum, half)));
  } else {
    const half = reinterpret<i32>(sum) >> 1;
    return mul<T>(mul<T>(x, power2<T>(reinterpret<f32>(half))), power2<T>(reinterpret<f32>(reinterpret<i32>(sum) - half)));
  }
}

const SQRT_HALF_BITS: i32 = 0x3f3504f3;

/** The integer e with x = m·2ᵉ, √½ ≤ m < √2, as a float. x is normal and positive. */
// @ts-ignore: decorator
@inline export function exponentOf<T>(x: T): T {
  if (isVector<T>()) return f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.sub(x, i32x4.splat(SQRT_HALF_BITS)), 23));
  else return f32((reinterpret<i32>(x) - SQRT_HALF_BITS) >> 23);
}

/** The m of `exponentOf`. */
// @ts-ignore: decorator
@inline export function mantissaOf<T>(x: T): T {
  if (isVector<T>()) {
    const bits = i32x4.sub(x, i32x4.splat(SQRT_HALF_BITS));
    return i32x4.add(v128.and(bits, i32x4.splat(0x7fffff)), i32x4.splat(SQRT_HALF_BITS));
  } else return reinterpret<f32>(((reinterpret<i32>(x) - SQRT_HALF_BITS) & 0x7fffff) + SQRT_HALF_BITS);
}
