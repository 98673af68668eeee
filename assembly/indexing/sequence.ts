import { CumSumParams, SequenceParams } from "../abi";
import { DType } from "../dtype";
import { floatToHalf, halfToFloat } from "../elementwise/half";
import { loadF64, loadI64, sizeOf, storeF64, storeI64 } from "../element";

export function range(p: usize): void {
  const q = changetype<SequenceParams>(p);
  const half = q.dtype == DType.FLOAT16;
  const step = half ? 2 : sizeOf(q.dtype);
  let y = q.y;
  for (let i = 0; i < q.count; i++, y += step) {
    if (q.dtype == DType.FLOAT32) store<f32>(y, load<f32>(q.start) + <f32>i * load<f32>(q.delta));
    else if (q.dtype == DType.FLOAT64) store<f64>(y, load<f64>(q.start) + <f64>i * load<f64>(q.delta));
    else if (half) store<u16>(y, floatToHalf(halfToFloat(load<u16>(q.start)) + <f32>i * halfToFloat(load<u16>(q.delta))));
    else storeI64(y, loadI64(q.start, q.dtype) + <i64>i * loadI64(q.delta, q.dtype), q.dtype);
  }
}

export function cumsum(p: usize): void {
  const q = changetype<CumSumParams>(p);
  const bytes = sizeOf(q.dtype);
  const stride = q.inner * bytes;
  const line = q.length * stride;
  const first = q.reverse ? line - stride : 0;
  const step = q.reverse ? -stride : stride;
  for (let o = 0; o < q.outer; o++)
    for (let i = 0; i < q.inner; i++) {
      const at = o * line + i * bytes + first;
      if (q.dtype == DType.FLOAT32 || q.dtype == DType.FLOAT64) reals(q, q.x + at, q.y + at, step);
      else integers(q, q.x + at, q.y + at, step);
    }
}

function reals(q: CumSumParams, x: usize, y: usize, step: i32): void {
  const narrow = q.dtype == DType.FLOAT32;
  let sum: f64 = 0;
  for (let k = 0; k < q.length; k++, x += step, y += step) {
    let next = sum + loadF64(x, q.dtype);
    if (narrow) next = <f64>(<f32>next);
    storeF64(y, q.exclusive ? sum : next, q.dtype);
    sum = next;
  }
}

function integers(q: CumSumParams, x: usize, y: usize, step: i32): void {
  let sum: i64 = 0;
  for (let k = 0; k < q.length; k++, x += step, y += step) {
    const next = sum + loadI64(x, q.dtype);
    storeI64(y, q.exclusive ? sum : next, q.dtype);
    sum = next;
  }
}
