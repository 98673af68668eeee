/** More of ../math/lane: for one f32 or four, and for the plain numeric types where an operation makes sense for them. */

/** NaN when either is NaN; +0 above −0. */
// @ts-ignore: decorator
@inline export function maximum<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.max(a, b);
  else return max<T>(a, b);
}

/** NaN when either is NaN; −0 below +0. */
// @ts-ignore: decorator
@inline export function minimum<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.min(a, b);
  else return min<T>(a, b);
}

// @ts-ignore: decorator
@inline export function magnitude<T>(x: T): T {
  if (isVector<T>()) return f32x4.abs(x);
  else return abs<T>(x);
}

// @ts-ignore: decorator
@inline export function negated<T>(x: T): T {
  if (isVector<T>()) return f32x4.neg(x);
  else return <T>(-x);
}

// @ts-ignore: decorator
@inline export function rootOf<T>(x: T): T {
  if (isVector<T>()) return f32x4.sqrt(x);
  else return sqrt<T>(x);
}

// @ts-ignore: decorator
@inline export function upward<T>(x: T): T {
  if (isVector<T>()) return f32x4.ceil(x);
  else return ceil<T>(x);
}

// @ts-ignore: decorator
@inline export function downward<T>(x: T): T {
  if (isVector<T>()) return f32x4.floor(x);
  else return floor<T>(x);
}

/** To the nearest integer, ties to even. */
// @ts-ignore: decorator
@inline export function rounded<T>(x: T): T {
  if (isVector<T>()) return f32x4.nearest(x);
  else return nearest<T>(x);
}
