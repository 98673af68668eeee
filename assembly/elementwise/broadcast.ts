/**
 * Walks the broadcast of up to three operands line by line: the host has merged the axes, so that within a line each operand
 * either advances by one element or stands still, and rows are few.
 */
import { BroadcastParams } from "../abi";

/** Computes one line: q.inner elements of y from the operands' first elements. */
export type Line = (q: BroadcastParams, a: usize, b: usize, c: usize, y: usize) => void;

/** Calls `line` for every line of y, in order. */
export function walk(q: BroadcastParams, line: Line): void {
  let y = q.y;
  for (let row = 0; row < q.outer; row++) {
    let a = q.a, b = q.b, c = q.c;
    let rest = row;
    for (let axis = q.table, end = axis + (usize(q.rank) << 4); axis < end; axis += 16) {
      const dim = load<i32>(axis);
      const whole = rest / dim;
      const index = rest - whole * dim;
      rest = whole;
      a += index * load<i32>(axis, 4);
      b += index * load<i32>(axis, 8);
      c += index * load<i32>(axis, 12);
    }
    for (let m = 0; m < q.mid; m++) {
      line(q, a, b, c, y);
      a += q.midA;
      b += q.midB;
      c += q.midC;
      y += q.lineBytes;
    }
  }
}
