import { TopKParams } from "../abi";
import { DType } from "../dtype";
import { sizeOf } from "../element";
import { copyRun } from "../layout/run";
import { keyOf, offer, sortHeap } from "./heap";

export function top_k(p: usize): void {
  const q = changetype<TopKParams>(p);
  const bytes = q.dtype == DType.FLOAT16 ? 2 : sizeOf(q.dtype);
  const flip: i64 = q.largest ? 0 : -1; // ~key reverses the order
  const stride = q.inner * bytes;
  for (let o = 0; o < q.outer; o++)
    for (let i = 0; i < q.inner; i++) {
      const line = q.x + (o * q.length * q.inner + i) * bytes;
      let n = 0;
      for (let j = 0; j < q.length; j++) n = offer(q.keys, q.order, n, q.k, keyOf(line + j * stride, q.dtype) ^ flip, j);
      sortHeap(q.keys, q.order, n);
      for (let j = 0; j < q.k; j++) {
        const best = load<i32>(q.order + (j << 2));
        const at = (o * q.k + j) * q.inner + i;
        copyRun(q.values + at * bytes, line + best * stride, bytes);
        store<i64>(q.indices + (at << 3), best);
      }
    }
}
