/**
 * Parameter blocks: what the host writes before a kernel runs.
 *
 * Every kernel is `name(p: usize): void`, where `p` is the address of one of these blocks. Every field is four bytes
 * wide (`usize` = an address in the arena, `i32`, `u32`, `f32`), so field i lies at 4·i and the host needs no padding
 * rules. `tools/gen-abi.mjs` turns this file into `src/runtime/abi.ts`; a check fails when the two disagree.
 *
 * Promises the host keeps, so that a kernel checks nothing:
 *   - every address is 64-byte aligned unless the field's comment says otherwise, and lies inside the arena;
 *   - 64 bytes past the end of every operand may be read (never written);
 *   - sizes are ≥ 1 (a step with an empty output is never emitted) and no byte offset passes 2³¹;
 *   - operands do not overlap unless the field's comment allows it.
 */

/** y[i] = f(x[i]) over a dense float32 array. `y` may equal `x`. */
// @ts-ignore: decorator
@unmanaged
export class UnaryParams {
  /** f32[count] */
  x: usize;
  /** f32[count], may equal x */
  y: usize;
  count: i32;
  /** which function: the constants of elementwise/unary.ts */
  op: i32;
  /** the function's own parameters (alpha, beta, bounds); unused ones are 0 */
  alpha: f32;
  beta: f32;
}

/**
 * A pool over [batch, depth, height, width, channels], channels innermost and dense. One and two spatial axes are written
 * with leading axes of size 1; a channels-first value is batch·C images of one channel.
 */
// @ts-ignore: decorator
@unmanaged
export class PoolParams {
  /** elements[batch, depth, height, width, channels] */
  x: usize;
  /** elements[batch, outDepth, outHeight, outWidth, channels] */
  y: usize;
  /** i64, as y: where each maximum lies in the channels-first tensor; 0 = not asked for (any_pool only) */
  indices: usize;
  batch: i32;
  channels: i32;
  depth: i32;
  height: i32;
  width: i32;
  outDepth: i32;
  outHeight: i32;
  outWidth: i32;
  kernelDepth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideDepth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationDepth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  /** padding before the first element of each axis */
  padDepth: i32;
  padHeight: i32;
  padWidth: i32;
  /** padding after the last one; only counted, never read */
  endDepth: i32;
  endHeight: i32;
  endWidth: i32;
  /** which pool: the constants of pool/ops.ts */
  op: i32;
  /** what an average divides by: the constants of pool/ops.ts */
  divisor: i32;
  /** any_pool: element type (DType) and whether `indices` count column-major */
  dtype: i32;
  columnMajor: i32;
  /** any_pool: exponent of LpPool */
  exponent: f32;
  /** 8-bit pools: 0 for u8, 0x80808080 for s8, which makes unsigned codes of signed ones by xor */
  flip: u32;
  /** zero point of x after `flip` (0..255), and of y as it is */
  xZeroPoint: i32;
  yZeroPoint: i32;
  xScale: f32;
  yScale: f32;
}

/** Mean of 8-bit codes over the middle axis of [outer, count, inner]. */
// @ts-ignore: decorator
@unmanaged
export class GlobalAveragePoolParams {
  /** u8 or s8[outer, count, inner] */
  x: usize;
  /** u8 or s8[outer, inner] */
  y: usize;
  outer: i32;
  count: i32;
  inner: i32;
  /** 0 for u8, 0x80808080 for s8 */
  flip: u32;
  /** −count · zero point of x, the latter after `flip` (0..255) */
  bias: i32;
  /** x_scale / (y_scale · count) */
  scale: f32;
  /** zero point of y as it is */
  yZeroPoint: i32;
}
