import { NonZeroParams } from "../abi";
import { DType } from "../dtype";
import { loadF64, sizeOf } from "../element";

export function non_zero(p: usize): void {
  const q = changetype<NonZeroParams>(p);
  const half = q.dtype == DType.FLOAT16;
  const bytes = half ? 2 : sizeOf(q.dtype);
  const row = usize(q.total) << 3;
  let x = q.x, y = q.y;
  for (let i = 0; i < q.total; i++, x += bytes) {
    if (half ? !(load<u16>(x) & 0x7fff) : loadF64(x, q.dtype) == 0) continue;
    for (let a = 0; a < q.rank; a++) {
      const axis = q.axes + (a << 3);
      store<i64>(y + usize(a) * row, (i / load<i32>(axis)) % load<i32>(axis, 4));
    }
    y += 8;
  }
  const used = y - q.y;
  store<i32>(q.count, <i32>(used >> 3));
  for (let a = 0; a < q.rank; a++) memory.fill(y + usize(a) * row, 0, row - used);
}
