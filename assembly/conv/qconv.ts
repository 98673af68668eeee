import { QConvParams } from "../abi";
import { panelBytes, stepsOf } from "../gemm/qformat";
import { panelRows } from "../gemm/qtile";
import { outBytes } from "../requantize/emit";
import { gather } from "./qgather";

/** Blocks of rows: gathered once, then met by every panel of the group while they are in cache. */
export function q_conv(p: usize): void {
  const q = changetype<QConvParams>(p);
  const rows = q.batch * q.outDepth * q.outHeight * q.outWidth;
  const steps = stepsOf(q.kernelD * q.kernelH * q.kernelW * q.channels, q.format);
  const panels = (q.n + 7) >> 3, bytes = usize(panelBytes(steps, q.format, q.extras));
  const size = outBytes(q.stage), ldy = usize(q.ldc * size);
  const block = q.scratch + 128;
  for (let first = 0; first < rows; first += q.blockRows) {
    const count = min(q.blockRows, rows - first);
    for (let g = 0; g < q.groups; ++g) {
      let a = block, lda = usize(q.lda);
      if (q.direct) {
        lda = usize(q.xStride);
        a = q.x + usize(first) * lda + usize(g * q.channels);
      } else gather(q, g, first, count, block);
      let panel = q.packed + usize(g * panels) * bytes;
      let y = q.y + usize(first) * ldy + usize(g * q.n * size);
      for (let j = 0; j < q.n; j += 8, panel += bytes, y += usize(8 * size))
        panelRows(q, a, lda, count, panel, steps, y, ldy, usize(g * (panels << 3) + j), min(8, q.n - j));
    }
  }
}
