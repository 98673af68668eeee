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
