/**
 * A histogram carried over into a wider range: each old bin is cut into 16 equal pieces, and a piece goes, with a sixteenth of the count, to the
 * new bin in which its middle lies. Pieces are added one by one from the left, in float32.
 */
import { RebinParams } from "../abi.train";
import { binOf } from "./histc";
import { linspace, pointOf, stepOf } from "./linspace";
import { sum } from "./sum";

const PIECES = 16;

/** How many of the n ascending edges are ≤ v, found from a guess: neighbours ask about neighbours. */
// @ts-ignore: decorator
@inline function walk(edges: usize, n: i32, v: f32, guess: i32): i32 {
  while (guess < n && load<f32>(edges + (usize(guess) << 2)) <= v) guess++;
  while (guess > 0 && load<f32>(edges + (usize(guess - 1) << 2)) > v) guess--;
  return guess;
}

/** The same by bisection, exactly as torch.bucketize: rounding can leave edges that do not ascend, and then the path decides. */
function bisect(edges: usize, n: i32, v: f32): i32 {
  let first = 0, last = n;
  while (first < last) {
    const middle = first + ((last - first) >> 1);
    if (!(load<f32>(edges + (usize(middle) << 2)) > v)) first = middle + 1;
    else last = middle;
  }
  return first;
}

function ascends(edges: usize, n: i32): bool {
  for (let i = 1; i < n; i++, edges += 4) if (!(load<f32>(edges) <= load<f32>(edges, 4))) return false;
  return true;
}

/** All of a histogram whose range was one point, put where torch.histc puts that point. */
function movePoint(q: RebinParams): void {
  const bins = q.bins, width = q.newMax - q.newMin;
  if (width == f32.POSITIVE_INFINITY) return;
  const at = binOf(q.oldMin, q.newMin, width, bins);
  store<f32>(q.moved + (usize(at) << 2), sum(q.histogram, bins));
}

export function histogram_rebin(p: usize): void {
  const q = changetype<RebinParams>(p);
  const bins = q.bins, pieces = bins * PIECES, edges = q.edges;
  memory.fill(q.moved, 0, usize(bins) << 2);
  if (q.oldMin == q.oldMax) return movePoint(q);
  linspace(edges, bins + 1, q.newMin, q.newMax);
  const ordered = ascends(edges, bins + 1);
  const count = pieces + 1, step = stepOf(q.oldMin, q.oldMax, count), half = f32(0.5) * ((q.oldMax - q.oldMin) / f32(pieces));
  let guess = 0;
  for (let i = 0; i < pieces; i++) {
    const middle = pointOf(q.oldMin, q.oldMax, step, count, i) + half;
    guess = ordered ? walk(edges, bins + 1, middle, guess) : bisect(edges, bins + 1, middle);
    const at = q.moved + (usize(max<i32>(0, min<i32>(guess - 1, bins - 1))) << 2);
    store<f32>(at, load<f32>(at) + load<f32>(q.histogram + (usize(i / PIECES) << 2)) / f32(PIECES));
  }
}
