import { OneHotParams } from "../abi";
import { DType } from "../dtype";
import { loadF64, loadI64, sizeOf } from "../element";
import { copyRun } from "../layout/run";

export function one_hot(p: usize): void {
  const q = changetype<OneHotParams>(p);
  const real = q.dtype == DType.FLOAT32 || q.dtype == DType.FLOAT64;
  const step = sizeOf(q.dtype);
  const depth = <i64>q.depth;
  let indices = q.indices;
  for (let o = 0; o < q.outer; o++)
    for (let i = 0; i < q.inner; i++, indices += step) {
      let at = real ? <i64>loadF64(indices, q.dtype) : loadI64(indices, q.dtype);
      if (at < 0) at += depth;
      if (<u64>at < <u64>depth) copyRun(q.y + ((o * q.depth + <i32>at) * q.inner + i) * q.bytes, q.on, q.bytes);
    }
}
