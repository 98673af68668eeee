/** Functions of codes by tables of 256 entries, indexed by the code's byte. */
import { BroadcastParams, ChannelLutParams, TableBinaryParams } from "../abi";
import { walk } from "../elementwise/broadcast";
import { SIMD } from "../tier";

const ROUND: f32 = 12582912.0;
const ROUND_BITS: i32 = 0x4b400000;

// @ts-ignore: decorator
@inline function entry(table: usize, code: u32): usize {
  return table + (usize(code) << 2);
}

/** Entries of the four codes in `codes`, lowest byte first. */
// @ts-ignore: decorator
@inline function entries(table: usize, codes: u32): v128 {
  const v = v128.load32_lane(entry(table, codes >> 8 & 255), v128.load32_zero(entry(table, codes & 255)), 1);
  return v128.load32_lane(entry(table, codes >> 24), v128.load32_lane(entry(table, codes >> 16 & 255), v, 2), 3);
}

/**
 * One code of y:
 *   op 0   round(clamp((A[a] + B[b]) · scale + early)) + late
 *   op 1   round(clamp((A[a] · B[b]) · scale + early)) + late           float32, each operation rounded, ties to even
 *   op 2   clamp(((A[a] + B[b]) >> shift) rounded half away from zero) + late      int32 tables
 */
// @ts-ignore: decorator
@inline function one(q: TableBinaryParams, a: u32, b: u32): u8 {
  if (q.op == 2) {
    const sum = load<i32>(entry(q.aTable, a)) + load<i32>(entry(q.bTable, b)), mask = (1 << q.shift) - 1;
    const v = (sum >> q.shift) + i32((sum & mask) + (sum >> 31) > mask >> 1);
    return u8(max(i32(q.lo), min(i32(q.hi), v)) + q.late);
  }
  const x = load<f32>(entry(q.aTable, a)), y = load<f32>(entry(q.bTable, b));
  let v: f32 = (q.op ? x * y : x + y) * q.scale + q.early;
  v = q.lo < v ? v : q.lo;
  v = v < q.hi ? v : q.hi;
  return u8(reinterpret<i32>(v + ROUND) - ROUND_BITS + q.late);
}

function four(q: TableBinaryParams, x: v128, y: v128): v128 {
  if (SIMD) {
    if (q.op == 2) {
      const sum = i32x4.add(x, y), mask = (1 << q.shift) - 1;
      const rest = i32x4.add(v128.and(sum, i32x4.splat(mask)), i32x4.shr_s(sum, 31));
      const v = i32x4.sub(i32x4.shr_s(sum, q.shift), i32x4.gt_s(rest, i32x4.splat(mask >> 1)));
      return i32x4.add(i32x4.max_s(i32x4.splat(i32(q.lo)), i32x4.min_s(i32x4.splat(i32(q.hi)), v)), i32x4.splat(q.late));
    }
    const v = f32x4.add(f32x4.mul(q.op ? f32x4.mul(x, y) : f32x4.add(x, y), f32x4.splat(q.scale)), f32x4.splat(q.early));
    const inside = f32x4.pmin(f32x4.splat(q.hi), f32x4.pmax(f32x4.splat(q.lo), v));
    return i32x4.add(f32x4.add(inside, f32x4.splat(ROUND)), i32x4.splat(q.late - ROUND_BITS));
  }
  return x;
}

function line(p: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  const q = changetype<TableBinaryParams>(p), end = y + usize(q.inner), moves = usize(q.innerB);
  if (SIMD) {
    let other = entries(q.bTable, u32(load<u8>(b)) * 0x01010101);
    for (; y + 4 <= end; a += 4, y += 4) {
      if (moves) {
        other = entries(q.bTable, load<u32>(b));
        b += 4;
      }
      const codes = four(q, entries(q.aTable, load<u32>(a)), other);
      v128.store32_lane(y, i8x16.shuffle(codes, codes, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), 0);
    }
  }
  for (; y < end; a++, b += moves, y++) store<u8>(y, one(q, load<u8>(a), load<u8>(b)));
}

/** Within a line b either advances or stands still; a advances: the host swaps them. */
export function q8_table_binary(p: usize): void {
  const q = changetype<TableBinaryParams>(p);
  walk(changetype<BroadcastParams>(q), line);
}

/** y = table[channel][x] over [outer, channels, inner]. */
export function x8_lut_channels(p: usize): void {
  const q = changetype<ChannelLutParams>(p);
  let x = q.x, y = q.y;
  for (let o = 0; o < q.outer; o++)
    for (let c = 0, table = q.table; c < q.channels; c++, table += 256)
      for (const end = y + usize(q.inner); y < end; x++, y++) store<u8>(y, load<u8>(table + load<u8>(x)));
}
