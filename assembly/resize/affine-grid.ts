import { AffineGridParams } from "../abi";

export function affine_grid(p: usize): void {
  const q = changetype<AffineGridParams>(p);
  let y = q.y;
  for (let b = 0; b < q.batch; b++) {
    const theta = q.theta + (usize(b * q.axes * (q.axes + 1)) << 2);
    for (let d = 0; d < q.depth; d++)
      for (let h = 0; h < q.height; h++)
        for (let w = 0; w < q.width; w++) {
          const px = step(w, q.width, q.alignCorners), py = step(h, q.height, q.alignCorners);
          const pz = q.axes == 3 ? step(d, q.depth, q.alignCorners) : 0;
          for (let k = 0; k < q.axes; k++, y += 4) {
            const row = theta + (usize(k * (q.axes + 1)) << 2);
            let sum = load<f32>(row) * px + load<f32>(row, 4) * py;
            if (q.axes == 3) sum = sum + load<f32>(row, 8) * pz;
            store<f32>(y, sum + load<f32>(row + (usize(q.axes) << 2)));
          }
        }
  }
}

/** Sample i of n spread over −1 … 1: from corner to corner, or in the middle of n equal cells. */
function step(i: i32, n: i32, alignCorners: i32): f32 {
  if (alignCorners) return n == 1 ? 0 : <f32>(i + i) / <f32>(n - 1) - 1;
  return <f32>(i + i + 1) / <f32>n - 1;
}
