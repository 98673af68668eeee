/** Largest magnitudes of weights: of stretches of them, and of the rows and columns of a matrix under scales of both. */
import { AbsoluteRowsParams, MatrixRangesParams } from "../abi.train";
import { SIMD } from "../tier";

// @ts-ignore: decorator
@inline function largest(v: v128): f32 {
  return max<f32>(max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/** NaN stays. */
export function f32_absolute_rows(p: usize): void {
  const q = changetype<AbsoluteRowsParams>(p);
  let x = q.x;
  for (let r = 0, y = q.y; r < q.rows; r++, y += 4) {
    const end = x + (usize(q.inner) << 2);
    let most: f32 = 0;
    if (SIMD) {
      let lanes = f32x4.splat(0);
      for (; x + 16 <= end; x += 16) lanes = f32x4.max(lanes, f32x4.abs(v128.load(x)));
      most = largest(lanes);
    }
    for (; x < end; x += 4) most = max<f32>(most, abs<f32>(load<f32>(x)));
    store<f32>(y, most);
  }
}

export function f32_matrix_ranges(p: usize): void {
  const q = changetype<MatrixRangesParams>(p);
  const columnBytes = usize(q.columns) << 2;
  let m = q.m, rowScale = q.rowScale, rowRange = q.rowRange;
  memory.fill(q.columnRange, 0, columnBytes * q.groups);
  for (let g = 0; g < q.groups; g++) {
    const scales = q.columnScale + usize(g) * columnBytes, ranges = q.columnRange + usize(g) * columnBytes;
    for (let r = 0; r < q.rows; r++, m += columnBytes, rowScale += 4, rowRange += 4) {
      const scale = load<f32>(rowScale);
      let most: f32 = 0, c: usize = 0;
      if (SIMD) {
        let lanes = f32x4.splat(0);
        for (const factor = f32x4.splat(scale); c + 16 <= columnBytes; c += 16) {
          const v = f32x4.mul(f32x4.mul(v128.load(m + c), factor), v128.load(scales + c));
          lanes = f32x4.max(lanes, v);
          v128.store(ranges + c, f32x4.max(v128.load(ranges + c), v));
        }
        most = largest(lanes);
      }
      for (; c < columnBytes; c += 4) {
        const v = load<f32>(m + c) * scale * load<f32>(scales + c);
        most = max<f32>(most, v);
        store<f32>(ranges + c, max<f32>(load<f32>(ranges + c), v));
      }
      store<f32>(rowRange, most);
    }
  }
}
