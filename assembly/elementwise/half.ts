/** float16 is storage: its bits to float32 and back, one lane or four (T is u32 or v128), integer operations and two exact float ones. */

/** The value of each half h (its bits in the low 16 of a lane). Exact; NaN stays NaN. */
// @ts-ignore: decorator
@inline export function half4ToFloat(h: v128): v128 {
  const shifted = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13);
  // 2¹¹² moves the exponent's bias and makes subnormals normal.
  const scaled = f32x4.mul(shifted, f32x4.splat(reinterpret<f32>(0x77800000)));
  const special = v128.and(i32x4.gt_s(shifted, i32x4.splat(0x0f7fffff)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(scaled, special), i32x4.shl(i32x4.shr_u(h, 15), 31));
}

export function halfToFloat(h: u32): f32 {
  const shifted = (h & 0x7fff) << 13;
  const scaled = reinterpret<u32>(reinterpret<f32>(shifted) * reinterpret<f32>(0x77800000));
  return reinterpret<f32>(scaled | (shifted > 0x0f7fffff ? 0x7f800000 : 0) | (h >> 15 << 31));
}

/**
 * The bits of the half nearest to x, ties to even: overflow to ∞ from 65520, gradual underflow, NaN to a quiet NaN.
 * A subnormal result is what adding ½ leaves in the last bits; a normal one rounds by an integer addition.
 */
export function floatToHalf(x: f32): u32 {
  const bits = reinterpret<u32>(x);
  const size = bits & 0x7fffffff;
  let h: u32;
  if (size > 0x7f800000) h = 0x7e00;
  else if (size >= 0x47800000) h = 0x7c00;
  else if (size < 0x38800000) h = reinterpret<u32>(reinterpret<f32>(size) + 0.5) - 0x3f000000;
  else h = (size - 0x37fff001 + (size >> 13 & 1)) >> 13;
  return h | (bits >> 16 & 0x8000);
}

/** floatToHalf for four, the halves in the low 16 bits of each lane. */
// @ts-ignore: decorator
@inline export function float4ToHalf(x: v128): v128 {
  const size = v128.and(x, i32x4.splat(0x7fffffff));
  const odd = v128.and(i32x4.shr_u(size, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.sub(size, i32x4.splat(0x37fff001)), odd), 13);
  const small = i32x4.sub(f32x4.add(size, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  let h = v128.bitselect(small, normal, i32x4.lt_s(size, i32x4.splat(0x38800000)));
  h = v128.bitselect(i32x4.splat(0x7c00), h, i32x4.gt_s(size, i32x4.splat(0x477fffff)));
  h = v128.bitselect(i32x4.splat(0x7e00), h, i32x4.gt_s(size, i32x4.splat(0x7f800000)));
  return v128.or(h, v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000)));
}

/** The float32 from which floatToHalf gives the half nearest to x: rounded to odd, so that the second rounding is the only one. */
export function oddFloat(x: f64): f32 {
  const near = f32(x);
  const back = f64(near);
  if (back == x || x != x) return near;
  const bits = reinterpret<u32>(near);
  return reinterpret<f32>((abs(back) > abs(x) ? bits - 1 : bits) | 1);
}
