import { QConvParams } from "../abi";
import { emitScalar } from "../requantize/emit";
import { BIAS } from "../requantize/columns";

/** The plain tile, Format.I16: one row by four columns at a time. */
export function rows(q: QConvParams, a: usize, lda: usize, rows: i32, panel: usize, steps: i32, y: usize, ldy: usize, column: usize, count: i32): void {
  const bias = q.columns + BIAS + (column << 2), acc = q.scratch;
  for (let r = 0; r < rows; ++r, a += lda, y += ldy) {
    for (let half: usize = 0; half < 32; half += 16) {
      let acc0 = load<i32>(bias + half), acc1 = load<i32>(bias + half, 4), acc2 = load<i32>(bias + half, 8), acc3 = load<i32>(bias + half, 12);
      for (let x = a, w = panel + half, end = a + (usize(steps) << 2); x < end; x += 4, w += 32) {
        const x0 = i32(load<i16>(x)), x1 = i32(load<i16>(x, 2));
        acc0 += x0 * i32(load<i16>(w)) + x1 * i32(load<i16>(w, 2));
        acc1 += x0 * i32(load<i16>(w, 4)) + x1 * i32(load<i16>(w, 6));
        acc2 += x0 * i32(load<i16>(w, 8)) + x1 * i32(load<i16>(w, 10));
        acc3 += x0 * i32(load<i16>(w, 12)) + x1 * i32(load<i16>(w, 14));
      }
      store<i32>(acc + half, acc0);
      store<i32>(acc + half, acc1, 4);
      store<i32>(acc + half, acc2, 8);
      store<i32>(acc + half, acc3, 12);
    }
    emitScalar(q, acc, y, column, count);
  }
}
