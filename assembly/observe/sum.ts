/**
 * torch.sum over a dense float32 array, in its order of additions with AVX2 and one thread:
 *
 *   the array is rows of 32 (four vectors of eight lanes); a column is a running sum on level 0. Every 2^power rows level 0 is added to
 *   level 1 and cleared, every 4^power rows level 1 to level 2, and so on for four levels. In the end the levels are added upwards, then
 *   whole vectors behind the last row to the first vector, then the four vectors, then, from 0: the elements behind the last vector, the eight lanes.
 *   Fewer than eight elements: the same with vectors of one lane.
 */
import { SumParams } from "../abi.train";
import { SIMD } from "../tier";

const LEVELS = 4;
const VECTORS = 4;
const LANES = 8;
/** f32[LEVELS, VECTORS, LANES] */
const levels = memory.data(LEVELS * VECTORS * LANES * 4, 16);

/** to[i] += from[i] */
// @ts-ignore: decorator
@inline function addTo(to: usize, from: usize, count: i32): void {
  const end = to + (usize(count) << 2);
  if (SIMD) for (; to + 16 <= end; to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  for (; to < end; to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}

/** Sums `rows` rows of 4·lanes elements at x into level 0. */
function sumRows(x: usize, rows: i32, lanes: i32): void {
  const width = VECTORS * lanes, rowBytes = usize(width) << 2;
  memory.fill(levels, 0, rowBytes * LEVELS);
  const power = max<i32>(4, (rows > 1 ? 32 - clz<i32>(rows - 1) : 0) / LEVELS);
  const step = 1 << power;
  let i = 0;
  while (i + step <= rows) {
    for (let j = 0; j < step; j++, i++, x += rowBytes) addTo(levels, x, width);
    for (let j = 1; j < LEVELS; j++) {
      const from = levels + usize(j - 1) * rowBytes;
      addTo(from + rowBytes, from, width);
      memory.fill(from, 0, rowBytes);
      if (i & ((step - 1) << (j * power))) break;
    }
  }
  for (; i < rows; i++, x += rowBytes) addTo(levels, x, width);
  for (let j = 1; j < LEVELS; j++) addTo(levels, levels + usize(j) * rowBytes, width);
}

/** Σ x[0…count) */
export function sum(x: usize, count: i32): f32 {
  const lanes = count >= LANES ? LANES : 1, vectors = count / lanes, rows = vectors / VECTORS;
  const vectorBytes = usize(lanes) << 2;
  sumRows(x, rows, lanes);
  for (let v = rows * VECTORS; v < vectors; v++) addTo(levels, x + usize(v) * vectorBytes, lanes);
  for (let v = 1; v < VECTORS; v++) addTo(levels, levels + usize(v) * vectorBytes, lanes);
  let total: f32 = 0;
  for (let i = vectors * lanes; i < count; i++) total += load<f32>(x + (usize(i) << 2));
  for (let k = 0; k < lanes; k++) total += load<f32>(levels + (usize(k) << 2));
  return total;
}

export function f32_sum(p: usize): void {
  const q = changetype<SumParams>(p);
  store<f32>(q.y, sum(q.x, q.count));
}
