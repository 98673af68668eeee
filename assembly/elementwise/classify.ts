/** y[i] = whether x[i] is of one of the kinds whose bits are set in q.op: 1 −∞, 2 +∞, 4 NaN. */
import { UnaryParams } from "../abi";

// @ts-ignore: decorator
@inline function classify<T>(q: UnaryParams): void {
  let x = q.x, y = q.y;
  const end = y + usize(q.count);
  const op = q.op;
  for (; y < end; x += sizeof<T>(), y++) {
    const v = load<T>(x);
    store<u8>(y, op & (v == -Infinity ? 1 : v == Infinity ? 2 : v != v ? 4 : 0) ? 1 : 0);
  }
}

export function f32_classify(p: usize): void {
  classify<f32>(changetype<UnaryParams>(p));
}

export function f64_classify(p: usize): void {
  classify<f64>(changetype<UnaryParams>(p));
}
