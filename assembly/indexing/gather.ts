import { IndexedParams } from "../abi";
import { copyRun } from "../layout/run";
import { combine } from "./combine";

/** dense[…] = data[…, indices[…], …]: Gather, GatherElements, GatherND. */
export function gather(p: usize): void {
  const q = changetype<IndexedParams>(p);
  walk(q, q.axes, q.data, q.indices, q.dense, false);
}

/** data[…, indices[…], …] = dense[…], or combined with what is there, in row-major order of dense: ScatterElements, ScatterND. */
export function scatter(p: usize): void {
  const q = changetype<IndexedParams>(p);
  walk(q, q.axes, q.data, q.indices, q.dense, true);
}

function walk(q: IndexedParams, axis: usize, data: usize, indices: usize, dense: usize, scatters: bool): void {
  let n = load<i32>(axis);
  const byData = load<i32>(axis, 4), byIndex = load<i32>(axis, 8), byDense = load<i32>(axis, 12);
  const inner = axis + 16 == q.axes + (usize(q.rank) << 4);
  do {
    if (!inner) walk(q, axis + 16, data, indices, dense, scatters);
    else if (scatters) put(q, data + locate(q, indices), dense);
    else if (q.bytes == 4) store<u32>(dense, load<u32>(data + locate(q, indices)));
    else copyRun(dense, data + locate(q, indices), q.bytes);
    data += byData;
    indices += byIndex;
    dense += byDense;
  } while (--n);
}

/** Byte offset that a tuple of indices stands for; whatever they hold, it lies inside the operand. */
function locate(q: IndexedParams, indices: usize): usize {
  let offset: usize = 0;
  let row = q.tuple;
  for (const end = row + (usize(q.depth) << 3); row < end; row += 8, indices += q.indexBytes) {
    const length = <i64>load<i32>(row);
    let i = q.indexBytes == 8 ? load<i64>(indices) : <i64>load<i32>(indices);
    if (i < 0) i += length;
    i = max<i64>(0, min<i64>(i, length - 1));
    offset += usize(i) * usize(load<i32>(row, 4));
  }
  return offset;
}

function put(q: IndexedParams, y: usize, x: usize): void {
  if (q.reduction) combine(y, x, q.bytes, q.dtype, q.reduction);
  else copyRun(y, x, q.bytes);
}
