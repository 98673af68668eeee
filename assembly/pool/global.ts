import { GlobalAveragePoolParams } from "../abi";
import { SIMD } from "../tier";

/**
 * QLinearGlobalAveragePool: y = clamp(round((Σ x + bias) · scale) + yZeroPoint), the sum exact in s32 (count < 2²³), its
 * product with `scale` rounded to float32, ties to even.
 * Source: ONNX Runtime, core/mlas/lib/qlgavgpool.cpp (same bits).
 */
export function q8_global_avgpool(p: usize): void {
  const q = changetype<GlobalAveragePoolParams>(p);
  for (let o = 0, x = q.x, y = q.y; o < q.outer; o++, x += q.count * q.inner, y += q.inner) {
    if (SIMD && q.inner == 1) put(q, y, contiguous(x, q));
    else columns(q, x, y);
  }
}

/** Sixteen outputs at a time, the last sixteen overlapping the ones before. */
function columns(q: GlobalAveragePoolParams, x: usize, y: usize): void {
  const n = q.inner;
  if (SIMD && n >= 16) {
    for (let c = 0; ; c = min(c + 16, n - 16)) {
      tile(q, x + c, y + c);
      if (c == n - 16) return;
    }
  }
  const flip = q.flip & 0xff;
  for (let c = 0; c < n; c++) {
    let s = 0;
    for (let i = 0, a = x + c; i < q.count; i++, a += n) s += load<u8>(a) ^ flip;
    put(q, y + c, s);
  }
}

// @ts-ignore: decorator
@inline
function put(q: GlobalAveragePoolParams, y: usize, sum: i32): void {
  const low = q.flip ? -128 : 0;
  const v = <i32>nearest(<f32>(sum + q.bias) * q.scale);
  // Clamped around the zero point, so that a saturated v cannot overflow.
  store<u8>(y, max(low - q.yZeroPoint, min(low + 255 - q.yZeroPoint, v)) + q.yZeroPoint);
}

function contiguous(x: usize, q: GlobalAveragePoolParams): i32 {
  const flip = i32x4.splat(q.flip), end = x + q.count;
  let s = i32x4.splat(0);
  for (; x + 16 <= end; x += 16)
    s = i32x4.add(s, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v128.xor(v128.load(x), flip))));
  let sum = i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
  for (; x < end; x++) sum += load<u8>(x) ^ (q.flip & 0xff);
  return sum;
}

function tile(q: GlobalAveragePoolParams, x: usize, y: usize): void {
  const flip = i32x4.splat(q.flip), n = q.inner;
  let s0 = i32x4.splat(q.bias), s1 = s0, s2 = s0, s3 = s0;
  for (let i = 0; i < q.count; i++, x += n) {
    const v = v128.xor(v128.load(x), flip), low = i16x8.extend_low_i8x16_u(v), high = i16x8.extend_high_i8x16_u(v);
    s0 = i32x4.add(s0, i32x4.extend_low_i16x8_u(low));
    s1 = i32x4.add(s1, i32x4.extend_high_i16x8_u(low));
    s2 = i32x4.add(s2, i32x4.extend_low_i16x8_u(high));
    s3 = i32x4.add(s3, i32x4.extend_high_i16x8_u(high));
  }
  const low = i16x8.narrow_i32x4_s(requantize(q, s0), requantize(q, s1));
  const high = i16x8.narrow_i32x4_s(requantize(q, s2), requantize(q, s3));
  v128.store(y, q.flip ? i8x16.narrow_i16x8_s(low, high) : i8x16.narrow_i16x8_u(low, high));
}

// Zero point added after saturation to s16 range, so that the 32-bit sum cannot wrap.
// @ts-ignore: decorator
@inline
function requantize(q: GlobalAveragePoolParams, acc: v128): v128 {
  const v = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(f32x4.convert_i32x4_s(acc), f32x4.splat(q.scale))));
  const limit = i32x4.splat(32000);
  return i32x4.add(i32x4.max_s(i32x4.neg(limit), i32x4.min_s(v, limit)), i32x4.splat(q.yZeroPoint));
}
