/**
 * The only reader of ASC_FEATURE_*. A tier is a compile-time constant, so the arm of an `if (SIMD)` that is not taken
 * is never compiled: the scalar module holds no vector opcode, and a stray one is compile error AS103.
 */

/** True in the `simd` and `relaxed` modules. */
// @ts-ignore: decorator
@inline export const SIMD: bool = ASC_FEATURE_SIMD;

/** True in the `relaxed` module. Only integer relaxed operations are used; relaxed float is never exact across hosts. */
// @ts-ignore: decorator
@inline export const RELAXED: bool = ASC_FEATURE_RELAXED_SIMD;
