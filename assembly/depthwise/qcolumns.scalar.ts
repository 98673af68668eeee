import { QConvParams } from "../abi";
import { BIAS } from "../requantize/columns";
import { emitScalar, outBytes } from "../requantize/emit";

export function interleave<T>(a: usize, b: usize, stepA: usize, stepB: usize, count: i32, to: usize, step: usize): void {
  for (; count > 0; --count, a += stepA, b += stepB, to += step) {
    for (let i: usize = 0; i < 16; ++i) {
      store<i16>(to + (i << 2), i16(load<T>(a + i)));
      store<i16>(to + (i << 2), i16(load<T>(b + i)), 2);
    }
  }
}

export function outputs(q: QConvParams, from: usize, step: usize, panel: usize, y: usize, c: i32, count: i32): void {
  const size = usize(outBytes(q.stage)), channels = min(8, q.n - c);
  for (; count > 0; --count, from += usize(q.strideW) * step, y += usize(q.ldc) * size) {
    for (let i = 0; i < channels; ++i) {
      let acc = load<i32>(q.columns + BIAS + (usize(c + i) << 2)), w = panel + (usize(i) << 2);
      for (let k = 0, x = from + (usize(i) << 2); k < q.kernelW; ++k, x += usize(q.dilationW) * step) {
        for (let at: usize = 0; at < step; at += 64, w += 32)
          acc += i32(load<i16>(x + at)) * i32(load<i16>(w)) + i32(load<i16>(x + at, 2)) * i32(load<i16>(w, 2));
      }
      store<i32>(q.scratch, acc);
      emitScalar(q, q.scratch, y + usize(i) * size, usize(c + i), 1);
    }
  }
}
