import { NearestParams } from "../abi";
import { copyRun } from "../layout/run";

export function nearest(p: usize): void {
  const q = changetype<NearestParams>(p);
  const width = usize(q.width * q.bytes);
  let x = q.x, y = q.y;
  for (let o = 0; o < q.outer; o++, x += q.plane) {
    let previous = -1;
    for (let i = 0; i < q.height; i++, y += width) {
      const at = load<i32>(q.rows + (i << 2));
      if (at == previous) copyRun(y, y - width, width);
      else row(q, x + at, y);
      previous = at;
    }
  }
}

function row(q: NearestParams, x: usize, y: usize): void {
  let column = q.columns;
  const end = column + (usize(q.width) << 2);
  if (q.bytes == 4) for (; column < end; column += 4, y += 4) store<u32>(y, load<u32>(x + load<i32>(column)));
  else if (q.bytes == 1) for (; column < end; column += 4, y++) store<u8>(y, load<u8>(x + load<i32>(column)));
  else for (; column < end; column += 4, y += q.bytes) copyRun(y, x + load<i32>(column), q.bytes);
}
