import { GemmF32Params } from "../abi";
import { blockRows, NR, product, WHOLE_ROW } from "./f32-tile";

/**
 * C[i, j] = clamp(start[i, j] + Σ_k A[i, k]·B[k, j]) for each of `batches` products, start being the bias, C itself or zero.
 *
 * a   f32[m, k]   rows lda apart          b   panels of f32_pack          c   f32[m, n]   rows ldc apart
 * Sums are taken as f32-tile.ts says: the same bits in every tier.
 */
export function f32_gemm(p: usize): void {
  const q = changetype<GemmF32Params>(p);
  const k = q.k, n = q.n;
  const lda = usize(q.lda) << 2, ldc = usize(q.ldc) << 2;
  const panelBytes = usize(k * NR) << 2;
  const block = blockRows(k);
  const clamp = p + offsetof<GemmF32Params>("lo");
  for (let batch = 0, at = q.offsets; batch < q.batches; batch++, at += 12) {
    const a = q.a + usize(load<u32>(at)), b = q.b + usize(load<u32>(at, 4));
    for (let i = 0; i < q.m; i += block) {
      const m = min(block, q.m - i);
      for (let r = 0; r < m; r++) store<u32>(q.rows + (usize(r) << 2), u32(a + usize(i + r) * lda));
      const c = q.c + usize(load<u32>(at, 8)) + usize(i) * ldc;
      const start = q.accumulate ? c : q.bias;
      product(q.rows, m, 0, WHOLE_ROW, WHOLE_ROW + 4, usize(k) << 2, b, panelBytes, n, start, q.accumulate ? ldc : 0, c, ldc, clamp);
    }
  }
}
