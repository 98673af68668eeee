import { BilinearParams } from "../abi";
import { DType } from "../dtype";
import { SIMD } from "../tier";

export function bilinear(p: usize): void {
  const q = changetype<BilinearParams>(p);
  if (q.dtype == DType.FLOAT32) planes<f32>(q);
  else if (q.dtype == DType.UINT8) planes<u8>(q);
  else planes<i8>(q);
}

function planes<T>(q: BilinearParams): void {
  let x = q.x, y = q.y;
  const pixel = usize(q.inner) * sizeof<T>();
  for (let o = 0; o < q.outer; o++, x += q.plane)
    for (let i = 0; i < q.height; i++) {
      const near = x + load<i32>(q.rows + (i << 3)), far = x + load<i32>(q.rows + (i << 3), 4);
      const b = load<f32>(q.rowWeights + (i << 3)), d = load<f32>(q.rowWeights + (i << 3), 4);
      for (let j = 0; j < q.width; j++, y += pixel) {
        const left = load<i32>(q.columns + (j << 3)), right = load<i32>(q.columns + (j << 3), 4);
        const a = load<f32>(q.columnWeights + (j << 3)), c = load<f32>(q.columnWeights + (j << 3), 4);
        blend<T>(near + left, near + right, far + left, far + right, y, pixel, a * b, c * b, a * d, c * d);
      }
    }
}

/** One pixel: n bytes from its four neighbours. */
// @ts-ignore: decorator
@inline
function blend<T>(x11: usize, x21: usize, x12: usize, x22: usize, y: usize, n: usize, w11: f32, w21: f32, w12: f32, w22: f32): void {
  let i: usize = 0;
  if (SIMD) {
    if (sizeof<T>() == 4)
      for (; i + 16 <= n; i += 16) {
        let sum = f32x4.mul(f32x4.splat(w11), v128.load(x11 + i));
        sum = f32x4.add(sum, f32x4.mul(f32x4.splat(w21), v128.load(x21 + i)));
        sum = f32x4.add(sum, f32x4.mul(f32x4.splat(w12), v128.load(x12 + i)));
        v128.store(y + i, f32x4.add(sum, f32x4.mul(f32x4.splat(w22), v128.load(x22 + i))));
      }
  }
  for (; i < n; i += sizeof<T>()) {
    let sum = w11 * <f32>load<T>(x11 + i);
    sum = sum + w21 * <f32>load<T>(x21 + i);
    sum = sum + w12 * <f32>load<T>(x12 + i);
    store<T>(y + i, <T>(sum + w22 * <f32>load<T>(x22 + i)));
  }
}
