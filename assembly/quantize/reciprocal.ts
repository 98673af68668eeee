/**
 * float32 to codes as PyTorch 2.13's quantize_per_tensor and quantize_per_channel, ties to even: round(clamp(x · (1 / scale) + zero)),
 *   one scale      product and sum rounded once to float32, NaN gives the greatest code
 *   per channel    rounded one after the other, NaN gives code 0 (`varied`)
 * To int32 always rounded one after the other, NaN giving −2³¹.
 * The fused sum is made in float64, where the product is exact: that differs from one rounding only where float64 rounds to a tie of float32.
 */
import { QuantizeParams } from "../abi";
import { storePart } from "../elementwise/part";
import { SIMD } from "../tier";
import { upper, demote } from "../requantize/wide";

const ROUND: f32 = 12582912.0;
const ROUND_BITS: i32 = 0x4b400000;

// @ts-ignore: decorator
@inline function scaled4(x: v128, inverse: v128, zero: v128, fused: bool): v128 {
  if (!fused) return f32x4.add(f32x4.mul(x, inverse), zero);
  const i = f64x2.promote_low_f32x4(inverse), z = f64x2.promote_low_f32x4(zero);
  return demote(f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(x), i), z), f64x2.add(f64x2.mul(upper(x), i), z));
}

function code4(x: v128, inverse: v128, zero: v128, lo: v128, hi: v128, nan: v128, fused: bool): v128 {
  const v = scaled4(x, inverse, zero, fused), inside = f32x4.pmax(lo, f32x4.pmin(hi, v128.bitselect(v, nan, f32x4.eq(v, v))));
  return i32x4.sub(f32x4.add(inside, f32x4.splat(ROUND)), i32x4.splat(ROUND_BITS));
}

// @ts-ignore: decorator
@inline function codes<T>(q: QuantizeParams, x: usize, y: usize, n: usize, inverse: f32, zero: f32): void {
  const end = y + n, fused = !q.varied, lo = f32(q.lo), hi = f32(q.hi), nan: f32 = fused ? hi : 0;
  if (SIMD) {
    const s = f32x4.splat(inverse), z = f32x4.splat(zero), l = f32x4.splat(lo), h = f32x4.splat(hi), r = f32x4.splat(nan);
    for (; y < end; x += 64, y += 16) {
      const c0 = code4(v128.load(x), s, z, l, h, r, fused), c1 = code4(v128.load(x, 16), s, z, l, h, r, fused);
      const c2 = code4(v128.load(x, 32), s, z, l, h, r, fused), c3 = code4(v128.load(x, 48), s, z, l, h, r, fused);
      const w0 = i16x8.narrow_i32x4_s(c0, c1), w1 = i16x8.narrow_i32x4_s(c2, c3);
      const packed = isSigned<T>() ? i8x16.narrow_i16x8_s(w0, w1) : i8x16.narrow_i16x8_u(w0, w1);
      if (y + 16 > end) return storePart(y, packed, end - y);
      v128.store(y, packed);
    }
    return;
  }
  for (; y < end; x += 4, y++) {
    const t = load<f32>(x);
    let v: f32 = fused ? f32(f64(t) * f64(inverse) + f64(zero)) : t * inverse + zero;
    if (v != v) v = nan;
    v = v < hi ? v : hi;
    v = lo < v ? v : lo;
    store<u8>(y, u8(reinterpret<i32>(v + ROUND) - ROUND_BITS));
  }
}

function wide(x: usize, y: usize, n: usize, inverse: f32, zero: f32): void {
  const end = y + (n << 2);
  for (; y < end; x += 4, y += 4) {
    const v = nearest<f32>(load<f32>(x) * inverse + zero);
    store<i32>(y, v >= <f32>2147483648.0 ? i32.MAX_VALUE : v > <f32>-2147483648.0 ? i32(v) : i32.MIN_VALUE);
  }
}

// @ts-ignore: decorator
@inline function quantize<T>(q: QuantizeParams): void {
  let x = q.x, y = q.y;
  const n = usize(q.inner);
  for (let o = 0; o < q.outer; o++)
    for (let c = 0; c < q.axis; c++, x += n << 2, y += n * sizeof<T>()) {
      const at = usize(c * q.scaleStep), inverse: f32 = <f32>1 / load<f32>(q.scale + (at << 2)), zero: f32 = q.zero ? f32(load<T>(q.zero + at * sizeof<T>())) : 0;
      if (sizeof<T>() == 4) wide(x, y, n, inverse, zero);
      else codes<T>(q, x, y, n, inverse, zero);
    }
}

export function f32_quantize_reciprocal_u8(p: usize): void {
  quantize<u8>(changetype<QuantizeParams>(p));
}

export function f32_quantize_reciprocal_s8(p: usize): void {
  quantize<i8>(changetype<QuantizeParams>(p));
}

export function f32_quantize_reciprocal_s32(p: usize): void {
  quantize<i32>(changetype<QuantizeParams>(p));
}
