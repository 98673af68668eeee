import { QConvParams } from "../abi";
import { Format, panelBytes, stepsOf } from "../gemm/qformat";
import { outBytes } from "../requantize/emit";
import { interleave, outputs } from "./qcolumns";

/**
 * Convolution with one channel per group, channels last. Sixteen channels at a time, a stretch of one output row is prepared as
 * columns: the window's rows under each other, as many as a step of the format takes, in whole steps. Windows then overlap as columns do, and
 * an output is one dot product over consecutive columns.
 */
export function q_depthwise(p: usize): void {
  const q = changetype<QConvParams>(p);
  const rows = q.kernelD * q.kernelH, size = outBytes(q.stage);
  const table = q.scratch + 128, plane = usize(q.depth * q.height * q.width * q.xStride);
  memory.fill(q.scratch + 64, q.xZeroPoint ? load<u8>(q.xZeroPoint) : 0, 16);
  let y = q.y, x = q.x;
  for (let b = 0; b < q.batch; ++b, x += plane) {
    for (let od = 0; od < q.outDepth; ++od) {
      for (let oh = 0; oh < q.outHeight; ++oh, y += usize(q.outWidth * q.ldc * size)) {
        windowRows(q, x, od * q.strideD - q.padD, oh * q.strideH - q.padH, table);
        for (let ow = 0; ow < q.outWidth; ow += q.blockRows)
          stretch(q, table, rows, ow, min(q.blockRows, q.outWidth - ow), y + usize(ow * q.ldc * size));
      }
    }
  }
}

/** Addresses of the window's rows at column 0; 0 for those in the padding, and for up to three more that complete the last step. */
function windowRows(q: QConvParams, x: usize, d0: i32, h0: i32, table: usize): void {
  for (let i = 0, d = d0; i < q.kernelD; ++i, d += q.dilationD) {
    for (let j = 0, h = h0; j < q.kernelH; ++j, h += q.dilationH, table += 4) {
      const inside = d >= 0 && d < q.depth && h >= 0 && h < q.height;
      store<usize>(table, inside ? x + usize((d * q.height + h) * q.width * q.xStride) : 0);
    }
  }
  memory.fill(table, 0, 12);
}

/** Outputs [first, first + count) of a row. */
function stretch(q: QConvParams, table: usize, rows: i32, first: i32, count: i32, y: usize): void {
  const steps = stepsOf(rows, q.format), column = usize(steps) << 6, perStep: usize = q.format == Format.I8 ? 16 : 8;
  const from = table + ((usize(rows) * 4 + 79) & ~63), bytes = usize(panelBytes(q.kernelW * steps, q.format, q.extras));
  const x = first * q.strideW - q.padW, columns = (count - 1) * q.strideW + (q.kernelW - 1) * q.dilationW + 1;
  const before = min(columns, max(0, -x)), inside = max(0, min(columns - before, q.width - max(0, x))), after = columns - before - inside;
  const head = from + usize(before) * column, tail = head + usize(inside) * column;
  let panel = q.packed;
  const eight = usize(outBytes(q.stage) << 3);
  for (let c = 0; c < q.n; c += 16, panel += bytes << 1, y += eight << 1) {
    for (let i: usize = 0, rowsAt = table; i < column; i += 64, rowsAt += perStep) {
      if (before && c == 0) interleave(q, rowsAt, 0, -1, before, from + i, column);
      interleave(q, rowsAt, usize(c), max(0, x), inside, head + i, column);
      if (after && c == 0) interleave(q, rowsAt, 0, -1, after, tail + i, column);
    }
    outputs(q, from, column, panel, y, c, count);
    if (c + 8 < q.n) outputs(q, from + 32, column, panel + bytes, y + eight, c + 8, count);
  }
}
