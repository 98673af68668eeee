/** A histogram by given edges, as numpy.histogram: guessed as if the bins were equal, then corrected by the edges themselves. */
import { EdgesParams } from "../abi.train";
import { SIMD } from "../tier";

/** Counts v, which lies in [edges[0], edges[bins]], in `counts`; `guess` is near its bin. What seldom holds is asked first, so that branches are foreseen. */
// @ts-ignore: decorator
@inline function countNear(edges: usize, last: i32, counts: usize, v: f32, guess: i32): void {
  let i = guess;
  while (v < load<f32>(edges + (usize(i) << 2))) i--;
  while (v >= load<f32>(edges + (usize(i) << 2), 4) && i < last) i++;
  const at = counts + (usize(i) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Adds the other three tables to the first and clears them. */
function fold(counts: usize, stride: usize, bins: i32): void {
  for (let at = counts, end = counts + (usize(bins) << 2); at < end; at += 4)
    store<u32>(at, load<u32>(at) + load<u32>(at + stride) + load<u32>(at + 2 * stride) + load<u32>(at + 3 * stride));
  for (let t = counts + stride; t <= counts + 3 * stride; t += stride) memory.fill(t, 0, usize(bins) << 2);
}

export function f32_histogram_edges(p: usize): void {
  const q = changetype<EdgesParams>(p);
  const edges = q.edges, bins = q.bins, last = bins - 1, absolute = q.absolute, counts = q.counts, stride = usize(q.stride);
  const lo = load<f32>(edges), hi = load<f32>(edges + (usize(bins) << 2)), factor = f32(bins) / (hi - lo);
  let x = q.x;
  const end = x + (usize(q.count) << 2);
  if (SIMD) {
    const low = f32x4.splat(lo), high = f32x4.splat(hi), factors = f32x4.splat(factor), zero = i32x4.splat(0), top = i32x4.splat(last), sign = absolute ? i32x4.splat(0x7fffffff) : i32x4.splat(-1);
    for (; x + 16 <= end; x += 16) {
      const v = v128.and(v128.load(x), sign);
      const guess = i32x4.max_s(zero, i32x4.min_s(i32x4.trunc_sat_f32x4_s(f32x4.mul(f32x4.sub(v, low), factors)), top));
      const inside = i32x4.bitmask(v128.and(f32x4.ge(v, low), f32x4.le(v, high)));
      if (inside & 1) countNear(edges, last, counts, f32x4.extract_lane(v, 0), i32x4.extract_lane(guess, 0));
      if (inside & 2) countNear(edges, last, counts + stride, f32x4.extract_lane(v, 1), i32x4.extract_lane(guess, 1));
      if (inside & 4) countNear(edges, last, counts + 2 * stride, f32x4.extract_lane(v, 2), i32x4.extract_lane(guess, 2));
      if (inside & 8) countNear(edges, last, counts + 3 * stride, f32x4.extract_lane(v, 3), i32x4.extract_lane(guess, 3));
    }
  }
  for (; x < end; x += 4) {
    let v = load<f32>(x);
    if (absolute) v = abs<f32>(v);
    if (v >= lo && v <= hi) countNear(edges, last, counts, v, max<i32>(0, min<i32>(i32((v - lo) * factor), last)));
  }
  if (stride) fold(counts, stride, bins);
}
