import { add, mul, splat, sub } from "../math/lane";
import { SIMD } from "../tier";
import { rowOffset, View } from "./view";

/**
 * The folds under every float32 reduction and normalisation: SUM of g(x), and the greatest element.
 *
 * g(x) = d, |d|, d² or |d|² with d = x − c, chosen by `mask` (cleared bits of d: 0x7fffffff for |d|, −1 for d) and
 * `square`. For MAX, `mask` is xored into x: i32.MIN_VALUE makes it the least element, negated. NaN wins.
 *
 * Order of a sum, the same in every tier:
 *   rowSum     inner = 1: sixteen partial sums from 0, element j of each row goes to partial j mod 16, rows in order; then
 *              lane l = (p[l] + p[l+4]) + (p[l+8] + p[l+12]), and the sum is (lane 0 + lane 1) + (lane 2 + lane 3)
 *   columnSum  inner > 1: one running sum from 0 per output, rows in order, elements in order
 */
export namespace Fold {
  // @ts-ignore: decorator
  @inline export const SUM: i32 = 0;
  // @ts-ignore: decorator
  @inline export const MAX: i32 = 1;
  /** SUM of x itself, with the same bits */
  // @ts-ignore: decorator
  @inline export const PLAIN: i32 = 2;
}

// @ts-ignore: decorator
@inline
export function start(kind: i32): f32 {
  return kind == Fold.MAX ? -Infinity : 0;
}

// @ts-ignore: decorator
@inline
function and<T>(x: T, mask: i32): T {
  if (isVector<T>()) return v128.and(x, i32x4.splat(mask));
  else return reinterpret<f32>(reinterpret<i32>(x) & mask);
}

// @ts-ignore: decorator
@inline
export function xor<T>(x: T, mask: i32): T {
  if (isVector<T>()) return v128.xor(x, i32x4.splat(mask));
  else return reinterpret<f32>(reinterpret<i32>(x) ^ mask);
}

// @ts-ignore: decorator
@inline
export function get<T>(p: usize): T {
  if (isVector<T>()) return v128.load(p);
  else return load<f32>(p);
}

/** g(x). Multiplying by 1 instead of by itself keeps the loop free of branches. */
// @ts-ignore: decorator
@inline
function g<T>(x: T, c: T, mask: i32, square: bool): T {
  const d = and<T>(sub<T>(x, c), mask);
  if (isVector<T>()) return mul<T>(d, v128.bitselect(d, splat<T>(1), i32x4.splat(square ? -1 : 0)));
  else return square ? d * d : d;
}

// @ts-ignore: decorator
@inline
function step<T>(kind: i32, s: T, x: T, c: T, mask: i32, square: bool): T {
  if (kind == Fold.PLAIN) return add<T>(s, x);
  if (kind == Fold.SUM) return add<T>(s, g<T>(x, c, mask, square));
  if (isVector<T>()) return f32x4.max(s, xor<T>(x, mask));
  else return max<f32>(s, xor<f32>(x, mask));
}

export function rowSum(x: usize, v: View, c: f32, mask: i32, square: bool): f32 {
  if (!SIMD) return row1(Fold.SUM, x, v, c, mask, square);
  return c == 0 && mask == -1 && !square ? row4(Fold.PLAIN, x, v, 0, -1, false) : row4(Fold.SUM, x, v, c, mask, square);
}

export function rowMax(x: usize, v: View, mask: i32): f32 {
  return SIMD ? row4(Fold.MAX, x, v, 0, mask, false) : row1(Fold.MAX, x, v, 0, mask, false);
}

// @ts-ignore: decorator
@inline
function row1(kind: i32, x: usize, v: View, c: f32, mask: i32, square: bool): f32 {
  return join(kind,
    join(kind, lane(kind, 0, x, v, c, mask, square), lane(kind, 1, x, v, c, mask, square)),
    join(kind, lane(kind, 2, x, v, c, mask, square), lane(kind, 3, x, v, c, mask, square)));
}

function lane(kind: i32, l: i32, x: usize, v: View, c: f32, mask: i32, square: bool): f32 {
  return join(kind,
    join(kind, partial(kind, l, x, v, c, mask, square), partial(kind, l + 4, x, v, c, mask, square)),
    join(kind, partial(kind, l + 8, x, v, c, mask, square), partial(kind, l + 12, x, v, c, mask, square)));
}

