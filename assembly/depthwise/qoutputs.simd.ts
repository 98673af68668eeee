import { QConvParams } from "../abi";
import { RELAXED, SIMD } from "../tier";
import { Format, Stage } from "../gemm/qformat";
import { BIAS, BYTES, HI, LO, MAGIC, MAGIC_BITS } from "../requantize/columns";
import { emitEight } from "../requantize/engines";
import { byEngine, emitScalar, outBytes, requantize8 } from "../requantize/emit";
import { CHUNK, segmentsOf, SEGMENTS } from "./qformat";
import { BASE, FAST, LIST, ONE, OUT_BITS, OUT_FLIP, SUMS } from "./qscratch";

/** What scaled sums must stay below for the magic number to round them unclamped: 2²², less what rounding adds on the way. */
const ROUNDED: f32 = 4194000.0;

// @ts-ignore: decorator
@inline function multipliersOf(q: QConvParams, c: i32): usize {
  return q.columns + BIAS + (usize(c) << 2) + (usize((q.n + 7) & ~7) << 2);
}

/** Bytes from a channel's multiplier to its float bias. */
// @ts-ignore: decorator
@inline function floatsAt(q: QConvParams): usize {
  return usize((q.n + 7) & ~7) << 2;
}

/**
 * Adds the chunk's offsets to the biases of channels c…c+15, and finds out whether outputs need no clamping: all values of their type
 * are allowed, so that narrowing saturates as the definition does, and no scaled sum is too large for the magic number: FAST is then 1, or 2 where float biases are added. 3: Stage.STEPS.
 */
export function prepare(q: QConvParams, chunk: usize, c: i32): void {
  if (SIMD) {
    const bias = q.columns + BIAS + (usize(c) << 2), multipliers = multipliersOf(q, c), base = q.scratch + BASE;
    const most = f32x4.splat(f32(q.kernelD * q.kernelH * q.kernelW) * 65025), limit = f32x4.splat(ROUNDED);
    const floats = multipliers + floatsAt(q);
    let small = i8x16.splat(-1), plain = small;
    for (let i: usize = 0; i < 64; i += 16) {
      const b = v128.load(bias + i);
      v128.store(base + i, i32x4.add(b, v128.load(chunk + i)));
      const f = f32x4.abs(v128.load(floats + i));
      const largest = f32x4.mul(f32x4.add(f32x4.add(f32x4.abs(f32x4.convert_i32x4_s(b)), f), most), f32x4.abs(v128.load(multipliers + i)));
      small = v128.and(small, f32x4.lt(largest, limit));
      plain = v128.and(plain, f32x4.eq(f, f32x4.splat(0)));
    }
    const zero = 0x4b400000 - load<i32>(q.columns, MAGIC_BITS), lo = load<f32>(q.columns, LO), all = load<f32>(q.columns, HI) - lo == 255.0;
    const signed = i32(lo) + zero < 0;
    v128.store(q.scratch, i8x16.splat(signed ? -128 : 0), OUT_FLIP);
    v128.store(q.scratch, i32x4.splat(load<i32>(q.columns, MAGIC_BITS) - (signed ? 128 : 0)), OUT_BITS);
    store<i32>(q.scratch, i32(q.stage == Stage.REQUANTIZE && all && c + 16 <= q.n && i8x16.all_true(small)) << i32(!i8x16.all_true(plain)), FAST);
    if (q.stage == Stage.STEPS && c + 16 <= q.n) store<i32>(q.scratch, 3, FAST);
  }
}

/** Two taps of eight channels. */
// @ts-ignore: decorator
@inline function low(acc: v128, w: v128, a: v128, b: v128): v128 {
  return i16x8.add(acc, i16x8.relaxed_dot_i8x16_i7x16_s(w, i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)));
}

// @ts-ignore: decorator
@inline function high(acc: v128, w: v128, a: v128, b: v128): v128 {
  return i16x8.add(acc, i16x8.relaxed_dot_i8x16_i7x16_s(w, i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)));
}

/** One tap of eight channels. */
// @ts-ignore: decorator
@inline function single(acc: v128, w: v128, x: v128): v128 {
  return i16x8.add(acc, i16x8.mul(w, x));
}

