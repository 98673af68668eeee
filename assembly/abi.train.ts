/**
 * Parameter blocks of the training module (index.train.ts): what observers, and later training, ask of wasm. The rules and
 * the host's promises are those of abi.ts.
 */

/** Blocks of kernels that both modules hold. */
export { CopyParams, QuantizeParams } from "./abi";

/** range = [min(range[0], min x), max(range[1], max x)]; NaN in x or in range stays. `range` starts as [+∞, −∞]. */
// @ts-ignore: decorator
@unmanaged
export class MinMaxParams {
  /** f32[count] */
  x: usize;
  /** f32[2], read and written */
  range: usize;
  count: i32;
  /** 1 leaves out elements that are ±∞ */
  finite: i32;
  /** 1 looks at |x| */
  absolute: i32;
}

/** low[c], high[c] = the running minimum and maximum over x[·, c, ·]; NaN stays. They start as +∞ and −∞. */
// @ts-ignore: decorator
@unmanaged
export class ChannelMinMaxParams {
  /** f32[outer, channels, inner] */
  x: usize;
  /** f32[channels], read and written */
  low: usize;
  /** f32[channels], read and written */
  high: usize;
  outer: i32;
  channels: i32;
  inner: i32;
}

/** Counts the elements of x that lie in each of `bins` equal parts of [lo, hi]. Elements outside, and NaN, are left out. */
// @ts-ignore: decorator
@unmanaged
export class HistcParams {
  /** f32[count] */
  x: usize;
  /** u32[4, bins + 1], added to: four tables, so that equal neighbours do not wait for each other; the last column holds what is left out */
  tables: usize;
  count: i32;
  /** ≥ 1 */
  bins: i32;
  /** lo < hi, both finite */
  lo: f32;
  hi: f32;
}

/** Counts the elements of x by the edges of bins: bin i holds edges[i] ≤ x < edges[i + 1], the last bin its upper edge too. */
// @ts-ignore: decorator
@unmanaged
export class EdgesParams {
  /** f32[count] */
  x: usize;
  /** f32[bins + 1], ascending */
  edges: usize;
  /** u32[bins], added to; with a stride four tables of them, zero but for the first, and zero again afterwards */
  counts: usize;
  count: i32;
  bins: i32;
  /** 1 bins |x| */
  absolute: i32;
  /** bytes from one table to the next, ≥ 4·bins, so that equal neighbours do not wait for each other; 0: there is one */
  stride: i32;
}

/** Finds the range around the middle of a histogram whose quantized distribution is nearest to it. */
// @ts-ignore: decorator
@unmanaged
export class EntropyParams {
  /** f64[bins], whole numbers */
  counts: usize;
  /** f64[bins], scratch */
  scratch: usize;
  /** f32[bins], scratch: the histogram */
  p: usize;
  /** f32[bins], scratch: what quantizing leaves of it */
  q: usize;
  /** i32[1], written: the first bin of the range */
  chosen: usize;
  bins: i32;
  /** 1 to bins */
  codes: i32;
}

/** Finds the first bins up to which two shares of a histogram lie. */
// @ts-ignore: decorator
@unmanaged
export class PercentileParams {
  /** f64[bins], whole numbers, not all 0 */
  counts: usize;
  /** f64[2], 0 to 1 */
  shares: usize;
  /** i32[2], written: first bin whose cumulative share is not below; `bins` when none is */
  chosen: usize;
  bins: i32;
}

/** histogram[i] += Σ tables[·, i] */
// @ts-ignore: decorator
@unmanaged
export class TallyParams {
  /** u32[4, bins + 1] */
  tables: usize;
  /** f32[bins], added to */
  histogram: usize;
  bins: i32;
}

/** Moves a histogram over [oldMin, oldMax] into bins over [newMin, newMax], which holds it. */
// @ts-ignore: decorator
@unmanaged
export class RebinParams {
  /** f32[bins], not negative */
  histogram: usize;
  /** f32[bins], written */
  moved: usize;
  /** f32[bins + 1], scratch: the new edges */
  edges: usize;
  bins: i32;
  oldMin: f32;
  oldMax: f32;
  newMin: f32;
  newMax: f32;
}

