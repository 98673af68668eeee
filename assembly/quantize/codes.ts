/** Integer codes of any width as four i32 lanes or one, and float32 to codes. */
import { storePart } from "../elementwise/part";
import { ROUNDER } from "../math/lane";

// @ts-ignore: decorator
@inline const ROUNDER_BITS: i32 = 0x4b400000;

/** Four codes of type T at `at`, sign- or zero-extended. */
// @ts-ignore: decorator
@inline export function load4<T>(at: usize): v128 {
  if (sizeof<T>() == 4) return v128.load(at);
  if (sizeof<T>() == 2) return v128.load_ext<T>(at);
  const bytes = v128.load32_zero(at);
  if (isSigned<T>()) return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes));
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}

/** Four codes that fit T in the low bytes. */
// @ts-ignore: decorator
@inline function pack4<T>(codes: v128): v128 {
  const words = isSigned<T>() || sizeof<T>() == 1 ? i16x8.narrow_i32x4_s(codes, codes) : i16x8.narrow_i32x4_u(codes, codes);
  if (sizeof<T>() == 2) return words;
  return isSigned<T>() ? i8x16.narrow_i16x8_s(words, words) : i8x16.narrow_i16x8_u(words, words);
}

/** Writes four codes that fit T, or as many of them as lie before `end`. */
// @ts-ignore: decorator
@inline export function store4<T>(at: usize, codes: v128, end: usize): void {
  const packed = pack4<T>(codes);
  if (at + 4 * sizeof<T>() > end) storePart(at, packed, end - at);
  else if (sizeof<T>() == 2) v128.store64_lane(at, packed, 0);
  else v128.store32_lane(at, packed, 0);
}

/**
 * round(clamp(v, lo, hi)), ties to even, as the integer plus ROUNDER's bits; NaN is lo. |lo|, |hi| < 2²².
 * The caller subtracts `bias(zero)` from it, which also adds the zero point.
 */
// @ts-ignore: decorator
@inline export function round4(v: v128, lo: v128, hi: v128): v128 {
  return f32x4.add(f32x4.pmin(hi, f32x4.pmax(lo, v)), f32x4.splat(ROUNDER));
}

// @ts-ignore: decorator
@inline export function round1(v: f32, lo: f32, hi: f32): i32 {
  const low = lo < v ? v : lo;
  return reinterpret<i32>((low < hi ? low : hi) + ROUNDER);
}

// @ts-ignore: decorator
@inline export function bias(zero: i32): i32 {
  return ROUNDER_BITS - zero;
}
