/**
 * The inner loops of every float32 product: C[i, j] = clamp(start + Σ_k A[i, k]·B[k, j]).
 *
 * One accumulator per output, k ascending, a multiplication and then an addition, each rounded to float32: the same bits
 * in every tier, whatever the tile. A is given by the address of each row and by segments: row i's elements are, for each
 * segment in turn, the `run` bytes at rows[i] + shift + segment. A matrix has one segment; a convolution's window has one per
 * stretch of memory that a pixel's window covers, so that no im2col copy is made.
 *
 *   B panels   [⌈n/8⌉][k][8], zeros past n        rows   u32 addresses        segments   u32 byte offsets
 *
 * The 4×8 tile reads A by splat loads: 22–23 GMAC/s on Node 20 and 24 where the register-only ceiling is 25 (Zen 4); 5×8,
 * 2×16 and 3×12 each fall to 14–18 on one of the two.
 */
import { SIMD } from "../tier";

/** Columns of a panel. */
// @ts-ignore: decorator
@inline export const NR: i32 = 8;
/** Entries of a row table. */
// @ts-ignore: decorator
@inline export const MAX_ROWS: i32 = 256;

/** Where accumulators start when there is neither bias nor C. */
export const ZEROS = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0], 16);

/** Rows per block, so that a block of A stays in the second-level cache while every panel passes over it. */
export function blockRows(k: i32): i32 {
  return max(16, min(MAX_ROWS, (32768 / k) & ~3));
}

/**
 * m rows (≤ 256) times all panels. `start` is read at start + i·startRow + panel·startPanel bytes (bias: rows 0 bytes apart;
 * C itself: ldc); 0 means zeros. `clamp` is the address of lo, hi. `ldc`, `run`, `panelBytes` are bytes. Columns past n of C are not written.
 */
export function product(
  rows: usize, m: i32, shift: usize, segments: usize, segmentsEnd: usize, run: usize, b: usize, panelBytes: usize, n: i32,
  start: usize, startRow: usize, c: usize, ldc: usize, clamp: usize,
): void {
  const startPanel: usize = start ? usize(NR * 4) : 0;
  if (!start) start = ZEROS;
  if (SIMD) {
    if (m == 1) {
      const a = usize(load<u32>(rows)) + shift;
      for (; n >= 3 * NR; n -= 3 * NR, b += 3 * panelBytes, start += 3 * startPanel, c += 3 * NR * 4)
        vectorTimes3(a, segments, segmentsEnd, run, b, panelBytes, start, startPanel, c, clamp);
    }
  }
  for (; n > 0; n -= NR, b += panelBytes, start += startPanel, c += NR * 4) {
    if (SIMD) panel(rows, m, shift, segments, segmentsEnd, run, b, min(n, NR), start, startRow, c, ldc, clamp);
    else panelScalar(rows, m, shift, segments, segmentsEnd, run, b, min(n, NR), start, startRow, c, ldc, clamp);
  }
}

/** All rows times one panel, four at a time; a last tile that is not full repeats its last row, which costs nothing and changes nothing. */
function panel(
  rows: usize, m: i32, shift: usize, segments: usize, segmentsEnd: usize, run: usize, panel: usize, columns: i32,
  start: usize, startRow: usize, c: usize, ldc: usize, clamp: usize,
): void {
  for (let i = 0; i < m; i += 4) {
    const i1 = min(i + 1, m - 1), i2 = min(i + 2, m - 1), i3 = min(i + 3, m - 1);
    const row0 = usize(load<u32>(rows + (usize(i) << 2))) + shift, row1 = usize(load<u32>(rows + (usize(i1) << 2))) + shift;
    const row2 = usize(load<u32>(rows + (usize(i2) << 2))) + shift, row3 = usize(load<u32>(rows + (usize(i3) << 2))) + shift;
    let s = start + usize(i) * startRow;
    let c00 = v128.load(s), c01 = v128.load(s, 16);
    s = start + usize(i1) * startRow;
    let c10 = v128.load(s), c11 = v128.load(s, 16);
    s = start + usize(i2) * startRow;
    let c20 = v128.load(s), c21 = v128.load(s, 16);
    s = start + usize(i3) * startRow;
    let c30 = v128.load(s), c31 = v128.load(s, 16);
    let b = panel, segment = segments;
    do {
      const offset = usize(load<u32>(segment));
      let p0 = row0 + offset, p1 = row1 + offset, p2 = row2 + offset, p3 = row3 + offset;
      const end = p0 + run;
      do {
        const b0 = v128.load(b), b1 = v128.load(b, 16);
        b += 32;
        let x = v128.load32_splat(p0);
        c00 = f32x4.add(c00, f32x4.mul(x, b0));
        c01 = f32x4.add(c01, f32x4.mul(x, b1));
        x = v128.load32_splat(p1);
        c10 = f32x4.add(c10, f32x4.mul(x, b0));
        c11 = f32x4.add(c11, f32x4.mul(x, b1));
        x = v128.load32_splat(p2);
        c20 = f32x4.add(c20, f32x4.mul(x, b0));
        c21 = f32x4.add(c21, f32x4.mul(x, b1));
        x = v128.load32_splat(p3);
        c30 = f32x4.add(c30, f32x4.mul(x, b0));
        c31 = f32x4.add(c31, f32x4.mul(x, b1));
        p0 += 4; p1 += 4; p2 += 4; p3 += 4;
      } while (p0 < end);
      segment += 4;
    } while (segment < segmentsEnd);
    store8(c + usize(i) * ldc, c00, c01, columns, clamp);
    store8(c + usize(i1) * ldc, c10, c11, columns, clamp);
    store8(c + usize(i2) * ldc, c20, c21, columns, clamp);
    store8(c + usize(i3) * ldc, c30, c31, columns, clamp);
  }
}