/** Finds the bins that a range should begin and end with, so that quantizing what the histogram holds has the least L2 error. */
// @ts-ignore: decorator
@unmanaged
export class SearchParams {
  /** f32[bins], not negative */
  histogram: usize;
  /** f32[bins], scratch: cumulative sums */
  sums: usize;
  /** f32[bins], scratch: histogram divided by the width of a bin */
  density: usize;
  /** f32[bins], scratch: error per bin */
  norms: usize;
  /** i32[2], written: first and last bin of the range */
  chosen: usize;
  bins: i32;
  /** number of codes, 2^bits */
  codes: f32;
  min: f32;
  max: f32;
}

/** y[0] = Σ x in the order of torch.sum (observe/sum.ts) */
// @ts-ignore: decorator
@unmanaged
export class SumParams {
  /** f32[count] */
  x: usize;
  /** f32[1] */
  y: usize;
  count: i32;
}

/** y = `count` points from start to end in the arithmetic of torch.linspace (observe/linspace.ts) */
// @ts-ignore: decorator
@unmanaged
export class LinspaceParams {
  /** f32[count] */
  y: usize;
  /** ≥ 2 */
  count: i32;
  start: f32;
  end: f32;
}

/** sums += [Σ x², Σ (x − y)²] over the elements where x is a number, in the order of observe/error.ts */
// @ts-ignore: decorator
@unmanaged
export class ErrorParams {
  /** f32[count] */
  x: usize;
  /** f32[count] */
  y: usize;
  /** f64[2], added to */
  sums: usize;
  count: i32;
}

/** sums[c] += Σ (x[·, c, ·] − y[·, c, ·]): a row of `inner` elements at a time, in the order of observe/error.ts */
// @ts-ignore: decorator
@unmanaged
export class ErrorChannelsParams {
  /** f32[outer, channels, inner] */
  x: usize;
  /** f32[outer, channels, inner] */
  y: usize;
  /** f64[channels], added to */
  sums: usize;
  outer: i32;
  channels: i32;
  inner: i32;
}

/** x[·, c, ·] ·= scale[c] */
// @ts-ignore: decorator
@unmanaged
export class ScaleChannelsParams {
  /** f32[outer, channels, inner], in place */
  x: usize;
  /** f32[channels] */
  scale: usize;
  outer: i32;
  channels: i32;
  inner: i32;
}

/** y[r] = max |x[r, ·]| */
// @ts-ignore: decorator
@unmanaged
export class AbsoluteRowsParams {
  /** f32[rows, inner] */
  x: usize;
  /** f32[rows] */
  y: usize;
  rows: i32;
  inner: i32;
}

/** Largest element of each row and column of (m · rowScale) · columnScale, a matrix for each group; each product is rounded to float32. */
// @ts-ignore: decorator
@unmanaged
export class MatrixRangesParams {
  /** f32[groups, rows, columns], not negative */
  m: usize;
  /** f32[groups, rows] */
  rowScale: usize;
  /** f32[groups, columns] */
  columnScale: usize;
  /** f32[groups, rows], written */
  rowRange: usize;
  /** f32[groups, columns], written */
  columnRange: usize;
  groups: i32;
  rows: i32;
  columns: i32;
}

/** One step of stochastic gradient descent: param, and with a momentum buffer, in place. */
// @ts-ignore: decorator
@unmanaged
export class SgdParams {
  /** f32[count], read and written */
  param: usize;
  /** f32[count] */
  grad: usize;
  /** f32[count], read and written; not touched without momentum */
  buffer: usize;
  count: i32;
  /** 1: the buffer holds nothing yet and becomes the gradient */
  first: i32;
  nesterov: i32;
  maximize: i32;
  /** minus the learning rate */
  rate: f32;
  momentum: f32;
  /** of the gradient in the buffer: 1 − dampening */
  share: f32;
  weightDecay: f32;
}
