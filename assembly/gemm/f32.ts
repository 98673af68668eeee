import { GemmF32Params } from "../abi";
import { blockRows, NR, product } from "./f32-tile";

/**
 * C[i, j] = clamp(start[i, j] + Σ_k A[i, k]·B[k, j]) for each of `batches` products, k = segmentCount·run.
 * Sums are taken as f32-tile.ts says: the same bits in every tier.
 */
export function f32_gemm(p: usize): void {
  const q = changetype<GemmF32Params>(p);
  const k = q.segmentCount * q.run;
  const lda = usize(q.lda) << 2, lds = usize(q.lds) << 2, ldc = usize(q.ldc) << 2;
  const segmentsEnd = q.segments + (usize(q.segmentCount) << 2);
  const panelBytes = usize(k * NR) << 2;
  const block = blockRows(k);
  const clamp = p + offsetof<GemmF32Params>("lo");
  for (let batch = 0, at = q.offsets; batch < q.batches; batch++, at += 12) {
    const a = q.a + usize(load<u32>(at)), b = q.b + usize(load<u32>(at, 4)), c = q.c + usize(load<u32>(at, 8));
    const start = q.start == q.c ? c : q.start;
    for (let i = 0; i < q.m; i += block) {
      const m = min(block, q.m - i);
      for (let r = 0; r < m; r++) store<u32>(q.rows + (usize(r) << 2), u32(a + usize(i + r) * lda));
      const first = start ? start + usize(i) * lds : 0;
      product(q.rows, m, 0, q.segments, segmentsEnd, usize(q.run) << 2, b, panelBytes, q.n, first, lds, c + usize(i) * ldc, ldc, clamp);
    }
  }
}
