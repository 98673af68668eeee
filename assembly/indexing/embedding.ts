import { EmbeddingParams } from "../abi";

/** The code of feature j of a row: a byte, or half of one, the low half first. */
// @ts-ignore: decorator
@inline function code(row: usize, j: i32, bits: i32): i32 {
  if (bits == 8) return i32(load<u8>(row + usize(j)));
  const byte = i32(load<u8>(row + usize(j >> 1)));
  return j & 1 ? byte >> 4 : byte & 15;
}

/**
 * y[bag] = Σ over its rows, in order, of weight · (scale · code + bias), each step acc = fma(weight · scale, code, acc + weight · bias): as FBGEMM's
 * kernels add. Products are exact in float64, where the fused sum is made.
 */
export function q8_embedding(p: usize): void {
  const q = changetype<EmbeddingParams>(p);
  let y = q.y;
  for (let bag = 0; bag < q.bags; bag++, y += usize(q.features) << 2) {
    memory.fill(y, 0, usize(q.features) << 2);
    for (let i = load<i32>(q.offsets + (usize(bag) << 2)), end = load<i32>(q.offsets + (usize(bag + 1) << 2)); i < end; i++) {
      const row = load<i32>(q.indices + (usize(i) << 2)), weight: f32 = q.weights ? load<f32>(q.weights + (usize(i) << 2)) : 1;
      const scale: f32 = weight * load<f32>(q.params + (usize(row) << 3)), bias: f32 = weight * load<f32>(q.params + (usize(row) << 3), 4);
      const codes = q.codes + usize(row) * usize(q.rowBytes);
      for (let j = 0; j < q.features; j++) {
        const at = y + (usize(j) << 2), sum: f32 = load<f32>(at) + bias;
        store<f32>(at, f32(f64(scale) * f64(code(codes, j, q.bits)) + f64(sum)));
      }
    }
  }
}
