/**
 * How a dense tensor falls into kept and reduced axes, neighbours of one kind merged:
 *
 *     [… kept and reduced axes, alternating …] [count] [inner]
 *
 * `inner` is the last axis if it is kept (1 if it is reduced); `count` is the reduced axis before it, its elements `inner`
 * apart. The axes in front are listed as pairs (size, stride in elements): first `keptRank` kept ones, `outer` places in
 * all, then `rowRank` reduced ones, `rows` in all. An output is one place in `outer` × one in `inner`; it reduces
 * `rows` × `count` elements. Written by src/plan/lower/reduced-view.ts.
 */
// @ts-ignore: decorator
@unmanaged
export class View {
  outer: i32;
  rows: i32;
  count: i32;
  inner: i32;
  keptRank: i32;
  rowRank: i32;
}

const PAIRS: usize = 24;

/** First element of outer place `o`, counted from the tensor's first. */
// @ts-ignore: decorator
@inline
export function keptOffset(v: View, o: i32): i32 {
  return offsetOf(o, changetype<usize>(v) + PAIRS, v.keptRank);
}

/** First element of row `r`, counted from the output's first. */
// @ts-ignore: decorator
@inline
export function rowOffset(v: View, r: i32): i32 {
  return offsetOf(r, changetype<usize>(v) + PAIRS + (v.keptRank << 3), v.rowRank);
}

function offsetOf(index: i32, pairs: usize, rank: i32): i32 {
  let offset = 0;
  for (let pair = pairs + (rank << 3); pair > pairs;) {
    pair -= 8;
    const size = load<i32>(pair), next = index / size;
    offset += (index - next * size) * load<i32>(pair, 4);
    index = next;
  }
  return offset;
}
