import { QConvParams } from "../abi";
import { RELAXED, SIMD } from "../tier";
import { Format } from "../gemm/qformat";
import { interleave as interleaveScalar, outputs as outputsScalar } from "./qcolumns.scalar";
import { interleave as interleaveSimd, outputs as outputsSimd } from "./qcolumns.simd";
import { interleave as interleaveRelaxed, outputs as outputsRelaxed } from "./qcolumns.relaxed";

/** Where a row of the window is read: its address, and what leads from one column to the next (0 in the padding, which is read again and again). */
// @ts-ignore: decorator
@inline function stepOf(q: QConvParams, row: usize): usize {
  return row ? usize(q.xStride) : 0;
}

/**
 * `count` columns of the rows at `table` (two in Format.I16, four in Format.I8; 0 = padding) from column x on, channels c…c+15, `step` bytes apart.
 * With `x` < 0 the columns lie outside the image.
 */
export function interleave(q: QConvParams, table: usize, c: usize, x: i32, count: i32, to: usize, step: usize): void {
  const zeros = q.scratch + 64, outside = x < 0;
  let r0 = outside ? usize(0) : load<usize>(table), r1 = outside ? usize(0) : load<usize>(table, 4);
  const s0 = stepOf(q, r0), s1 = stepOf(q, r1);
  r0 = r0 ? r0 + c + usize(x) * s0 : zeros;
  r1 = r1 ? r1 + c + usize(x) * s1 : zeros;
  if (RELAXED) {
    if (q.format == Format.I8) {
      let r2 = outside ? usize(0) : load<usize>(table, 8), r3 = outside ? usize(0) : load<usize>(table, 12);
      const s2 = stepOf(q, r2), s3 = stepOf(q, r3);
      r2 = r2 ? r2 + c + usize(x) * s2 : zeros;
      r3 = r3 ? r3 + c + usize(x) * s3 : zeros;
      interleaveRelaxed(q, r0, r1, r2, r3, s0, s1, s2, s3, count, to, step);
      return;
    }
  }
  if (SIMD) {
    if (q.xSigned) interleaveSimd<i8>(r0, r1, s0, s1, count, to, step);
    else interleaveSimd<u8>(r0, r1, s0, s1, count, to, step);
  } else if (q.xSigned) interleaveScalar<i8>(r0, r1, s0, s1, count, to, step);
  else interleaveScalar<u8>(r0, r1, s0, s1, count, to, step);
}

/** `count` outputs of channels c…c+7, ldc apart, from columns of `step` bytes, of which they use every other half of 64. */
// @ts-ignore: decorator
@inline export function outputs(q: QConvParams, from: usize, step: usize, panel: usize, y: usize, c: i32, count: i32): void {
  if (RELAXED) {
    if (q.format == Format.I8) {
      outputsRelaxed(q, from, step, panel, y, c, count);
      return;
    }
  }
  if (SIMD) outputsSimd(q, from, step, panel, y, c, count);
  else outputsScalar(q, from, step, panel, y, c, count);
}
