/** Loops over short vectors: d[i] = F(d[i], a[i], b[i]), four lanes at a time where the tier has them. */
import { add, mul, splat, sub } from "../math/lane";
import { SIMD } from "../tier";

/** a + b */
// @ts-ignore: decorator
@unmanaged export class Add {
  // @ts-ignore: decorator
  @inline of<T>(d: T, a: T, b: T): T { return add<T>(a, b); }
}

/** a·b */
// @ts-ignore: decorator
@unmanaged export class Multiply {
  // @ts-ignore: decorator
  @inline of<T>(d: T, a: T, b: T): T { return mul<T>(a, b); }
}

/** d + a·b */
// @ts-ignore: decorator
@unmanaged export class AddProduct {
  // @ts-ignore: decorator
  @inline of<T>(d: T, a: T, b: T): T { return add<T>(d, mul<T>(a, b)); }
}

/** a + d·b */
// @ts-ignore: decorator
@unmanaged export class ScaleAndAdd {
  // @ts-ignore: decorator
  @inline of<T>(d: T, a: T, b: T): T { return add<T>(a, mul<T>(d, b)); }
}

/** (1 − a)·b + a·d */
// @ts-ignore: decorator
@unmanaged export class Blend {
  // @ts-ignore: decorator
  @inline of<T>(d: T, a: T, b: T): T { return add<T>(mul<T>(sub<T>(splat<T>(1), a), b), mul<T>(a, d)); }
}

/** (d − b)·a + b */
// @ts-ignore: decorator
@unmanaged export class Toward {
  // @ts-ignore: decorator
  @inline of<T>(d: T, a: T, b: T): T { return add<T>(mul<T>(sub<T>(d, b), a), b); }
}

export function each<F>(d: usize, a: usize, b: usize, count: i32): void {
  const end = d + (usize(count) << 2);
  const f = changetype<F>(0);
  if (SIMD) for (; d + 16 <= end; d += 16, a += 16, b += 16) store<v128>(d, f.of<v128>(load<v128>(d), load<v128>(a), load<v128>(b)));
  for (; d < end; d += 4, a += 4, b += 4) store<f32>(d, f.of<f32>(load<f32>(d), load<f32>(a), load<f32>(b)));
}
