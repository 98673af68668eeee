import { PackF32Params } from "../abi";
import { SIMD } from "../tier";
import { NR } from "./f32-tile";

/** B into panels of eight columns; the block in abi.ts says how B is read. */
export function f32_pack(p: usize): void {
  const q = changetype<PackF32Params>(p);
  const k = q.kOuter * q.kInner, n = q.nOuter * q.nInner;
  const panelBytes = usize(k * NR) << 2;
  const contiguous = q.nOuter == 1 && q.nInnerStride == 1;
  let y = q.y;
  for (let batch = 0; batch < q.batches; batch++) {
    const x = q.x + (usize(batch * q.batchStride) << 2);
    for (let j = 0; j < n; j += NR, y += panelBytes) {
      const columns = min(NR, n - j);
      if (columns < NR) memory.fill(y, 0, panelBytes);
      if (contiguous && columns == NR) rowsOf(q, x + (usize(j) << 2), y);
      else
        for (let l = 0; l < columns; l++) {
          const outer = (j + l) / q.nInner, inner = (j + l) % q.nInner;
          columnOf(q, x + (usize(outer * q.nOuterStride + inner * q.nInnerStride) << 2), y + (usize(l) << 2));
        }
    }
  }
}

/** A panel whose eight columns lie side by side in B. */
function rowsOf(q: PackF32Params, x: usize, y: usize): void {
  const alpha = q.alpha;
  for (let outer = 0; outer < q.kOuter; outer++) {
    let from = x + (usize(outer * q.kOuterStride) << 2);
    for (let inner = 0; inner < q.kInner; inner++, from += usize(q.kInnerStride) << 2, y += NR * 4) {
      if (SIMD) {
        v128.store(y, f32x4.mul(v128.load(from), f32x4.splat(alpha)));
        v128.store(y, f32x4.mul(v128.load(from, 16), f32x4.splat(alpha)), 16);
      } else for (let i: usize = 0; i < 32; i += 4) store<f32>(y + i, load<f32>(from + i) * alpha);
    }
  }
}

function columnOf(q: PackF32Params, x: usize, y: usize): void {
  const alpha = q.alpha, inners = q.kInner;
  const step = usize(q.kInnerStride) << 2;
  for (let outer = 0; outer < q.kOuter; outer++) {
    let from = x + (usize(outer * q.kOuterStride) << 2);
    for (let inner = 0; inner < inners; inner++, from += step, y += NR * 4) store<f32>(y, load<f32>(from) * alpha);
  }
}
