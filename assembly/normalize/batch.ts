import { BatchNormParams } from "../abi";
import { add, mul, splat, sub } from "../math/lane";
import { get } from "../reduce/fold";
import { SIMD } from "../tier";

/** y[c] = factor[c] / √(x[c] + epsilon): once per plan, where the statistics are constants. */
export function f32_batchnorm_factor(p: usize): void {
  const q = changetype<BatchNormParams>(p);
  for (let c: usize = 0, end = <usize>q.channels << 2; c < end; c += 4)
    store<f32>(q.y + c, load<f32>(q.factor + c) / sqrt<f32>(load<f32>(q.x + c) + q.epsilon));
}

/** BatchNormalization at inference: y = (x − mean) · factor + bias, each operation rounded to float32. */
export function f32_batchnorm(p: usize): void {
  const q = changetype<BatchNormParams>(p);
  let x = q.x, y = q.y;
  for (let o = 0; o < q.outer; o++)
    for (let c: usize = 0, channels = <usize>q.channels << 2; c < channels;) {
      const n = <usize>q.inner << 2;
      if (n > 4) {
        let i: usize = 0;
        if (SIMD) for (; i + 16 <= n; i += 16)
          v128.store(y + i, affine(get<v128>(x + i), f32x4.splat(load<f32>(q.mean + c)), f32x4.splat(load<f32>(q.factor + c)), f32x4.splat(load<f32>(q.bias + c))));
        for (; i < n; i += 4) one(q, x + i, y + i, c);
        x += n;
        y += n;
        c += 4;
      } else if (SIMD && c + 16 <= channels) {
        v128.store(y, affine(get<v128>(x), get<v128>(q.mean + c), get<v128>(q.factor + c), get<v128>(q.bias + c)));
        x += 16;
        y += 16;
        c += 16;
      } else {
        one(q, x, y, c);
        x += 4;
        y += 4;
        c += 4;
      }
    }
}

// @ts-ignore: decorator
@inline
function affine<T>(x: T, mean: T, factor: T, bias: T): T {
  return add<T>(mul<T>(sub<T>(x, mean), factor), bias);
}

// @ts-ignore: decorator
@inline
function one(q: BatchNormParams, x: usize, y: usize, c: usize): void {
  store<f32>(y, affine<f32>(load<f32>(x), load<f32>(q.mean + c), load<f32>(q.factor + c), load<f32>(q.bias + c)));
}
