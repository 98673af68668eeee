import { CopyParams } from "../abi";
import { SIMD } from "../tier";
import { copyRun } from "./run";
import { transpose1, transpose4 } from "./transpose";

/** Bytes of one axis in the table. */
// @ts-ignore: decorator
@inline const AXIS: usize = 12;

/**
 * The N-d strided copy behind Transpose, Slice, Expand, Concat, Split, Tile, Pad, DepthToSpace and fills (a source of
 * stride 0). Recursion walks the outer axes, so that nothing is counted in memory; the two innermost are one leaf.
 */
export function copy(p: usize): void {
  const q = changetype<CopyParams>(p);
  walk(q.axes, q.axes + usize(q.rank - 2) * AXIS, q.x, q.y, q.bytes);
}

function walk(axis: usize, leafAt: usize, x: usize, y: usize, bytes: i32): void {
  if (axis == leafAt) {
    leaf(axis, x, y, bytes);
    return;
  }
  let n = load<i32>(axis);
  const xs = load<i32>(axis, 4), ys = load<i32>(axis, 8);
  do {
    walk(axis + AXIS, leafAt, x, y, bytes);
    x += xs;
    y += ys;
  } while (--n);
}

function leaf(axes: usize, x: usize, y: usize, bytes: i32): void {
  let n0 = load<i32>(axes), n1 = load<i32>(axes, 12);
  let xs0 = load<i32>(axes, 4), xs1 = load<i32>(axes, 16);
  let ys0 = load<i32>(axes, 8), ys1 = load<i32>(axes, 20);
  if (SIMD) {
    if (xs0 == bytes && ys1 == bytes) {
      if (bytes == 4 && n0 >= 4 && n1 >= 4) return transpose4(x, y, n0, n1, xs1, ys0);
      if (bytes == 1 && n0 >= 16 && n1 >= 8) return transpose1(x, y, n0, n1, xs1, ys0);
    }
  }
  if (n1 < 8 && n0 > n1) { // the longer axis inside: loops of a few turns cost more than their copies
    let t = n0; n0 = n1; n1 = t;
    t = xs0; xs0 = xs1; xs1 = t;
    t = ys0; ys0 = ys1; ys1 = t;
  }
  do {
    row(x, y, n1, xs1, ys1, bytes);
    x += xs0;
    y += ys0;
  } while (--n0);
}

function row(x: usize, y: usize, n: i32, xs: i32, ys: i32, bytes: i32): void {
  if (bytes == 4) elements<u32>(x, y, n, xs, ys);
  else if (bytes == 1) elements<u8>(x, y, n, xs, ys);
  else if (bytes == 8) elements<u64>(x, y, n, xs, ys);
  else if (bytes == 2) elements<u16>(x, y, n, xs, ys);
  else do {
    copyRun(y, x, bytes);
    x += xs;
    y += ys;
  } while (--n);
}

function elements<T>(x: usize, y: usize, n: i32, xs: i32, ys: i32): void {
  if (SIMD) {
    const done = ys == sizeof<T>() ? dense<T>(x, y, n, xs) : 0;
    if (done == n) return;
    x += done * xs;
    y += done * ys;
    n -= done;
  }
  do {
    store<T>(y, load<T>(x));
    x += xs;
    y += ys;
  } while (--n);
}

/** The first elements of a contiguous target, 16 bytes at a time, where the source repeats or steps by two 4-byte elements; how many. */
function dense<T>(x: usize, y: usize, n: i32, xs: i32): i32 {
  const lanes = i32(16 / sizeof<T>());
  const whole = n & -lanes;
  if (xs == 0) {
    const v = v128.splat<T>(load<T>(x));
    for (const end = y + usize(whole) * sizeof<T>(); y < end; y += 16) v128.store(y, v);
    return whole;
  }
  if (sizeof<T>() == 4 && xs == 8) {
    // The second load ends inside x's last element or the 4 bytes after it.
    for (const end = y + (usize(whole) << 2); y < end; y += 16, x += 32)
      v128.store(y, v128.shuffle<u32>(v128.load(x), v128.load(x, 16), 0, 2, 4, 6));
    return whole;
  }
  return 0;
}
