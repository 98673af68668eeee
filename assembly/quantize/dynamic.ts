/** The uint8 scale and zero point of one tensor, from its range. */
import { RangeParams } from "../abi";
import { SIMD } from "../tier";

/**
 * scale = (max − min) / 255, zero = round(clamp(0 − min / scale, 0, 255)), where the range is widened to hold 0; scale is 1
 * for a range of 0. NaN elements are left out of the range. All in float32, ties to even.
 */
export function f32_range_u8(p: usize): void {
  const q = changetype<RangeParams>(p);
  let x = q.x, least: f32 = 0, most: f32 = 0;
  const end = x + (usize(q.count) << 2);
  if (SIMD) {
    let low = f32x4.splat(0), high = f32x4.splat(0);
    for (; x + 16 <= end; x += 16) {
      const v = v128.load(x);
      low = f32x4.pmin(low, v);
      high = f32x4.pmax(high, v);
    }
    least = min(min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)), min(f32x4.extract_lane(low, 2), f32x4.extract_lane(low, 3)));
    most = max(max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)), max(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3)));
  }
  for (; x < end; x += 4) {
    const v = load<f32>(x);
    if (v < least) least = v;
    if (most < v) most = v;
  }
  if (q.codes) {
    choose(q, least, most);
    return;
  }
  const scale: f32 = most == least ? 1 : (most - least) / 255;
  store<f32>(q.scale, scale);
  const zero = f32(0) - least / scale;
  store<u8>(q.zero, u8(i32(nearest<f32>(max<f32>(0, min<f32>(255, zero))))));
}

/** What a scale is raised to: below it, its reciprocal would overflow in half precision. */
const SMALLEST: f32 = 6.1e-5;

/**
 * Scale and zero point of dynamic quantization as PyTorch chooses them, in float64 from the float32 range: a range of nothing gets 0.1,
 * tiny ones grow, and 0 lands where it loses least. Source: PyTorch, QuantUtils.h; src/quantization/choose-qparams.ts says it at length.
 */
function choose(q: RangeParams, least: f32, most: f32): void {
  const codes = f64(q.codes);
  let scale = (f64(most) - f64(least)) / codes;
  if (f32(scale) == 0 || <f32>1 / f32(scale) == Infinity) scale = 0.1;
  if (scale < f64(SMALLEST)) {
    const factor = SMALLEST / f32(scale);
    scale = f64(SMALLEST);
    if (least == 0) most = f32(scale * codes);
    else if (most == 0) least = f32(-scale * codes);
    else {
      least *= factor;
      most *= factor;
    }
  }
  const fromLeast = -f64(least) / scale, fromMost = codes - f64(most) / scale;
  const at = -abs(f64(least) / scale) < codes - abs(f64(most) / scale) ? fromLeast : fromMost;
  store<f32>(q.scale, q.handed ? <f32>1 / f32(1.0 / scale) : f32(scale));
  store<u8>(q.zero, u8(i32(nearest(max(0.0, min(codes, at))))));
}
