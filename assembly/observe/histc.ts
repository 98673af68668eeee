/**
 * The histogram of torch.histc: float32, position = trunc(((x − lo) · bins) / (hi − lo)), the upper edge in the last bin. Where the product overflows
 * the position is 0, and where hi − lo does nothing is counted, as there.
 */
import { HistcParams, TallyParams } from "../abi.train";
import { SIMD } from "../tier";

// @ts-ignore: decorator
@inline function count(table: usize, position: i32): void {
  const at = table + (usize(position) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** The bin of one element of [lo, hi]. */
// @ts-ignore: decorator
@inline export function binOf(v: f32, lo: f32, width: f32, bins: i32): i32 {
  const at = ((v - lo) * f32(bins)) / width;
  return at < f32.POSITIVE_INFINITY ? min<i32>(i32(at), bins - 1) : 0;
}

export function f32_histc(p: usize): void {
  const q = changetype<HistcParams>(p);
  const width = q.hi - q.lo, bins = q.bins, hi = q.hi;
  const lo = width < f32.POSITIVE_INFINITY ? q.lo : f32.NaN; // nothing is ≥ NaN
  const table0 = q.tables, stride = usize(bins + 1) << 2;
  const table1 = table0 + stride, table2 = table1 + stride, table3 = table2 + stride;
  let x = q.x;
  const end = x + (usize(q.count) << 2);
  if (SIMD) {
    const low = f32x4.splat(lo), high = f32x4.splat(hi), span = f32x4.splat(width), factor = f32x4.splat(f32(bins));
    const last = i32x4.splat(bins - 1), top = f32x4.splat(f32.POSITIVE_INFINITY), outside = i32x4.splat(bins);
    for (; x + 16 <= end; x += 16) {
      const v = v128.load(x);
      const inside = v128.and(f32x4.ge(v, low), f32x4.le(v, high));
      const place = f32x4.div(f32x4.mul(f32x4.sub(v, low), factor), span);
      const at = v128.and(i32x4.min_s(i32x4.trunc_sat_f32x4_s(place), last), f32x4.lt(place, top));
      const bin = v128.bitselect(at, outside, inside);
      count(table0, i32x4.extract_lane(bin, 0));
      count(table1, i32x4.extract_lane(bin, 1));
      count(table2, i32x4.extract_lane(bin, 2));
      count(table3, i32x4.extract_lane(bin, 3));
    }
  }
  for (; x < end; x += 4) {
    const v = load<f32>(x);
    count(table0, v >= lo && v <= hi ? binOf(v, lo, width, bins) : bins);
  }
}

export function histogram_tally(p: usize): void {
  const q = changetype<TallyParams>(p);
  const stride = usize(q.bins + 1) << 2;
  let table = q.tables;
  for (let h = q.histogram, end = h + (usize(q.bins) << 2); h < end; h += 4, table += 4) {
    const n = load<u32>(table) + load<u32>(table + stride) + load<u32>(table + 2 * stride) + load<u32>(table + 3 * stride);
    store<f32>(h, load<f32>(h) + f32(n));
  }
}
