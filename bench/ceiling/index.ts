/**
 * Registers only: the multiply-accumulate sequence of an int8 tile, eight accumulators, four weights, two activations,
 * nothing loaded in the loop. The activations change every turn, so that no compiler computes a product once.
 */
const OPERANDS: usize = memory.data(256, 64);

// @ts-ignore: decorator
@inline function macs(x: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(b, x), v128.load(OPERANDS, 96));
  return i32x4.dot_i16x8_s(x, b);
}

/** Multiply-accumulates of one turn. */
export function macsPerTurn(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? 128 : 64;
}

/** `turns` turns; the sum is returned so that nothing is dropped. */
export function run(turns: i32): i32 {
  const b0 = v128.load(OPERANDS), b1 = v128.load(OPERANDS, 16), b2 = v128.load(OPERANDS, 32), b3 = v128.load(OPERANDS, 48);
  let x0 = v128.load(OPERANDS, 64), x1 = v128.load(OPERANDS, 80);
  let a0 = x0, a1 = x0, a2 = x0, a3 = x0, a4 = x0, a5 = x0, a6 = x0, a7 = x0;
  do {
    a0 = i32x4.add(a0, macs(x0, b0));
    a1 = i32x4.add(a1, macs(x0, b1));
    a2 = i32x4.add(a2, macs(x0, b2));
    a3 = i32x4.add(a3, macs(x0, b3));
    x0 = v128.xor(x0, b0);
    a4 = i32x4.add(a4, macs(x1, b0));
    a5 = i32x4.add(a5, macs(x1, b1));
    a6 = i32x4.add(a6, macs(x1, b2));
    a7 = i32x4.add(a7, macs(x1, b3));
    x1 = v128.xor(x1, b1);
  } while (--turns);
  const s = i32x4.add(i32x4.add(i32x4.add(a0, a1), i32x4.add(a2, a3)), i32x4.add(i32x4.add(a4, a5), i32x4.add(a6, a7)));
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
}
