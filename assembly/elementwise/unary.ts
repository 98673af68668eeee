import { UnaryParams } from "../abi";
import { SIMD } from "../tier";

/** y = max(x, 0). */
export function f32_unary(p: usize): void {
  const q = changetype<UnaryParams>(p);
  let x = q.x, y = q.y;
  const end = x + (usize(q.count) << 2);
  if (SIMD) {
    const zero = f32x4.splat(0);
    for (; x + 16 <= end; x += 16, y += 16) v128.store(y, f32x4.max(v128.load(x), zero));
  }
  for (; x < end; x += 4, y += 4) store<f32>(y, max<f32>(load<f32>(x), 0));
}
