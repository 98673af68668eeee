import { SoftmaxParams } from "../abi";
import { keptOffset, View } from "../reduce/view";

/** Hardmax of float32 along one axis: 1 at the first greatest element (the first element where all are NaN), 0 elsewhere. */
export function f32_hardmax(p: usize): void {
  const q = changetype<SoftmaxParams>(p);
  const v = changetype<View>(q.view), stride = v.inner << 2;
  for (let o = 0; o < v.outer; o++)
    for (let i = 0; i < v.inner; i++) {
      const at = keptOffset(v, o) + i << 2;
      let best: f32 = -Infinity, place = q.y + at;
      for (let j = 0, x = q.x + at, y = q.y + at; j < v.count; j++, x += stride, y += stride) {
        store<f32>(y, 0);
        if (load<f32>(x) > best) {
          best = load<f32>(x);
          place = y;
        }
      }
      store<f32>(place, 1);
    }
}
