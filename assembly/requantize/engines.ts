/**
 * What PyTorch's engines make of an accumulator where that is more than one multiplication. `f` is the accumulator as f32, every
 * other letter a float of the columns block (columns.ts), every operation rounds to f32 unless it says otherwise.
 *   FUSED    f · multiplier + floatBias, rounded once                     linear_dynamic of fbgemm: gcc contracts it
 *   SERIAL   f · before · multiplier + floatBias                          linear_dynamic of oneDNN; before is the activation's scale
 *   JOINED   (f + floatBias + rest) · multiplier, the sum rounded once    fbgemm with one weight scale: gcc contracts bias · (1 / scale)
 *   STEPS    (f · before · rest + floatBias) · multiplier + early         oneDNN: scales one by one, the zero point before rounding
 *   WIDE     f64(accumulator) · multiplier, in f64                        qnnpack's 3×3×3 depthwise kernel
 * FUSED and JOINED add in f64, where products are exact: rounding that sum to f32 is the fused result unless f64 had to round
 * it to a tie of f32, which takes operands 2²⁸ apart and is one case in 2²⁹ of those.
 */
import { QConvParams } from "../abi";
import { Stage } from "../gemm/qformat";
import { SIMD } from "../tier";
import { BEFORE, BIAS, EARLY, HI, LO, MAGIC, MAGIC_BITS } from "./columns";
import { demote, upper } from "./wide";

/** Bytes from one vector of the columns block to the next. */
// @ts-ignore: decorator
@inline function vectorBytes(q: QConvParams): usize {
  return usize(q.groups * ((q.n + 7) & ~7)) << 2;
}

/** The scaled value of one accumulator, before its bounds; `at` is the column's multiplier, `step` the vectors' distance. */
// @ts-ignore: decorator
@inline function scaled(q: QConvParams, acc: i32, at: usize, step: usize): f32 {
  const m = load<f32>(at), b = load<f32>(at + step), f = f32(acc);
  if (q.stage == Stage.WIDE) return f32(nearest(f64(acc) * f64(m)));
  if (q.stage == Stage.FUSED) return f32(f64(f) * f64(m) + f64(b));
  if (q.stage == Stage.SERIAL) return f * load<f32>(q.columns, BEFORE) * m + b;
  const rest = load<f32>(at + 2 * step);
  if (q.stage == Stage.JOINED) return f32(f64(f) + (f64(b) + f64(rest))) * m;
  return (f * load<f32>(q.columns, BEFORE) * rest + b) * m + load<f32>(q.columns, EARLY);
}

/** One output of column `column`. */
export function emitOne(q: QConvParams, acc: i32, y: usize, column: usize): void {
  const step = vectorBytes(q);
  let v = scaled(q, acc, q.columns + BIAS + step + (column << 2), step);
  if (q.stage < Stage.JOINED) {
    store<f32>(y, v);
    return;
  }
  const lo = load<f32>(q.columns, LO), hi = load<f32>(q.columns, HI);
  v = lo < v ? v : lo;
  v = v < hi ? v : hi;
  store<u8>(y, u8(reinterpret<i32>(v + load<f32>(q.columns, MAGIC)) - load<i32>(q.columns, MAGIC_BITS)));
}

/** scaled() of four columns in stage STEPS. */
// @ts-ignore: decorator
@inline function steps4(acc: v128, at: usize, step: usize, before: v128, early: v128): v128 {
  const f = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(acc), before), v128.load(at + 2 * step));
  return f32x4.add(f32x4.mul(f32x4.add(f, v128.load(at + step)), v128.load(at)), early);
}

/** scaled() of four columns in the other stages but WIDE. */
function scaled4(q: QConvParams, acc: v128, at: usize, step: usize): v128 {
  if (SIMD) {
    const m = v128.load(at), b = v128.load(at + step), f = f32x4.convert_i32x4_s(acc);
    if (q.stage == Stage.FUSED)
      return demote(
        f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(f), f64x2.promote_low_f32x4(m)), f64x2.promote_low_f32x4(b)), 
        f64x2.add(f64x2.mul(upper(f), upper(m)), upper(b)),
      );
    if (q.stage == Stage.SERIAL) return f32x4.add(f32x4.mul(f32x4.mul(f, f32x4.splat(load<f32>(q.columns, BEFORE))), m), b);
    const rest = v128.load(at + 2 * step);
    return f32x4.mul(demote(
      f64x2.add(f64x2.promote_low_f32x4(f), f64x2.add(f64x2.promote_low_f32x4(b), f64x2.promote_low_f32x4(rest))),
      f64x2.add(upper(f), f64x2.add(upper(b), upper(rest))),
    ), m);
  }
  return acc;
}

/** Eight outputs of one row from registers. */
export function emitEight(q: QConvParams, acc0: v128, acc1: v128, y: usize, column: usize): void {
  if (SIMD) {
    const columns = q.columns, step = vectorBytes(q), at = columns + BIAS + step + (column << 2);
    let v0: v128, v1: v128;
    if (q.stage == Stage.STEPS) {
      const before = v128.load32_splat(columns + BEFORE), early = v128.load32_splat(columns + EARLY);
      v0 = steps4(acc0, at, step, before, early);
      v1 = steps4(acc1, at + 16, step, before, early);
    } else {
      v0 = scaled4(q, acc0, at, step);
      v1 = scaled4(q, acc1, at + 16, step);
      if (q.stage < Stage.JOINED) {
        v128.store(y, v0);
        v128.store(y, v1, 16);
        return;
      }
    }
    const lo = v128.load(columns, LO), hi = v128.load(columns, HI), magic = v128.load(columns, MAGIC), bits = v128.load(columns, MAGIC_BITS);
    const c0 = i32x4.sub(f32x4.add(f32x4.pmin(hi, f32x4.pmax(lo, v0)), magic), bits), c1 = i32x4.sub(f32x4.add(f32x4.pmin(hi, f32x4.pmax(lo, v1)), magic), bits);
    const words = v128.and(i16x8.narrow_i32x4_s(c0, c1), i16x8.splat(255));
    v128.store64_lane(y, i8x16.narrow_i16x8_u(words, words), 0);
  }
}
