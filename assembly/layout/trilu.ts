import { TriluParams } from "../abi";

export function trilu(p: usize): void {
  const q = changetype<TriluParams>(p);
  let x = q.x, y = q.y;
  const width = q.columns * q.bytes;
  for (let b = 0; b < q.batch; b++)
    for (let row = 0; row < q.rows; row++, x += width, y += width) {
      // Where the kept part begins (upper) or ends (lower).
      const edge = max(0, min(q.columns, row + q.k + 1 - q.upper)) * q.bytes;
      if (q.upper) {
        memory.fill(y, 0, edge);
        memory.copy(y + edge, x + edge, width - edge);
      } else {
        memory.copy(y, x, edge);
        memory.fill(y + edge, 0, width - edge);
      }
    }
}
