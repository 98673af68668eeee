import { QConvParams } from "../abi";
import { SIMD } from "../tier";
import { Stage } from "../gemm/qformat";
import { BIAS, BYTES, HI, LO, MAGIC, MAGIC_BITS } from "../requantize/columns";
import { emitVector, outBytes, requantize8 } from "../requantize/emit";

/** Two rows, widened: [16][2] i16 a column. */
export function interleave<T>(a: usize, b: usize, stepA: usize, stepB: usize, count: i32, to: usize, step: usize): void {
  if (SIMD) {
    for (; count > 0; --count, a += stepA, b += stepB, to += step) {
      const va = v128.load(a), vb = v128.load(b);
      const low = i8x16.shuffle(va, vb, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high = i8x16.shuffle(va, vb, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      v128.store(to, isSigned<T>() ? i16x8.extend_low_i8x16_s(low) : i16x8.extend_low_i8x16_u(low));
      v128.store(to, isSigned<T>() ? i16x8.extend_high_i8x16_s(low) : i16x8.extend_high_i8x16_u(low), 16);
      v128.store(to, isSigned<T>() ? i16x8.extend_low_i8x16_s(high) : i16x8.extend_low_i8x16_u(high), 32);
      v128.store(to, isSigned<T>() ? i16x8.extend_high_i8x16_s(high) : i16x8.extend_high_i8x16_u(high), 48);
    }
  }
}

// @ts-ignore: decorator
@inline function dot(acc: v128, w: v128, x: v128): v128 {
  return i32x4.add(acc, i32x4.dot_i16x8_s(w, x));
}

/** Four outputs at a time; those beyond the last repeat it. Columns of an undilated window are one run. */
export function outputs(q: QConvParams, from: usize, step: usize, panel: usize, y: usize, c: i32, count: i32): void {
  if (SIMD) {
    const bias = q.columns + BIAS + (usize(c) << 2), ldy = usize(q.ldc * outBytes(q.stage));
    const joined = q.dilationW == 1, runs = joined ? 1 : q.kernelW, run = joined ? usize(q.kernelW) * step : step;
    const skip = usize(q.dilationW) * step - run, stride = usize(q.strideW) * step;
    for (; count > 0; count -= 4) {
      const o1 = count > 1 ? stride : 0, o2 = o1 + (count > 2 ? stride : 0), o3 = o2 + (count > 3 ? stride : 0);
      let c00 = v128.load(bias), c01 = v128.load(bias, 16), c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
      let x = from, end = from + run, w = panel, k = runs;
      while (true) {
        do {
          const w0 = v128.load(w), w1 = v128.load(w, 16);
          c00 = dot(c00, w0, v128.load(x));
          c01 = dot(c01, w1, v128.load(x, 16));
          c10 = dot(c10, w0, v128.load(x + o1));
          c11 = dot(c11, w1, v128.load(x + o1, 16));
          c20 = dot(c20, w0, v128.load(x + o2));
          c21 = dot(c21, w1, v128.load(x + o2, 16));
          c30 = dot(c30, w0, v128.load(x + o3));
          c31 = dot(c31, w1, v128.load(x + o3, 16));
          w += 32;
          x += 64;
        } while (x < end);
        if (--k == 0) break;
        x += skip;
        end = x + run;
      }
      const y1 = y + (count > 1 ? ldy : 0), y2 = y1 + (count > 2 ? ldy : 0), y3 = y2 + (count > 3 ? ldy : 0);
      emit4(q, c, y, y1, y2, y3, c00, c01, c10, c11, c20, c21, c30, c31);
      from += stride << 2;
      y += ldy << 2;
    }
  }
}

/** Eight channels of four consecutive outputs. */
// @ts-ignore: decorator
@inline export function emit4(q: QConvParams, c: i32, y0: usize, y1: usize, y2: usize, y3: usize, c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128): void {
  const columns = q.columns, channels = min(8, q.n - c);
  if (channels == 8 && q.stage == Stage.REQUANTIZE) {
    const scale = columns + BIAS + (usize(c) << 2) + (usize((q.n + 7) & ~7) << 2), m0 = v128.load(scale), m1 = v128.load(scale, 16);
    const lo = v128.load(columns, LO), hi = v128.load(columns, HI), magic = v128.load(columns, MAGIC), bits = v128.load(columns, MAGIC_BITS), mask = v128.load(columns, BYTES);
    v128.store64_lane(y0, requantize8(c00, c01, m0, m1, lo, hi, magic, bits, mask), 0);
    v128.store64_lane(y1, requantize8(c10, c11, m0, m1, lo, hi, magic, bits, mask), 0);
    v128.store64_lane(y2, requantize8(c20, c21, m0, m1, lo, hi, magic, bits, mask), 0);
    v128.store64_lane(y3, requantize8(c30, c31, m0, m1, lo, hi, magic, bits, mask), 0);
  } else {
    emitVector(q, c00, c01, y0, usize(c), channels);
    emitVector(q, c10, c11, y1, usize(c), channels);
    emitVector(q, c20, c21, y2, usize(c), channels);
    emitVector(q, c30, c31, y3, usize(c), channels);
  }
}
