/** A histogram by given edges, as numpy.histogram: guessed as if the bins were equal, then corrected by the edges themselves. */
import { EdgesParams } from "../abi.train";

export function f32_histogram_edges(p: usize): void {
  const q = changetype<EdgesParams>(p);
  const edges = q.edges, bins = q.bins, absolute = q.absolute;
  const lo = load<f32>(edges), hi = load<f32>(edges + (usize(bins) << 2)), factor = f32(bins) / (hi - lo);
  for (let x = q.x, end = x + (usize(q.count) << 2); x < end; x += 4) {
    let v = load<f32>(x);
    if (absolute) v = abs<f32>(v);
    if (!(v >= lo && v <= hi)) continue;
    let i = max<i32>(0, min<i32>(i32((v - lo) * factor), bins - 1));
    while (i > 0 && v < load<f32>(edges + (usize(i) << 2))) i--;
    while (i < bins - 1 && v >= load<f32>(edges + (usize(i) << 2), 4)) i++;
    const at = q.counts + (usize(i) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}
