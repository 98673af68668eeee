/** Where shares of a histogram lie, as numpy.searchsorted in the running sum of count / total, in float64. */
import { PercentileParams } from "../abi.train";

export function histogram_percentile(p: usize): void {
  const q = changetype<PercentileParams>(p), bins = q.bins;
  let total: f64 = 0;
  for (let i = 0; i < bins; i++) total += load<f64>(q.counts + (usize(i) << 3));
  for (let s: usize = 0; s < 2; s++) {
    const share = load<f64>(q.shares + (s << 3));
    let sum: f64 = 0, at = 0;
    for (; at < bins; at++) {
      sum += load<f64>(q.counts + (usize(at) << 3)) / total;
      if (sum >= share) break;
    }
    store<i32>(q.chosen + (s << 2), at);
  }
}
