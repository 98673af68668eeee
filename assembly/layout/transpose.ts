/**
 * Blocked 2-D transposes: y[i·ys + j] = x[j·xs + i] for i < n0 (contiguous in x), j < n1 (contiguous in y).
 *
 * Strips of one cache line along n0 keep every line of x that a strip touches, and its rows of y, in the first-level cache.
 * The last block of an axis is moved back to end with it: it repeats some elements and leaves no tail.
 */

/** 4-byte elements in 4×4 blocks; n0 ≥ 4, n1 ≥ 4; strides in bytes. */
export function transpose4(x: usize, y: usize, n0: i32, n1: i32, xs: i32, ys: i32): void {
  for (let strip = 0; strip < n0; strip += 16) {
    const end = min(strip + 16, n0);
    for (let j = 0; j < n1; j += 4) {
      const jj = min(j, n1 - 4);
      for (let i = strip; i < end; i += 4) {
        const ii = min(i, n0 - 4);
        block4(x + jj * xs + (ii << 2), y + ii * ys + (jj << 2), xs, ys);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function block4(x: usize, y: usize, xs: i32, ys: i32): void {
  const r0 = v128.load(x), r1 = v128.load(x + xs), r2 = v128.load(x + 2 * xs), r3 = v128.load(x + 3 * xs);
  const a = v128.shuffle<u32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<u32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<u32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<u32>(r2, r3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<u64>(a, b, 0, 2));
  v128.store(y + ys, v128.shuffle<u64>(a, b, 1, 3));
  v128.store(y + 2 * ys, v128.shuffle<u64>(c, d, 0, 2));
  v128.store(y + 3 * ys, v128.shuffle<u64>(c, d, 1, 3));
}

/** 1-byte elements in blocks of 16 (along n0) × 8; n0 ≥ 16, n1 ≥ 8; strides in bytes. */
export function transpose1(x: usize, y: usize, n0: i32, n1: i32, xs: i32, ys: i32): void {
  for (let strip = 0; strip < n0; strip += 64) {
    const end = min(strip + 64, n0);
    for (let j = 0; j < n1; j += 8) {
      const jj = min(j, n1 - 8);
      for (let i = strip; i < end; i += 16) {
        const ii = min(i, n0 - 16);
        block1(x + jj * xs + ii, y + ii * ys + jj, xs, ys);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Three rounds of interleaving rows k and k + 4: afterwards each vector holds two whole columns. */
// @ts-ignore: decorator
@inline
function block1(x: usize, y: usize, xs: i32, ys: i32): void {
  const r0 = v128.load(x), r1 = v128.load(x + xs), r2 = v128.load(x + 2 * xs), r3 = v128.load(x + 3 * xs);
  const half = x + 4 * xs;
  const r4 = v128.load(half), r5 = v128.load(half + xs), r6 = v128.load(half + 2 * xs), r7 = v128.load(half + 3 * xs);
  const a0 = low(r0, r4), a1 = high(r0, r4), a2 = low(r1, r5), a3 = high(r1, r5);
  const a4 = low(r2, r6), a5 = high(r2, r6), a6 = low(r3, r7), a7 = high(r3, r7);
  const b0 = low(a0, a4), b1 = high(a0, a4), b2 = low(a1, a5), b3 = high(a1, a5);
  const b4 = low(a2, a6), b5 = high(a2, a6), b6 = low(a3, a7), b7 = high(a3, a7);
  columns(y, ys, low(b0, b4), high(b0, b4));
  columns(y + 4 * ys, ys, low(b1, b5), high(b1, b5));
  columns(y + 8 * ys, ys, low(b2, b6), high(b2, b6));
  columns(y + 12 * ys, ys, low(b3, b7), high(b3, b7));
}

// @ts-ignore: decorator
@inline
function columns(y: usize, ys: i32, a: v128, b: v128): void {
  v128.store64_lane(y, a, 0);
  v128.store64_lane(y + ys, a, 1);
  v128.store64_lane(y + 2 * ys, b, 0);
  v128.store64_lane(y + 3 * ys, b, 1);
}
