import { SoftmaxParams } from "../abi";
import { keptOffset, View } from "../reduce/view";

/**
 * QLinearSoftmax: y = clamp(round(t · yScale / Σ t) + yZeroPoint), t = table[255 − (max − x)], summed from the first element
 * on. Every operation rounds to float32, ties of the last to even. x and y are u8 or s8.
 * Source: ONNX Runtime, contrib_ops/cpu/quantization/qlinear_softmax.cc.
 */
export function q8_softmax(p: usize): void {
  const q = changetype<SoftmaxParams>(p);
  const v = changetype<View>(q.view);
  for (let o = 0; o < v.outer; o++)
    for (let i = 0; i < v.inner; i++) {
      const at = keptOffset(v, o) + i;
      along(q, q.x + at, q.y + at, v);
    }
}

function along(q: SoftmaxParams, x: usize, y: usize, v: View): void {
  const end = v.count * v.inner, step = v.inner, low = q.signed ? -128 : 0;
  let top = -128;
  for (let i = 0; i < end; i += step) top = max(top, code(q, x + i));
  const table = q.table + (255 - top << 2);
  let sum: f32 = 0;
  for (let i = 0; i < end; i += step) sum += load<f32>(table + (code(q, x + i) << 2));
  for (let i = 0; i < end; i += step) {
    const r = <i32>nearest(load<f32>(table + (code(q, x + i) << 2)) * q.yScale / sum) + q.yZeroPoint;
    store<u8>(y + i, max(low, min(low + 255, r)));
  }
}

// @ts-ignore: decorator
@inline
function code(q: SoftmaxParams, p: usize): i32 {
  return q.signed ? load<i8>(p) : load<u8>(p);
}