/** One row times three panels: six independent sums hide the latency of the addition (with eight, Node 20 spills: 9.5 GMAC/s). */
function vectorTimes3(
  a: usize, segments: usize, segmentsEnd: usize, run: usize, b: usize, panelBytes: usize, start: usize, startPanel: usize, c: usize, clamp: usize,
): void {
  let c0 = v128.load(start), c1 = v128.load(start, 16);
  start += startPanel;
  let c2 = v128.load(start), c3 = v128.load(start, 16);
  start += startPanel;
  let c4 = v128.load(start), c5 = v128.load(start, 16);
  let b1 = b + panelBytes, b2 = b1 + panelBytes;
  do {
    let p = a + usize(load<u32>(segments));
    const end = p + run;
    do {
      const x = v128.load32_splat(p);
      c0 = f32x4.add(c0, f32x4.mul(x, v128.load(b)));
      c1 = f32x4.add(c1, f32x4.mul(x, v128.load(b, 16)));
      c2 = f32x4.add(c2, f32x4.mul(x, v128.load(b1)));
      c3 = f32x4.add(c3, f32x4.mul(x, v128.load(b1, 16)));
      c4 = f32x4.add(c4, f32x4.mul(x, v128.load(b2)));
      c5 = f32x4.add(c5, f32x4.mul(x, v128.load(b2, 16)));
      p += 4; b += 32; b1 += 32; b2 += 32;
    } while (p < end);
    segments += 4;
  } while (segments < segmentsEnd);
  store8(c, c0, c1, NR, clamp);
  store8(c + 32, c2, c3, NR, clamp);
  store8(c + 64, c4, c5, NR, clamp);
}

/** Clamps eight results and stores the first `columns` of them. */
// @ts-ignore: decorator
@inline export function store8(c: usize, low: v128, high: v128, columns: i32, clamp: usize): void {
  const lo = v128.load32_splat(clamp), hi = v128.load32_splat(clamp, 4);
  low = f32x4.pmin(f32x4.pmax(low, lo), hi);
  high = f32x4.pmin(f32x4.pmax(high, lo), hi);
  if (columns == NR) {
    v128.store(c, low);
    v128.store(c, high, 16);
  } else storePart(c, low, high, columns);
}

export function storePart(c: usize, low: v128, high: v128, columns: i32): void {
  if (columns & 4) {
    v128.store(c, low);
    c += 16;
    low = high;
  }
  if (columns & 2) {
    v128.store64_lane(c, low, 0);
    c += 8;
    low = i64x2.shuffle(low, low, 1, 1);
  }
  if (columns & 1) v128.store32_lane(c, low, 0);
}

/** `panel` without vectors: one row times half a panel. */
function panelScalar(
  rows: usize, m: i32, shift: usize, segments: usize, segmentsEnd: usize, run: usize, panel: usize, columns: i32,
  start: usize, startRow: usize, c: usize, ldc: usize, clamp: usize,
): void {
  for (let i = 0; i < m; i++, rows += 4, start += startRow, c += ldc) {
    const row = usize(load<u32>(rows)) + shift;
    for (let j = 0; j < columns; j += 4) {
      const s = start + (usize(j) << 2);
      let c0 = load<f32>(s), c1 = load<f32>(s, 4), c2 = load<f32>(s, 8), c3 = load<f32>(s, 12);
      let b = panel + (usize(j) << 2), segment = segments;
      do {
        let p = row + usize(load<u32>(segment));
        const end = p + run;
        do {
          const x = load<f32>(p);
          c0 += x * load<f32>(b);
          c1 += x * load<f32>(b, 4);
          c2 += x * load<f32>(b, 8);
          c3 += x * load<f32>(b, 12);
          b += 32;
          p += 4;
        } while (p < end);
        segment += 4;
      } while (segment < segmentsEnd);
      const y = c + (usize(j) << 2);
      store<f32>(y, clamped(c0, clamp));
      if (j + 1 < columns) store<f32>(y, clamped(c1, clamp), 4);
      if (j + 2 < columns) store<f32>(y, clamped(c2, clamp), 8);
      if (j + 3 < columns) store<f32>(y, clamped(c3, clamp), 12);
    }
  }
}

/** One result, clamped as store8 does; NaN passes. */
// @ts-ignore: decorator
@inline export function clamped(x: f32, clamp: usize): f32 {
  const lo = load<f32>(clamp), hi = load<f32>(clamp, 4);
  x = select<f32>(lo, x, x < lo);
  return select<f32>(hi, x, hi < x);
}
