/** x[·, c, ·] · scale[c], rounded once to float32. */
import { ScaleChannelsParams } from "../abi.train";
import { SIMD } from "../tier";

export function f32_scale_channels(p: usize): void {
  const q = changetype<ScaleChannelsParams>(p);
  let x = q.x;
  for (let o = 0; o < q.outer; o++)
    for (let c = 0; c < q.channels; c++) {
      const scale = load<f32>(q.scale + (usize(c) << 2)), end = x + (usize(q.inner) << 2);
      if (SIMD) for (const factor = f32x4.splat(scale); x + 16 <= end; x += 16) v128.store(x, f32x4.mul(v128.load(x), factor));
      for (; x < end; x += 4) store<f32>(x, load<f32>(x) * scale);
    }
}
