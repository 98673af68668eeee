import { QConvParams } from "../abi";
import { SIMD } from "../tier";
import { byEngine, emitVector, requantize8, scaleRows } from "../requantize/emit";
import { BIAS, BYTES, HI, LO, MAGIC, MAGIC_BITS } from "../requantize/columns";
import { Stage } from "./qformat";

// @ts-ignore: decorator
@inline function dot(acc: v128, w: v128, x: v128): v128 {
  return i32x4.add(acc, i32x4.dot_i16x8_s(w, x));
}

/** Format.I16: four rows by eight columns, then what is left row by row when it is one row, else with its last row repeated. */
export function rows(q: QConvParams, a: usize, lda: usize, rows: i32, panel: usize, steps: i32, y: usize, ldy: usize, column: usize, count: i32): void {
  const end = usize(steps) << 2;
  const rest = (rows & 3) == 1 ? 1 : 0, done = usize(rows - rest);
  if (done) tiles(q, a, lda, rows - rest, panel, end, y, ldy, column, count);
  if (rest) tile1(q, a + done * lda, panel, end, y + done * ldy, column, count);
}

/** Rows beyond `rows` repeat the last one, outputs included, so nothing branches. */
function tiles(q: QConvParams, a: usize, lda: usize, rows: i32, panel: usize, end: usize, y0: usize, ldy: usize, column: usize, count: i32): void {
  if (SIMD) {
    const at = q.columns + BIAS + (column << 2);
    const columns = q.columns, step = usize(q.groups * ((q.n + 7) & ~7)) << 2, scale = at + step, floats = scale + step, hot = count == 8 && q.stage == Stage.REQUANTIZE;
    for (; rows > 0; rows -= 4, a += lda << 2, y0 += ldy << 2) {
      let a0 = a, a1 = a0 + lda;
      let a2 = a1 + (rows > 2 ? lda : 0);
      let a3 = a2 + (rows > 3 ? lda : 0);
      let c00 = v128.load(at), c01 = v128.load(at, 16);
      let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
      const stop = a0 + end;
      let w = panel;
      do {
        const w0 = v128.load(w), w1 = v128.load(w, 16);
        let x = v128.load32_splat(a0);
        c00 = dot(c00, w0, x);
        c01 = dot(c01, w1, x);
        x = v128.load32_splat(a1);
        c10 = dot(c10, w0, x);
        c11 = dot(c11, w1, x);
        x = v128.load32_splat(a2);
        c20 = dot(c20, w0, x);
        c21 = dot(c21, w1, x);
        x = v128.load32_splat(a3);
        c30 = dot(c30, w0, x);
        c31 = dot(c31, w1, x);
        w += 32;
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
      } while (a0 < stop);
      const y1 = y0 + ldy, y2 = y1 + (rows > 2 ? ldy : 0), y3 = y2 + (rows > 3 ? ldy : 0);
      if (hot) {
        const m0 = v128.load(scale), m1 = v128.load(scale, 16), b0 = v128.load(floats), b1 = v128.load(floats, 16);
        const lo = v128.load(columns, LO), hi = v128.load(columns, HI), magic = v128.load(columns, MAGIC), bits = v128.load(columns, MAGIC_BITS), mask = v128.load(columns, BYTES);
        v128.store64_lane(y0, requantize8(c00, c01, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
        v128.store64_lane(y1, requantize8(c10, c11, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
        v128.store64_lane(y2, requantize8(c20, c21, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
        v128.store64_lane(y3, requantize8(c30, c31, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
      } else if (count == 8 && !byEngine(q.stage)) {
        v128.store(y0, c00);
        v128.store(y0, c01, 16);
        v128.store(y1, c10);
        v128.store(y1, c11, 16);
        v128.store(y2, c20);
        v128.store(y2, c21, 16);
        v128.store(y3, c30);
        v128.store(y3, c31, 16);
        if (q.stage == Stage.FLOAT) scaleRows(q, y0, ldy, min(rows, 4), column);
      } else {
        emitVector(q, c00, c01, y0, column, count);
        emitVector(q, c10, c11, y1, column, count);
        emitVector(q, c20, c21, y2, column, count);
        emitVector(q, c30, c31, y3, column, count);
      }
    }
  }
}

function tile1(q: QConvParams, a: usize, w: usize, end: usize, y: usize, column: usize, count: i32): void {
  if (SIMD) {
    const at = q.columns + BIAS + (column << 2), stop = a + end;
    let c0 = v128.load(at), c1 = v128.load(at, 16);
    do {
      const x = v128.load32_splat(a);
      c0 = dot(c0, v128.load(w), x);
      c1 = dot(c1, v128.load(w, 16), x);
      w += 32;
      a += 4;
    } while (a < stop);
    finish(q, c0, c1, y, column, count);
  }
}

/** One row's outputs: requantized from registers, or whatever the stage asks. */
export function finish(q: QConvParams, c0: v128, c1: v128, y: usize, column: usize, count: i32): void {
  if (SIMD) {
    if (count == 8 && q.stage == Stage.REQUANTIZE) {
      const columns = q.columns, step = usize(q.groups * ((q.n + 7) & ~7)) << 2, scale = columns + BIAS + (column << 2) + step, floats = scale + step;
      const m0 = v128.load(scale), m1 = v128.load(scale, 16), b0 = v128.load(floats), b1 = v128.load(floats, 16);
      const lo = v128.load(columns, LO), hi = v128.load(columns, HI), magic = v128.load(columns, MAGIC), bits = v128.load(columns, MAGIC_BITS), mask = v128.load(columns, BYTES);
      v128.store64_lane(y, requantize8(c0, c1, b0, b1, m0, m1, lo, hi, magic, bits, mask), 0);
    } else if (count == 8 && !byEngine(q.stage)) {
      v128.store(y, c0);
      v128.store(y, c1, 16);
      if (q.stage == Stage.FLOAT) scaleRows(q, y, 0, 1, column);
    } else emitVector(q, c0, c1, y, column, count);
  }
}
