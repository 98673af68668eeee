import { QConvParams } from "../abi";
import { RELAXED } from "../tier";
import { byEngine, emitVector, requantize8, scaleRows } from "../requantize/emit";
import { BIAS, BYTES, HI, LO, MAGIC, MAGIC_BITS, ONES } from "../requantize/columns";
import { Stage } from "./qformat";
import { finish } from "./qtile.simd";

/** Format.I8: five rows by eight columns and a last one alone, or one row at a time where every step of the panel must be halved. */
export function rows(q: QConvParams, a: usize, lda: usize, rows: i32, panel: usize, steps: i32, y: usize, ldy: usize, column: usize, count: i32): void {
  const end = usize(steps) << 2, extras = load<i32>(panel + (end << 3));
  if (extras < 0) {
    for (; rows > 0; --rows, a += lda, y += ldy) halved(q, a, panel, end, y, column, count);
    return;
  }
  const rest = rows % 5 == 1 ? 1 : 0, done = usize(rows - rest);
  if (done) tiles(q, a, lda, rows - rest, panel, end, extras, y, ldy, column, count);
  if (rest) tile1(q, a + done * lda, panel, end, extras, y + done * ldy, column, count);
}

// @ts-ignore: decorator
@inline function dot(acc: v128, w: v128, x: v128, ones: v128): v128 {
  return i32x4.add(acc, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), ones));
}

/**
 * Rows beyond `rows` repeat the last one, outputs included, so nothing branches. The outer loop runs once over the whole of
 * K and once for every extra entry, whose single step lies anywhere in K.
 */
function tiles(q: QConvParams, a0: usize, lda: usize, rows: i32, panel: usize, end: usize, extras: i32, y0: usize, ldy: usize, column: usize, count: i32): void {
  if (RELAXED) {
    const at = q.columns + BIAS + (column << 2), ones = q.columns + ONES;
    const columns = q.columns, step = usize(q.groups * ((q.n + 7) & ~7)) << 2, scale = at + step, floats = scale + step, hot = count == 8 && q.stage == Stage.REQUANTIZE;
    for (; rows > 0; rows -= 5, a0 += 5 * lda, y0 += 5 * ldy) {
      const a1 = a0 + lda;
      const a2 = a1 + (rows > 2 ? lda : 0);
      const a3 = a2 + (rows > 3 ? lda : 0);
      const a4 = a3 + (rows > 4 ? lda : 0);
      let c00 = v128.load(at), c01 = v128.load(at, 16);
      let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01, c40 = c00, c41 = c01;
      let w = panel, entry = panel + (end << 3) + 32, k: usize = 0, stop = end, more = extras;
      while (true) {
        do {
          const w0 = v128.load(w), w1 = v128.load(w, 16), one = v128.load(ones);
          let x = v128.load32_splat(a0 + k);
          c00 = dot(c00, w0, x, one);
          c01 = dot(c01, w1, x, one);
          x = v128.load32_splat(a1 + k);
          c10 = dot(c10, w0, x, one);
          c11 = dot(c11, w1, x, one);
          x = v128.load32_splat(a2 + k);
          c20 = dot(c20, w0, x, one);
          c21 = dot(c21, w1, x, one);
          x = v128.load32_splat(a3 + k);
          c30 = dot(c30, w0, x, one);
          c31 = dot(c31, w1, x, one);
          x = v128.load32_splat(a4 + k);
          c40 = dot(c40, w0, x, one);
          c41 = dot(c41, w1, x, one);
          w += 32;
          k += 4;
        } while (k < stop);
        if (--more < 0) break;
        w = entry;
        k = usize(load<i32>(entry, 32));
        stop = k + 4;
        entry += 64;
      }
      const y1 = y0 + ldy, y2 = y1 + (rows > 2 ? ldy : 0), y3 = y2 + (rows > 3 ? ldy : 0), y4 = y3 + (rows > 4 ? ldy : 0);
      if (hot) {
        const m0 = v128.load(scale), m1 = v128.load(scale, 16), b0 = v128.load(floats), b1 = v128.load(floats, 16);
        const lo = v128.load(columns, LO), hi = v128.load(columns, HI), magic = v128.load(columns, MAGIC), bits = v128.load(columns, MAGIC_BITS), mask = v128.load(columns, BYTES);
        v128.store64_lane(y0, requantize8(c00, c01, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
        v128.store64_lane(y1, requantize8(c10, c11, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
        v128.store64_lane(y2, requantize8(c20, c21, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
        v128.store64_lane(y3, requantize8(c30, c31, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
        v128.store64_lane(y4, requantize8(c40, c41, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
      } else if (count == 8 && !byEngine(q.stage)) {
        v128.store(y0, c00);
        v128.store(y0, c01, 16);
        v128.store(y1, c10);
        v128.store(y1, c11, 16);
        v128.store(y2, c20);
        v128.store(y2, c21, 16);
        v128.store(y3, c30);
        v128.store(y3, c31, 16);
        v128.store(y4, c40);
        v128.store(y4, c41, 16);
        if (q.stage == Stage.FLOAT) scaleRows(q, y0, ldy, min(rows, 5), column);
      } else {
        emitVector(q, c00, c01, y0, column, count);
        emitVector(q, c10, c11, y1, column, count);
        emitVector(q, c20, c21, y2, column, count);
        emitVector(q, c30, c31, y3, column, count);
        emitVector(q, c40, c41, y4, column, count);
      }
    }
  }
}

function tile1(q: QConvParams, a: usize, w: usize, end: usize, extras: i32, y: usize, column: usize, count: i32): void {
  if (RELAXED) {
    const at = q.columns + BIAS + (column << 2), ones = q.columns + ONES;
    let c0 = v128.load(at), c1 = v128.load(at, 16);
    let entry = w + (end << 3) + 32, k: usize = 0, stop = end;
    while (true) {
      do {
        const x = v128.load32_splat(a + k), one = v128.load(ones);
        c0 = dot(c0, v128.load(w), x, one);
        c1 = dot(c1, v128.load(w, 16), x, one);
        w += 32;
        k += 4;
      } while (k < stop);
      if (--extras < 0) break;
      w = entry;
      k = usize(load<i32>(entry, 32));
      stop = k + 4;
      entry += 64;
    }
    finish(q, c0, c1, y, column, count);
  }
}

/** ⌈w/2⌉ of signed bytes: the rounding average works on unsigned ones, where the middle is 128. */
// @ts-ignore: decorator
@inline function half(w: v128): v128 {
  const middle = i8x16.splat(-128);
  return v128.xor(i8x16.avgr_u(v128.xor(w, middle), middle), middle);
}

/** w = ⌈w/2⌉ + ⌊w/2⌋: no pair of either half can leave i16. */
function halved(q: QConvParams, a: usize, w: usize, end: usize, y: usize, column: usize, count: i32): void {
  if (RELAXED) {
    const at = q.columns + BIAS + (column << 2), ones = q.columns + ONES, stop = a + end;
    let c0 = v128.load(at), c1 = v128.load(at, 16);
    do {
      const x = v128.load32_splat(a), one = v128.load(ones), w0 = v128.load(w), w1 = v128.load(w, 16);
      const h0 = half(w0), h1 = half(w1);
      c0 = dot(dot(c0, h0, x, one), i8x16.sub(w0, h0), x, one);
      c1 = dot(dot(c1, h1, x, one), i8x16.sub(w1, h1), x, one);
      w += 32;
      a += 4;
    } while (a < stop);
    finish(q, c0, c1, y, column, count);
  }
}
