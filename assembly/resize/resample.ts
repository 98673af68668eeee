import { ResampleParams } from "../abi";
import { SIMD } from "../tier";

export function resample(p: usize): void {
  const q = changetype<ResampleParams>(p);
  const plane = usize(q.length * q.inner) << 2;
  const bytes = usize(q.inner) << 2;
  const taps = usize(q.taps) << 2;
  let x = q.x, y = q.y;
  for (let o = 0; o < q.outer; o++, x += plane) {
    let offsets = q.offsets, weights = q.weights;
    for (let j = 0; j < q.count; j++, y += bytes, offsets += taps, weights += taps) filter(x, y, bytes, offsets, weights, taps);
  }
}

/** `bytes` of output from as many bytes at each tap. */
function filter(x: usize, y: usize, bytes: usize, offsets: usize, weights: usize, taps: usize): void {
  let i: usize = 0;
  if (SIMD) {
    for (; i + 16 <= bytes; i += 16) {
      let sum = f32x4.splat(0);
      for (let t: usize = 0; t < taps; t += 4) sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weights + t), v128.load(x + (usize(load<i32>(offsets + t)) << 2) + i)));
      v128.store(y + i, sum);
    }
  }
  for (; i < bytes; i += 4) {
    let sum: f32 = 0;
    for (let t: usize = 0; t < taps; t += 4) sum = sum + load<f32>(weights + t) * load<f32>(x + (usize(load<i32>(offsets + t)) << 2) + i);
    store<f32>(y + i, sum);
  }
}
