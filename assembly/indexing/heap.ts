import { DType } from "../dtype";
import { loadI64 } from "../element";

/**
 * The best candidates by (key, index): a binary heap in two arrays, keys i64[n] and order i32[n], whose root is the worst
 * one kept. A larger key is better, and a lower index among equals: the order is total, so the result does not depend on
 * how it was found.
 */

/** An i64 that orders as the element does: NaN above everything, −0 as 0. */
export function keyOf(p: usize, dtype: i32): i64 {
  if (dtype == DType.FLOAT32) return ordered(load<i32>(p), 0x7f800000);
  if (dtype == DType.FLOAT64) return ordered(load<i64>(p), 0x7ff0000000000000);
  if (dtype == DType.FLOAT16) return ordered(load<i16>(p), 0x7c00);
  const v = loadI64(p, dtype);
  return dtype == DType.UINT64 ? v ^ i64.MIN_VALUE : v;
}

/** Sign and magnitude, sign-extended, as two's complement. */
function ordered(bits: i64, infinity: i64): i64 {
  // infinity + its lowest exponent bit is the sign bit's weight
  const magnitude = bits & (infinity | (infinity & -infinity) - 1);
  if (magnitude > infinity) return i64.MAX_VALUE;
  return bits < 0 ? -magnitude : magnitude;
}

/** Whether candidate a is worse than candidate b. */
// @ts-ignore: decorator
@inline
function worse(ka: i64, ia: i32, kb: i64, ib: i32): bool {
  return ka < kb || (ka == kb && ia > ib);
}

/** Offers a candidate to a heap of n with room for capacity; its size afterwards. */
export function offer(keys: usize, order: usize, n: i32, capacity: i32, key: i64, index: i32): i32 {
  if (n < capacity) {
    rise(keys, order, n, key, index);
    return n + 1;
  }
  if (worse(load<i64>(keys), load<i32>(order), key, index)) sink(keys, order, n, key, index);
  return n;
}

/** Leaves a heap of n sorted, best first. */
export function sortHeap(keys: usize, order: usize, n: i32): void {
  while (--n > 0) {
    const last = usize(n);
    const key = load<i64>(keys + (last << 3)), index = load<i32>(order + (last << 2));
    place(keys, order, n, load<i64>(keys), load<i32>(order));
    sink(keys, order, n, key, index);
  }
}

// @ts-ignore: decorator
@inline
function place(keys: usize, order: usize, at: i32, key: i64, index: i32): void {
  store<i64>(keys + (usize(at) << 3), key);
  store<i32>(order + (usize(at) << 2), index);
}

function rise(keys: usize, order: usize, at: i32, key: i64, index: i32): void {
  while (at > 0) {
    const up = (at - 1) >> 1;
    const ku = load<i64>(keys + (usize(up) << 3)), iu = load<i32>(order + (usize(up) << 2));
    if (!worse(key, index, ku, iu)) break;
    place(keys, order, at, ku, iu);
    at = up;
  }
  place(keys, order, at, key, index);
}

/** Puts a candidate at the root of a heap of n in place of what was there. */
function sink(keys: usize, order: usize, n: i32, key: i64, index: i32): void {
  let at = 0;
  for (let down = 1; down < n; down = 2 * at + 1) {
    let kd = load<i64>(keys + (usize(down) << 3)), id = load<i32>(order + (usize(down) << 2));
    if (down + 1 < n) {
      const kr = load<i64>(keys + (usize(down) << 3), 8), ir = load<i32>(order + (usize(down) << 2), 4);
      if (worse(kr, ir, kd, id)) {
        kd = kr;
        id = ir;
        down++;
      }
    }
    if (!worse(kd, id, key, index)) break;
    place(keys, order, at, kd, id);
    at = down;
  }
  place(keys, order, at, key, index);
}
