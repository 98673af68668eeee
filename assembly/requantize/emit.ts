import { QConvParams } from "../abi";
import { SIMD } from "../tier";
import { Stage } from "../gemm/qformat";
import { BIAS, BYTES, HI, LO, MAGIC, MAGIC_BITS } from "./columns";
import { emitEight, emitOne } from "./engines";

/** One accumulator (bias included) and its float bias → the quantized value, held as its low byte. */
// @ts-ignore: decorator
@inline export function requantize(acc: i32, bias: f32, multiplier: f32, columns: usize): i32 {
  const lo = load<f32>(columns, LO), hi = load<f32>(columns, HI);
  let v: f32 = (f32(acc) + bias) * multiplier;
  v = lo < v ? v : lo;
  v = v < hi ? v : hi;
  return reinterpret<i32>(v + load<f32>(columns, MAGIC)) - load<i32>(columns, MAGIC_BITS);
}

/** Four of them, with the columns block's constants in registers. */
// @ts-ignore: decorator
@inline function requantize4(acc: v128, bias: v128, multiplier: v128, lo: v128, hi: v128, magic: v128, bits: v128): v128 {
  const v = f32x4.mul(f32x4.add(f32x4.convert_i32x4_s(acc), bias), multiplier);
  return i32x4.sub(f32x4.add(f32x4.pmin(hi, f32x4.pmax(lo, v)), magic), bits);
}

/** Eight of them as bytes, in the low half. */
// @ts-ignore: decorator
@inline export function requantize8(acc0: v128, acc1: v128, b0: v128, b1: v128, m0: v128, m1: v128, lo: v128, hi: v128, magic: v128, bits: v128, mask: v128): v128 {
  const words = i16x8.narrow_i32x4_s(requantize4(acc0, b0, m0, lo, hi, magic, bits), requantize4(acc1, b1, m1, lo, hi, magic, bits));
  const bytes = v128.and(words, mask);
  return i8x16.narrow_i16x8_u(bytes, bytes);
}

/** Bytes of an output element. */
// @ts-ignore: decorator
@inline export function outBytes(stage: i32): i32 {
  return stage == Stage.REQUANTIZE || stage > Stage.SERIAL ? 1 : 4;
}

/** Writes outputs of one row that lie as i32 at `acc`. `column`: index of the first one in the columns block. */
export function emitScalar(q: QConvParams, acc: usize, y: usize, column: usize, count: i32): void {
  const at = q.columns + BIAS + (column << 2) + (usize(q.groups * ((q.n + 7) & ~7)) << 2);
  const floats = at + (usize(q.groups * ((q.n + 7) & ~7)) << 2);
  for (let i: usize = 0; i < usize(count); ++i) {
    const value = load<i32>(acc + (i << 2));
    const multiplier = load<f32>(at + (i << 2));
    if (q.stage == Stage.REQUANTIZE) store<u8>(y + i, u8(requantize(value, load<f32>(floats + (i << 2)), multiplier, q.columns)));
    else if (q.stage == Stage.RAW) store<i32>(y + (i << 2), value);
    else if (q.stage > Stage.FLOAT) emitOne(q, value, y + i * usize(outBytes(q.stage)), column + i);
    else store<f32>(y + (i << 2), f32(f32(value) * multiplier) + load<f32>(floats + (i << 2)));
  }
}

/** Whether eight outputs of a row at once are emitVector's business too. */
// @ts-ignore: decorator
@inline export function byEngine(stage: i32): bool {
  return stage > Stage.FLOAT;
}

/** Writes up to eight outputs of one row from registers: fewer in any stage, eight in an engine's. */
export function emitVector(q: QConvParams, acc0: v128, acc1: v128, y: usize, column: usize, count: i32): void {
  if (SIMD) {
    if (count == 8 && q.stage != Stage.WIDE) {
      emitEight(q, acc0, acc1, y, column);
      return;
    }
    v128.store(q.scratch, acc0);
    v128.store(q.scratch, acc1, 16);
    emitScalar(q, q.scratch, y, column, count);
  }
}

/** Scales eight columns of accumulators where they lie, one after the other row, into f32. */
export function scaleRows(q: QConvParams, y: usize, ldy: usize, rows: i32, column: usize): void {
  if (SIMD) {
    const total = usize(q.groups * ((q.n + 7) & ~7)) << 2, at = q.columns + BIAS + total + (column << 2), floats = at + total;
    const m0 = v128.load(at), m1 = v128.load(at, 16), b0 = v128.load(floats), b1 = v128.load(floats, 16);
    for (; rows > 0; --rows, y += ldy) {
      v128.store(y, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v128.load(y)), m0), b0));
      v128.store(y, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v128.load(y, 16)), m1), b1), 16);
    }
  }
}
