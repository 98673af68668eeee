import { QConvParams } from "../abi";
import { RELAXED } from "../tier";
import { BIAS, ONES } from "../requantize/columns";
import { outBytes } from "../requantize/emit";
import { emit4 } from "./qcolumns.simd";

/** Four rows: [16][4] bytes a column, flipped. `r0`…`r3` step by their own strides. */
export function interleave(q: QConvParams, r0: usize, r1: usize, r2: usize, r3: usize, s0: usize, s1: usize, s2: usize, s3: usize, count: i32, to: usize, step: usize): void {
  if (RELAXED) {
    const flips = i8x16.splat(i8(q.flip));
    for (; count > 0; --count, to += step) {
      const a = v128.xor(v128.load(r0), flips), b = v128.xor(v128.load(r1), flips), c = v128.xor(v128.load(r2), flips), d = v128.xor(v128.load(r3), flips);
      const ab = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const cd = i8x16.shuffle(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const ab1 = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      const cd1 = i8x16.shuffle(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      v128.store(to, i8x16.shuffle(ab, cd, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23));
      v128.store(to, i8x16.shuffle(ab, cd, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31), 16);
      v128.store(to, i8x16.shuffle(ab1, cd1, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23), 32);
      v128.store(to, i8x16.shuffle(ab1, cd1, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31), 48);
      r0 += s0;
      r1 += s1;
      r2 += s2;
      r3 += s3;
    }
  }
}

// @ts-ignore: decorator
@inline function dot(acc: v128, w: v128, x: v128, ones: v128): v128 {
  return i32x4.add(acc, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), ones));
}

/** Where the step at byte `at` of a window lies when its columns, `step` bytes each, are `apart`. */
// @ts-ignore: decorator
@inline function place(at: usize, step: usize, apart: usize): usize {
  return at / step * apart + at % step;
}

/** Four outputs at a time; those beyond the last repeat it. Columns of an undilated window are one run, extra entries are runs of one step. */
export function outputs(q: QConvParams, from: usize, step: usize, panel: usize, y: usize, c: i32, count: i32): void {
  if (RELAXED) {
    const bias = q.columns + BIAS + (usize(c) << 2), ldy = usize(q.ldc * outBytes(q.stage));
    const joined = q.dilationW == 1, runs = joined ? 1 : q.kernelW, run = joined ? usize(q.kernelW) * step : step;
    const skip = usize(q.dilationW) * step - run, stride = usize(q.strideW) * step;
    for (; count > 0; count -= 4) {
      const o1 = count > 1 ? stride : 0, o2 = o1 + (count > 2 ? stride : 0), o3 = o2 + (count > 3 ? stride : 0);
      let c00 = v128.load(bias), c01 = v128.load(bias, 16), c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
      let x = from, end = from + run, w = panel, k = runs;
      const header = panel + (usize(q.kernelW) * step >> 1);
      let extras = load<i32>(header), entry = header + 32;
      while (true) {
        do {
          const w0 = v128.load(w), w1 = v128.load(w, 16), one = v128.load(q.columns, ONES);
          c00 = dot(c00, w0, v128.load(x), one);
          c01 = dot(c01, w1, v128.load(x, 16), one);
          c10 = dot(c10, w0, v128.load(x + o1), one);
          c11 = dot(c11, w1, v128.load(x + o1, 16), one);
          c20 = dot(c20, w0, v128.load(x + o2), one);
          c21 = dot(c21, w1, v128.load(x + o2, 16), one);
          c30 = dot(c30, w0, v128.load(x + o3), one);
          c31 = dot(c31, w1, v128.load(x + o3, 16), one);
          w += 32;
          x += 64;
        } while (x < end);
        if (--k > 0) {
          x += skip;
          end = x + run;
        } else if (--extras >= 0) {
          x = from + place(usize(load<i32>(entry, 32)) << 4, step, usize(q.dilationW) * step);
          end = x + 64;
          w = entry;
          entry += 64;
        } else break;
      }
      const y1 = y + (count > 1 ? ldy : 0), y2 = y1 + (count > 2 ? ldy : 0), y3 = y2 + (count > 3 ? ldy : 0);
      emit4(q, c, y, y1, y2, y3, c00, c01, c10, c11, c20, c21, c30, c31);
      from += stride << 2;
      y += ldy << 2;
    }
  }
}
