/**
 * y = quantize(f(dequantize a, dequantize b)) over 8-bit codes under numpy's broadcasting, in float32 operation for operation:
 *
 *   real(a) = f32(a − aZero)·aScale        v = clamp(f(real(a), real(b)) / yScale, lo − yZero, hi − yZero)
 *   q.late 0: round(v) + yZero   (DequantizeLinear → f → QuantizeLinear, as a file says it)
 *   q.late 1: round(v + yZero)   (ONNX Runtime's QLinearAdd and QLinearMul in WebAssembly: MLAS's portable kernel)
 *
 * Ties to even. int8 codes are read and written as uint8 with the sign bit flipped and 128 added to every zero point and bound.
 */
import { BroadcastParams, QBinaryParams } from "../abi";
import { walk } from "../elementwise/broadcast";
import { Add, Mul } from "../elementwise/operations";
import { storePart } from "../elementwise/part";
import { ROUNDER } from "../math/lane";
import { SIMD } from "../tier";
import { bias } from "./codes";

// @ts-ignore: decorator
@inline function zeroAt(at: usize, flip: i32): i32 {
  return at ? i32(load<u8>(at)) ^ flip : flip;
}

/** Lanes 4k…4k+3 of eight i16 as reals. */
// @ts-ignore: decorator
@inline function realLow(codes: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(codes)), scale);
}
// @ts-ignore: decorator
@inline function realHigh(codes: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(codes)), scale);
}

/** round(clamp(v, lo, hi) + early), as an integer plus ROUNDER's bits. */
// @ts-ignore: decorator
@inline function rounded(v: v128, lo: v128, hi: v128, early: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.pmin(hi, f32x4.pmax(lo, v)), early), f32x4.splat(ROUNDER));
}

// @ts-ignore: decorator
@inline function line<F>(q: QBinaryParams, a: usize, b: usize, y: usize): void {
  const f = changetype<F>(0);
  const end = y + usize(q.inner), flip = q.signed ? 128 : 0;
  const aScale = load<f32>(q.aScale), bScale = load<f32>(q.bScale), yScale = load<f32>(q.yScale);
  const aZero = zeroAt(q.aZero, flip), bZero = zeroAt(q.bZero, flip), yZero = zeroAt(q.yZero, flip);
  const lo = f32(q.lo + flip - yZero), hi = f32(q.hi + flip - yZero);
  const early: f32 = q.late ? f32(yZero - flip) : 0, after = bias(q.late ? flip : yZero);
  const moves = usize(q.innerB);
  if (SIMD) {
    const mask = i8x16.splat(<i8>flip), sa = f32x4.splat(aScale), sb = f32x4.splat(bScale), sy = f32x4.splat(yScale);
    const za = i16x8.splat(<i16>aZero), zb = i16x8.splat(<i16>bZero), low = f32x4.splat(lo), high = f32x4.splat(hi);
    const before = f32x4.splat(early), behind = i32x4.splat(after);
    const still = f32x4.splat(f32((i32(load<u8>(b)) ^ flip) - bZero) * bScale);
    let b0 = still, b1 = still, b2 = still, b3 = still;
    for (; y < end; a += 16, y += 16) {
      const codes = v128.xor(v128.load(a), mask);
      const a0 = i16x8.sub(i16x8.extend_low_i8x16_u(codes), za), a1 = i16x8.sub(i16x8.extend_high_i8x16_u(codes), za);
      if (moves) {
        const others = v128.xor(v128.load(b), mask);
        b += 16;
        const w0 = i16x8.sub(i16x8.extend_low_i8x16_u(others), zb), w1 = i16x8.sub(i16x8.extend_high_i8x16_u(others), zb);
        b0 = realLow(w0, sb);
        b1 = realHigh(w0, sb);
        b2 = realLow(w1, sb);
        b3 = realHigh(w1, sb);
      }
      const c0 = i32x4.sub(rounded(f32x4.div(f.of<v128>(realLow(a0, sa), b0), sy), low, high, before), behind);
      const c1 = i32x4.sub(rounded(f32x4.div(f.of<v128>(realHigh(a0, sa), b1), sy), low, high, before), behind);
      const c2 = i32x4.sub(rounded(f32x4.div(f.of<v128>(realLow(a1, sa), b2), sy), low, high, before), behind);
      const c3 = i32x4.sub(rounded(f32x4.div(f.of<v128>(realHigh(a1, sa), b3), sy), low, high, before), behind);
      const results = v128.xor(i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(c0, c1), i16x8.narrow_i32x4_s(c2, c3)), mask);
      if (y + 16 > end) return storePart(y, results, end - y);
      v128.store(y, results);
    }
    return;
  }
  for (; y < end; a++, b += moves, y++) {
    const ra = f32((i32(load<u8>(a)) ^ flip) - aZero) * aScale, rb = f32((i32(load<u8>(b)) ^ flip) - bZero) * bScale;
    const v = f.of<f32>(ra, rb) / yScale;
    const low = lo < v ? v : lo;
    store<u8>(y, u8((reinterpret<i32>((low < hi ? low : hi) + early + ROUNDER) - after) ^ flip));
  }
}

function addLine(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  line<Add>(changetype<QBinaryParams>(q), a, b, y);
}

function mulLine(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  line<Mul>(changetype<QBinaryParams>(q), a, b, y);
}

/** Within a line b either advances or stands still; a advances: the host swaps them (both functions commute). */
export function q8_binary(p: usize): void {
  const q = changetype<QBinaryParams>(p);
  walk(changetype<BroadcastParams>(p), q.op == 0 ? addLine : mulLine);
}
