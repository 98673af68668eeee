/** What ReduceParams.op means. src/plan/lower/reduce.ts writes the same numbers. */
export namespace ReduceOp {
  // @ts-ignore: decorator
  @inline export const SUM: i32 = 0;
  // @ts-ignore: decorator
  @inline export const MEAN: i32 = 1;
  // @ts-ignore: decorator
  @inline export const L1: i32 = 2;
  // @ts-ignore: decorator
  @inline export const L2: i32 = 3;
  // @ts-ignore: decorator
  @inline export const SUM_SQUARE: i32 = 4;
  // @ts-ignore: decorator
  @inline export const LOG_SUM: i32 = 5;
  // @ts-ignore: decorator
  @inline export const MAX: i32 = 6;
  // @ts-ignore: decorator
  @inline export const MIN: i32 = 7;
  // @ts-ignore: decorator
  @inline export const PROD: i32 = 8;
  // @ts-ignore: decorator
  @inline export const LOG_SUM_EXP: i32 = 9;
}