// @ts-ignore: decorator
@inline function scaled(sums: v128, multiplier: v128, magic: v128, bits: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), multiplier), magic), bits);
}

/** Four channels from the low half of sums in i16, and the four after them, as i16. */
// @ts-ignore: decorator
@inline function eight(acc: v128, b0: v128, b1: v128, m0: v128, m1: v128, magic: v128, bits: v128): v128 {
  return i16x8.narrow_i32x4_s(
    scaled(i32x4.add(b0, i32x4.extend_low_i16x8_s(acc)), m0, magic, bits),
    scaled(i32x4.add(b1, i32x4.extend_high_i16x8_s(acc)), m1, magic, bits),
  );
}

/** Adds sums in i16 to those of 16 channels at `from`. */
// @ts-ignore: decorator
@inline function flush(from: usize, to: usize, acc0: v128, acc1: v128): void {
  v128.store(to, i32x4.add(v128.load(from), i32x4.extend_low_i16x8_s(acc0)));
  v128.store(to, i32x4.add(v128.load(from, 16), i32x4.extend_high_i16x8_s(acc0)), 16);
  v128.store(to, i32x4.add(v128.load(from, 32), i32x4.extend_low_i16x8_s(acc1)), 32);
  v128.store(to, i32x4.add(v128.load(from, 48), i32x4.extend_high_i16x8_s(acc1)), 48);
}

/** The 16 channels of one output whose last sums in i16 are added to those at `sums`. */
// @ts-ignore: decorator
@inline function finish(sums: usize, m: usize, acc0: v128, acc1: v128, magic: v128, bits: v128, flip: v128): v128 {
  const words0 = eight(acc0, v128.load(sums), v128.load(sums, 16), v128.load(m), v128.load(m, 16), magic, bits);
  const words1 = eight(acc1, v128.load(sums, 32), v128.load(sums, 48), v128.load(m, 32), v128.load(m, 48), magic, bits);
  return v128.xor(i8x16.narrow_i16x8_u(words0, words1), flip);
}

/** Four of the sums at `sums` and of those in i16, scaled with their float bias. */
// @ts-ignore: decorator
@inline function biased(sum: v128, m: usize, step: usize, magic: v128, bits: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(sum), v128.load(m + step)), v128.load(m)), magic), bits);
}

/** finish() with float biases. */
function finishBiased(q: QConvParams, sums: usize, m: usize, acc0: v128, acc1: v128): v128 {
  if (SIMD) {
    const magic = v128.load(q.columns, MAGIC), bits = v128.load(q.scratch, OUT_BITS), step = floatsAt(q);
    const words0 = i16x8.narrow_i32x4_s(biased(i32x4.add(v128.load(sums), i32x4.extend_low_i16x8_s(acc0)), m, step, magic, bits), biased(i32x4.add(v128.load(sums, 16), i32x4.extend_high_i16x8_s(acc0)), m + 16, step, magic, bits));
    const words1 = i16x8.narrow_i32x4_s(biased(i32x4.add(v128.load(sums, 32), i32x4.extend_low_i16x8_s(acc1)), m + 32, step, magic, bits), biased(i32x4.add(v128.load(sums, 48), i32x4.extend_high_i16x8_s(acc1)), m + 48, step, magic, bits));
    return v128.xor(i8x16.narrow_i16x8_u(words0, words1), v128.load(q.scratch, OUT_FLIP));
  }
  return acc0;
}

/** Sixteen channels of one output in an engine's stage. */
function emitSteps(q: QConvParams, sums: usize, y: usize, c: i32, acc0: v128, acc1: v128): void {
  if (SIMD) {
    emitEight(q, i32x4.add(v128.load(sums), i32x4.extend_low_i16x8_s(acc0)), i32x4.add(v128.load(sums, 16), i32x4.extend_high_i16x8_s(acc0)), y, usize(c));
    emitEight(q, i32x4.add(v128.load(sums, 32), i32x4.extend_low_i16x8_s(acc1)), i32x4.add(v128.load(sums, 48), i32x4.extend_high_i16x8_s(acc1)), y + 8, usize(c + 8));
  }
}

