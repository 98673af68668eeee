import { QConvParams } from "../abi";
import { RELAXED, SIMD } from "../tier";
import { Format } from "./qformat";
import { rows as rowsScalar } from "./qtile.scalar";
import { rows as rowsSimd } from "./qtile.simd";
import { rows as rowsRelaxed } from "./qtile.relaxed";

/**
 * Rows of activations against one panel: y[r, 0..count) for r < rows.
 * `a` is the first row (`lda` bytes apart), `column` the panel's first index in the columns block, `ldy` bytes between output rows.
 */
// @ts-ignore: decorator
@inline export function panelRows(q: QConvParams, a: usize, lda: usize, rows: i32, panel: usize, steps: i32, y: usize, ldy: usize, column: usize, count: i32): void {
  if (RELAXED) {
    if (q.format == Format.I8) {
      rowsRelaxed(q, a, lda, rows, panel, steps, y, ldy, column, count);
      return;
    }
  }
  if (SIMD) rowsSimd(q, a, lda, rows, panel, steps, y, ldy, column, count);
  else rowsScalar(q, a, lda, rows, panel, steps, y, ldy, column, count);
}
