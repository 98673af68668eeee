import { QFoldParams } from "../abi";

/**
 * The columns block: what turns the accumulators of int8 kernels into outputs, per column padded to eight.
 *   byte 0     four times f32 lo, hi: bounds of the scaled value before the zero point is added
 *   byte 32    four times f32 MAGIC, then four times i32 MAGIC's bits − zero point
 *   byte 64    eight times i16 255, four times i32 1 of i16 pairs (the relaxed dot's widening)
 *   byte 96    f32 before, f32 early: engines.ts
 *   byte 128   i32 bias[columns], f32 multiplier[columns], f32 floatBias[columns], and with Stage.JOINED and STEPS f32 rest[columns]
 * Constants are read from here inside loops: engines rebuild splatted ones at every use.
 */
export const LO: usize = 0;
export const HI: usize = 16;
export const MAGIC: usize = 32;
export const MAGIC_BITS: usize = 48;
export const BYTES: usize = 64;
export const ONES: usize = 80;
export const BEFORE: usize = 96;
export const EARLY: usize = 100;
export const BIAS: usize = 128;

/** 1.5·2²³: added to a float below 2²² in magnitude it leaves the nearest integer (ties to even) in the low bits. */
const ROUND: f32 = 12582912.0;
const ROUND_BITS: i32 = 0x4b400000;

/** What separates the exponents of f16 and f32 bits shifted alike. */
const TWO_112: f32 = 5192296858534827628530496329220096.0;

function float(at: usize, index: i32, absent: f32, half: i32): f32 {
  if (!at) return absent;
  if (!half) return load<f32>(at + (usize(index) << 2));
  const bits = i32(load<u16>(at + (usize(index) << 1)));
  const magnitude: f32 = reinterpret<f32>((bits & 0x7fff) << 13) * TWO_112;
  return bits & 0x8000 ? -magnitude : magnitude;
}

// @ts-ignore: decorator
@inline function byte(at: usize, signed: i32): i32 {
  return at ? (signed ? i32(load<i8>(at)) : i32(load<u8>(at))) : 0;
}

/**
 * Requantization is ONNX Runtime's, whose float bias is 0: (f32(acc + bias) + floatBias) · multiplier, clamped, rounded to nearest even, plus the zero point,
 * with multiplier = f32(f32(xScale · wScale) / yScale) (MLAS, MlasRequantizeOutput; qlinearconv.cc, ComputeOutputScale;
 * quant_gemm.cc puts alpha first). Sums and bias wrap modulo 2³², as there.
 */
export function q_fold(p: usize): void {
  const q = changetype<QFoldParams>(p);
  const padded = (q.n + 7) & ~7, total = usize(padded * q.groups) << 2;
  const zero = byte(q.yZeroPoint, q.ySigned), shift = byte(q.xZeroPoint, q.xSigned) + q.shift;
  for (let i: usize = 0; i < 16; i += 4) {
    const at = q.columns + i;
    store<f32>(at, f32(q.yMin - zero), LO);
    store<f32>(at, f32(q.yMax - zero), HI);
    store<f32>(at, ROUND, MAGIC);
    store<i32>(at, ROUND_BITS - zero, MAGIC_BITS);
    store<i32>(at, 0x00ff00ff, BYTES);
    store<i32>(at, 0x00010001, ONES);
  }
  const bias = q.columns + BIAS, multiplier = bias + total, floatBias = multiplier + total, rest = floatBias + total;
  memory.fill(bias, 0, (q.rest ? 4 : 3) * total);
  const x = float(q.xScale, 0, 1, q.halfScales), divide = q.yScale != 0, serial = q.before == 0, y = float(q.yScale, 0, 1, q.halfScales);
  store<f32>(q.columns, serial ? x : q.before, BEFORE);
  store<f32>(q.columns, q.early, EARLY);
  for (let g = 0; g < q.groups; ++g) {
    for (let j = 0; j < q.n; ++j) {
      const source = g * q.n + j, column = g * padded + j, at = usize(column) << 2;
      let value = q.bias ? load<i32>(q.bias + (usize(source * q.biasStride) << 2)) : 0;
      if (q.sums) value -= shift * load<i32>(q.sums + at);
      store<i32>(bias + at, value);
      const scale: f32 = (serial ? q.alpha : q.alpha * x) * float(q.wScale, source * q.wScaleStride, 1, q.halfScales);
      store<f32>(multiplier + at, divide ? scale / y : scale);
      store<f32>(floatBias + at, float(q.floatBias, source, 0, 0));
      if (q.rest) store<f32>(rest + at, float(q.rest, source, 0, 0));
    }
  }
}
