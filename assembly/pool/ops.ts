/** What PoolParams.op and PoolParams.divisor mean. src/plan/lower/pool.ts writes the same numbers. */
export namespace PoolOp {
  // @ts-ignore: decorator
  @inline export const MAX: i32 = 0;
  // @ts-ignore: decorator
  @inline export const AVERAGE: i32 = 1;
  /** (Σ|x|^exponent)^(1/exponent), any_pool only */
  // @ts-ignore: decorator
  @inline export const LP: i32 = 2;
}

export namespace Divisor {
  /** the elements of x under the window */
  // @ts-ignore: decorator
  @inline export const INSIDE: i32 = 0;
  /** those, and the padding under it (ONNX count_include_pad) */
  // @ts-ignore: decorator
  @inline export const PADDED: i32 = 1;
  /** the whole kernel, whatever it covers (ONNX Runtime's QLinearAveragePool) */
  // @ts-ignore: decorator
  @inline export const KERNEL: i32 = 2;
}