/** Writes 16 channels, or those that are left, of one output from its sums in scratch. */
function emit(q: QConvParams, sums: usize, y: usize, c: i32): void {
  if (SIMD) {
    const columns = q.columns, channels = min(16, q.n - c), m = multipliersOf(q, c), f = m + floatsAt(q);
    if (byEngine(q.stage) && q.stage != Stage.WIDE && !(channels & 7)) {
      emitEight(q, v128.load(sums), v128.load(sums, 16), y, usize(c));
      if (channels == 16) emitEight(q, v128.load(sums, 32), v128.load(sums, 48), y + (outBytes(q.stage) << 3), usize(c + 8));
      return;
    }
    if (q.stage != Stage.REQUANTIZE || (channels & 7)) {
      emitScalar(q, sums, y, usize(c), channels);
      return;
    }
    const lo = v128.load(columns, LO), hi = v128.load(columns, HI), magic = v128.load(columns, MAGIC), bits = v128.load(columns, MAGIC_BITS), mask = v128.load(columns, BYTES);
    v128.store64_lane(y, requantize8(v128.load(sums), v128.load(sums, 16), v128.load(f), v128.load(f, 16), v128.load(m), v128.load(m, 16), lo, hi, magic, bits, mask), 0);
    if (channels == 16)
      v128.store64_lane(y, requantize8(v128.load(sums, 32), v128.load(sums, 48), v128.load(f, 32), v128.load(f, 48), v128.load(m, 32), v128.load(m, 48), lo, hi, magic, bits, mask), 0, 8);
  }
}

