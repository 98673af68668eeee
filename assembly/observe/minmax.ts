/** Running minimum and maximum, of a whole array and per channel. NaN stays, as in torch.aminmax and torch.min. */
import { ChannelMinMaxParams, MinMaxParams } from "../abi.train";
import { SIMD } from "../tier";

// @ts-ignore: decorator
@lazy let least: f32 = 0;
// @ts-ignore: decorator
@lazy let most: f32 = 0;

// @ts-ignore: decorator
@inline function scalarFold(x: usize, end: usize, finite: bool, absolute: bool): void {
  let low = least, high = most;
  for (; x < end; x += 4) {
    let v = load<f32>(x);
    if (absolute) v = abs<f32>(v);
    if (finite && abs<f32>(v) == f32.POSITIVE_INFINITY) continue;
    low = min<f32>(low, v); // NaN stays: f32.min, not a comparison
    high = max<f32>(high, v);
  }
  least = low;
  most = high;
}

// @ts-ignore: decorator
@inline function part(v: v128, unwanted: v128, finite: bool): v128 {
  return finite ? v128.bitselect(unwanted, v, f32x4.eq(f32x4.abs(v), f32x4.splat(f32.POSITIVE_INFINITY))) : v;
}

/** Folds x[0…end) into `least` and `most`. pmin and pmax drop NaN and are fast, so NaN is looked for beside them. */
// @ts-ignore: decorator
@inline function fold(x: usize, end: usize, finite: bool, absolute: bool): void {
  if (SIMD) {
    const top = f32x4.splat(f32.POSITIVE_INFINITY), bottom = f32x4.splat(f32.NEGATIVE_INFINITY);
    let low0 = top, high0 = bottom, low1 = top, high1 = bottom, nan = i32x4.splat(0);
    for (; x + 32 <= end; x += 32) {
      let a = v128.load(x), b = v128.load(x, 16);
      if (absolute) {
        a = f32x4.abs(a);
        b = f32x4.abs(b);
      }
      nan = v128.or(nan, v128.or(f32x4.ne(a, a), f32x4.ne(b, b)));
      low0 = f32x4.pmin(low0, part(a, top, finite));
      high0 = f32x4.pmax(high0, part(a, bottom, finite));
      low1 = f32x4.pmin(low1, part(b, top, finite));
      high1 = f32x4.pmax(high1, part(b, bottom, finite));
    }
    const low = f32x4.pmin(low0, low1), high = f32x4.pmax(high0, high1);
    least = min<f32>(least, min<f32>(min<f32>(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)), min<f32>(f32x4.extract_lane(low, 2), f32x4.extract_lane(low, 3))));
    most = max<f32>(most, max<f32>(max<f32>(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)), max<f32>(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3))));
    if (v128.any_true(nan)) least = most = f32.NaN;
  }
  scalarFold(x, end, finite, absolute);
}

export function f32_minmax(p: usize): void {
  const q = changetype<MinMaxParams>(p);
  const end = q.x + (usize(q.count) << 2);
  least = load<f32>(q.range);
  most = load<f32>(q.range, 4);
  if (q.absolute) fold(q.x, end, false, true);
  else if (q.finite) fold(q.x, end, true, false);
  else fold(q.x, end, false, false);
  store<f32>(q.range, least);
  store<f32>(q.range, most, 4);
}

/** One element per channel: x, low and high advance together. */
function row(x: usize, low: usize, high: usize, count: i32): void {
  const end = x + (usize(count) << 2);
  if (SIMD)
    for (; x + 16 <= end; x += 16, low += 16, high += 16) {
      const v = v128.load(x);
      v128.store(low, f32x4.min(v128.load(low), v));
      v128.store(high, f32x4.max(v128.load(high), v));
    }
  for (; x < end; x += 4, low += 4, high += 4) {
    const v = load<f32>(x);
    store<f32>(low, min<f32>(load<f32>(low), v));
    store<f32>(high, max<f32>(load<f32>(high), v));
  }
}

export function f32_minmax_channels(p: usize): void {
  const q = changetype<ChannelMinMaxParams>(p);
  const bytes = usize(q.inner) << 2;
  let x = q.x;
  for (let o = 0; o < q.outer; o++) {
    if (q.inner == 1) {
      row(x, q.low, q.high, q.channels);
      x += usize(q.channels) << 2;
      continue;
    }
    for (let c: usize = 0, end = usize(q.channels) << 2; c < end; c += 4, x += bytes) {
      least = load<f32>(q.low + c);
      most = load<f32>(q.high + c);
      fold(x, x + bytes, false, false);
      store<f32>(q.low + c, least);
      store<f32>(q.high + c, most);
    }
  }
}
