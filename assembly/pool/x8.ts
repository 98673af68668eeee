import { PoolParams } from "../abi";
import { SIMD } from "../tier";
import { eachWindow, taps } from "./taps";

/** Max pool of u8 or s8 (`flip`). A window that covers no element gives the type's smallest code. */
export function x8_maxpool(p: usize): void {
  const q = changetype<PoolParams>(p);
  eachWindow(q, 1, false, maxPixel);
}

/**
 * QLinearAveragePool of u8 or s8: clamp(round(mean / yScale + yZeroPoint)), ties to even, where mean is the float32 sum
 * of xScale · (x − xZeroPoint) in the order depth, height, width, divided by the count. Every operation rounds to float32.
 * Source: ONNX Runtime, contrib_ops/cpu/quantization/qlinear_pool.cc (same bits).
 */
export function q8_avgpool(p: usize): void {
  const q = changetype<PoolParams>(p);
  eachWindow(q, 1, false, averagePixel);
}

function maxPixel(q: PoolParams, y: usize): void {
  const n = q.channels;
  if (SIMD && n >= 16) {
    const flip = i32x4.splat(q.flip), d = taps.d, h = taps.h, w = taps.w, stepD = taps.stepD, stepH = taps.stepH, stepW = taps.stepW;
    for (let c = 0; ; c = min(c + 16, n - 16)) {
      let s = i32x4.splat(0);
      for (let i = d, a = taps.at + c; i > 0; i--, a += stepD)
        for (let j = h, b = a; j > 0; j--, b += stepH)
          for (let k = w, x = b; k > 0; k--, x += stepW) s = i8x16.max_u(s, v128.xor(v128.load(x), flip));
      v128.store(y + c, v128.xor(s, flip));
      if (c == n - 16) return;
    }
  }
  if (SIMD && n >= 8 && n < 16) {
    const flip = i32x4.splat(q.flip), d = taps.d, h = taps.h, w = taps.w;
    for (let c = 0; ; c = n - 8) {
      let s = i32x4.splat(0);
      for (let i = d, a = taps.at + c; i > 0; i--, a += taps.stepD)
        for (let j = h, b = a; j > 0; j--, b += taps.stepH)
          for (let k = w, x = b; k > 0; k--, x += taps.stepW) s = i8x16.max_u(s, v128.xor(v128.load64_zero(x), flip));
      v128.store64_lane(y + c, v128.xor(s, flip), 0);
      if (c == n - 8) return;
    }
  }
  const flip = q.flip & 0xff;
  for (let c = 0; c < n; c++) {
    let s: u32 = 0;
    for (let i = 0, a = taps.at + c; i < taps.d; i++, a += taps.stepD)
      for (let j = 0, b = a; j < taps.h; j++, b += taps.stepH)
        for (let k = 0, x = b; k < taps.w; k++, x += taps.stepW) s = max(s, <u32>load<u8>(x) ^ flip);
    store<u8>(y + c, s ^ flip);
  }
}

function averagePixel(q: PoolParams, y: usize): void {
  const n = q.channels;
  const low = q.flip ? -128 : 0;
  if (SIMD && n >= 8) {
    for (let c = 0; ; c = min(c + 8, n - 8)) {
      averageTile(q, taps.at + c, y + c);
      if (c == n - 8) return;
    }
  }
  const flip = q.flip & 0xff;
  for (let c = 0; c < n; c++) {
    let s: f32 = 0;
    for (let i = 0, a = taps.at + c; i < taps.d; i++, a += taps.stepD)
      for (let j = 0, b = a; j < taps.h; j++, b += taps.stepH)
        for (let k = 0, x = b; k < taps.w; k++, x += taps.stepW)
          s += q.xScale * <f32>(<i32>(load<u8>(x) ^ flip) - q.xZeroPoint);
    const v = nearest(s / <f32>taps.divisor / q.yScale + <f32>q.yZeroPoint);
    store<u8>(y + c, i32(max<f32>(<f32>low, min<f32>(v, <f32>(low + 255)))));
  }
}

// @ts-ignore: decorator
@inline
function averageTile(q: PoolParams, at: usize, y: usize): void {
  const flip = i32x4.splat(q.flip), zero = i32x4.splat(q.xZeroPoint), scale = f32x4.splat(q.xScale);
  let s = f32x4.splat(0), t = s;
  const h = taps.h, w = taps.w, stepD = taps.stepD, stepH = taps.stepH, stepW = taps.stepW;
  for (let i = taps.d, a = at; i > 0; i--, a += stepD)
    for (let j = h, b = a; j > 0; j--, b += stepH)
      for (let k = w, x = b; k > 0; k--, x += stepW) {
        const codes = i16x8.extend_low_i8x16_u(v128.xor(v128.load64_zero(x), flip));
        s = f32x4.add(s, f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.sub(i32x4.extend_low_i16x8_u(codes), zero))));
        t = f32x4.add(t, f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.sub(i32x4.extend_high_i16x8_u(codes), zero))));
      }
  const pair = i16x8.narrow_i32x4_s(requantize(q, s), requantize(q, t));
  v128.store64_lane(y, q.flip ? i8x16.narrow_i16x8_s(pair, pair) : i8x16.narrow_i16x8_u(pair, pair), 0);
}

// trunc_sat and the narrowings saturate, which is the clamp.
// @ts-ignore: decorator
@inline
function requantize(q: PoolParams, sum: v128): v128 {
  const mean = f32x4.div(sum, f32x4.splat(<f32>taps.divisor));
  const v = f32x4.add(f32x4.div(mean, f32x4.splat(q.yScale)), f32x4.splat(<f32>q.yZeroPoint));
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(v));
}