/** Up to 16 channels from c on of `count` outputs of a row, ldc apart, from windows that start at `x`; four at a time, those beyond the last repeat it. */
export function outputs(q: QConvParams, chunk: usize, taps: i32, x: usize, y: usize, c: i32, count: i32): void {
  if (SIMD) {
    const scratch = q.scratch, ldy = usize(q.ldc * outBytes(q.stage)), stride = usize(q.strideW) << 4, fast = load<i32>(scratch, FAST);
    const multipliers = multipliersOf(q, c);
    for (; count > 0; count -= 4, x += stride << 2, y += ldy << 2) {
      const x1 = x + (count > 1 ? stride : 0), x2 = x1 + (count > 2 ? stride : 0), x3 = x2 + (count > 3 ? stride : 0);
      const y1 = y + (count > 1 ? ldy : 0), y2 = y1 + (count > 2 ? ldy : 0), y3 = y2 + (count > 3 ? ldy : 0);
      let segment = segmentsOf(chunk, taps), segments = load<i32>(chunk, SEGMENTS), w = chunk + CHUNK, list = scratch + LIST;
      let s0 = scratch + BASE, s1 = s0, s2 = s0, s3 = s0;
      while (true) {
        let a00 = v128.load(segment), a01 = v128.load(segment, 16), a10 = a00, a11 = a01, a20 = a00, a21 = a01, a30 = a00, a31 = a01;
        const end = list + usize(load<i32>(segment, 32));
        if (RELAXED && q.format == Format.I8) {
          do {
            const at = usize(load<i32>(list)), to = usize(load<i32>(list, 4)), w0 = v128.load(w), w1 = v128.load(w, 16);
            const p0 = v128.load(x + at), q0 = v128.load(x + to);
            a00 = low(a00, w0, p0, q0);
            a01 = high(a01, w1, p0, q0);
            const p1 = v128.load(x1 + at), q1 = v128.load(x1 + to);
            a10 = low(a10, w0, p1, q1);
            a11 = high(a11, w1, p1, q1);
            const p2 = v128.load(x2 + at), q2 = v128.load(x2 + to);
            a20 = low(a20, w0, p2, q2);
            a21 = high(a21, w1, p2, q2);
            const p3 = v128.load(x3 + at), q3 = v128.load(x3 + to);
            a30 = low(a30, w0, p3, q3);
            a31 = high(a31, w1, p3, q3);
            w += 32;
            list += 8;
          } while (list < end);
        } else {
          do {
            const at = usize(load<i32>(list)), w0 = v128.load(w), w1 = v128.load(w, 16);
            a00 = single(a00, w0, v128.load_ext<u8>(x + at));
            a01 = single(a01, w1, v128.load_ext<u8>(x + at, 8));
            a10 = single(a10, w0, v128.load_ext<u8>(x1 + at));
            a11 = single(a11, w1, v128.load_ext<u8>(x1 + at, 8));
            a20 = single(a20, w0, v128.load_ext<u8>(x2 + at));
            a21 = single(a21, w1, v128.load_ext<u8>(x2 + at, 8));
            a30 = single(a30, w0, v128.load_ext<u8>(x3 + at));
            a31 = single(a31, w1, v128.load_ext<u8>(x3 + at, 8));
            w += 32;
            list += 8;
          } while (list < end);
        }
        --segments;
        if (fast == 3 && !segments) {
          emitSteps(q, s0, y, c, a00, a01);
          if (count > 1) emitSteps(q, s1, y1, c, a10, a11);
          if (count > 2) emitSteps(q, s2, y2, c, a20, a21);
          if (count > 3) emitSteps(q, s3, y3, c, a30, a31);
          break;
        }
        if (fast == 2 && !segments) {
          v128.store(y, finishBiased(q, s0, multipliers, a00, a01));
          v128.store(y1, finishBiased(q, s1, multipliers, a10, a11));
          v128.store(y2, finishBiased(q, s2, multipliers, a20, a21));
          v128.store(y3, finishBiased(q, s3, multipliers, a30, a31));
          break;
        }
        if (fast && !segments) {
          const magic = v128.load(q.columns, MAGIC), bits = v128.load(scratch, OUT_BITS), flip = v128.load(scratch, OUT_FLIP);
          if (s1 != s0) {
            v128.store(y, finish(s0, multipliers, a00, a01, magic, bits, flip));
            v128.store(y1, finish(s1, multipliers, a10, a11, magic, bits, flip));
            v128.store(y2, finish(s2, multipliers, a20, a21, magic, bits, flip));
            v128.store(y3, finish(s3, multipliers, a30, a31, magic, bits, flip));
            break;
          }
          let b0 = v128.load(scratch, BASE), b1 = v128.load(scratch, BASE + 16), m0 = v128.load(multipliers), m1 = v128.load(multipliers, 16);
          a00 = eight(a00, b0, b1, m0, m1, magic, bits);
          a10 = eight(a10, b0, b1, m0, m1, magic, bits);
          a20 = eight(a20, b0, b1, m0, m1, magic, bits);
          a30 = eight(a30, b0, b1, m0, m1, magic, bits);
          b0 = v128.load(scratch, BASE + 32);
          b1 = v128.load(scratch, BASE + 48);
          m0 = v128.load(multipliers, 32);
          m1 = v128.load(multipliers, 48);
          v128.store(y, v128.xor(i8x16.narrow_i16x8_u(a00, eight(a01, b0, b1, m0, m1, magic, bits)), flip));
          v128.store(y1, v128.xor(i8x16.narrow_i16x8_u(a10, eight(a11, b0, b1, m0, m1, magic, bits)), flip));
          v128.store(y2, v128.xor(i8x16.narrow_i16x8_u(a20, eight(a21, b0, b1, m0, m1, magic, bits)), flip));
          v128.store(y3, v128.xor(i8x16.narrow_i16x8_u(a30, eight(a31, b0, b1, m0, m1, magic, bits)), flip));
          break;
        }
        flush(s0, scratch + SUMS, a00, a01);
        flush(s1, scratch + SUMS + 64, a10, a11);
        flush(s2, scratch + SUMS + 128, a20, a21);
        flush(s3, scratch + SUMS + 192, a30, a31);
        s0 = scratch + SUMS;
        s1 = s0 + 64;
        s2 = s0 + 128;
        s3 = s0 + 192;
        segment += 48;
        if (segments) continue;
        emit(q, scratch + SUMS, y, c);
        if (count > 1) emit(q, scratch + SUMS + 64, y1, c);
        if (count > 2) emit(q, scratch + SUMS + 128, y2, c);
        if (count > 3) emit(q, scratch + SUMS + 192, y3, c);
        break;
      }
    }
  }
}