// @ts-ignore: decorator
@inline
function join(kind: i32, a: f32, b: f32): f32 {
  return kind == Fold.MAX ? max<f32>(a, b) : a + b;
}

/** Partial sum `k` of sixteen. */
function partial(kind: i32, k: i32, x: usize, v: View, c: f32, mask: i32, square: bool): f32 {
  let s = start(kind);
  for (let r = 0; r < v.rows; r++)
    for (let p = x + (rowOffset(v, r) << 2), j = k; j < v.count; j += 16) s = step<f32>(kind, s, load<f32>(p + (j << 2)), c, mask, square);
  return s;
}

// @ts-ignore: decorator
@inline
function row4(kind: i32, x: usize, v: View, center: f32, mask: i32, square: bool): f32 {
  const c = f32x4.splat(center);
  let s0 = f32x4.splat(start(kind)), s1 = s0, s2 = s0, s3 = s0;
  const rest = v.count & 15;
  for (let r = 0; r < v.rows; r++) {
    let p = x + (rowOffset(v, r) << 2);
    for (const end = p + ((v.count - rest) << 2); p < end; p += 64) {
      s0 = step<v128>(kind, s0, v128.load(p), c, mask, square);
      s1 = step<v128>(kind, s1, v128.load(p, 16), c, mask, square);
      s2 = step<v128>(kind, s2, v128.load(p, 32), c, mask, square);
      s3 = step<v128>(kind, s3, v128.load(p, 48), c, mask, square);
    }
    if (rest) {
      s0 = stepTail(kind, s0, p, rest, c, mask, square);
      if (rest > 4) s1 = stepTail(kind, s1, p + 16, rest - 4, c, mask, square);
      if (rest > 8) s2 = stepTail(kind, s2, p + 32, rest - 8, c, mask, square);
      if (rest > 12) s3 = stepTail(kind, s3, p + 48, rest - 12, c, mask, square);
    }
  }
  const s = kind == Fold.MAX ? f32x4.max(f32x4.max(s0, s1), f32x4.max(s2, s3)) : f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  return join(kind, join(kind, f32x4.extract_lane(s, 0), f32x4.extract_lane(s, 1)), join(kind, f32x4.extract_lane(s, 2), f32x4.extract_lane(s, 3)));
}

/** A step whose lanes from `rest` on change nothing: a sum that started at +0 is never −0, so it keeps its bits. */
// @ts-ignore: decorator
@inline
function stepTail(kind: i32, s: v128, p: usize, rest: i32, c: v128, mask: i32, square: bool): v128 {
  return v128.bitselect(step<v128>(kind, s, v128.load(p), c, mask, square), s, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(rest)));
}

/** One output, or four neighbours. */
export function columnSum<T>(x: usize, v: View, c: T, mask: i32, square: bool): T {
  return column<T>(Fold.SUM, x, v, c, mask, square);
}

export function columnMax<T>(x: usize, v: View, mask: i32): T {
  return column<T>(Fold.MAX, x, v, splat<T>(0), mask, false);
}

// @ts-ignore: decorator
@inline
function column<T>(kind: i32, x: usize, v: View, c: T, mask: i32, square: bool): T {
  const stride = v.inner << 2;
  let s = splat<T>(start(kind));
  for (let r = 0; r < v.rows; r++)
    for (let p = x + (rowOffset(v, r) << 2), j = v.count; j > 0; j--, p += stride) s = step<T>(kind, s, get<T>(p), c, mask, square);
  return s;
}

/** Sixteen neighbours, written to y. */
// @ts-ignore: decorator
@inline
export function columns16(kind: i32, x: usize, y: usize, v: View, mask: i32, square: bool): void {
  const stride = v.inner << 2, c = f32x4.splat(0);
  let s0 = f32x4.splat(start(kind)), s1 = s0, s2 = s0, s3 = s0;
  for (let r = 0; r < v.rows; r++)
    for (let p = x + (rowOffset(v, r) << 2), j = v.count; j > 0; j--, p += stride) {
      s0 = step<v128>(kind, s0, v128.load(p), c, mask, square);
      s1 = step<v128>(kind, s1, v128.load(p, 16), c, mask, square);
      s2 = step<v128>(kind, s2, v128.load(p, 32), c, mask, square);
      s3 = step<v128>(kind, s3, v128.load(p, 48), c, mask, square);
    }
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}
