import { PoolParams } from "../abi";
import { SIMD } from "../tier";
import { add, atLeast, div, splat } from "../math/lane";
import { PoolOp } from "./ops";
import { eachWindow, taps } from "./taps";

/**
 * Max or average pool of float32; y as PoolParams says.
 *
 * Every output takes its taps in the order depth, height, width, into one running value that starts at −inf (max) or 0
 * (average). Max keeps the earlier of two equal values and passes over NaN; an average is the sum divided by the count.
 */
export function f32_pool(p: usize): void {
  const q = changetype<PoolParams>(p);
  if (q.op == PoolOp.MAX) return eachWindow(q, 4, SIMD, (q, y) => pixel(PoolOp.MAX, q, y));
  return eachWindow(q, 4, SIMD, (q, y) => pixel(PoolOp.AVERAGE, q, y));
}

// @ts-ignore: decorator
@inline
function start(op: i32): f32 {
  return op == PoolOp.MAX ? -Infinity : 0;
}

// @ts-ignore: decorator
@inline
function step<T>(op: i32, s: T, v: T): T {
  return op == PoolOp.MAX ? atLeast<T>(s, v) : add<T>(s, v);
}

// @ts-ignore: decorator
@inline
function finish<T>(op: i32, s: T): T {
  return op == PoolOp.MAX ? s : div<T>(s, splat<T>(<f32>taps.divisor));
}

/** All channels of one output, or one channel of WIDE outputs. Sixteen channels at a time, then eight, the last eight overlapping. */
// @ts-ignore: decorator
@inline
function pixel(op: i32, q: PoolParams, y: usize): void {
  const n = q.channels;
  if (SIMD && taps.gap) return tile(op, taps.at, y, taps.gap);
  if (SIMD && n >= 8) {
    let c = 0;
    for (; c + 16 <= n; c += 16) tile16(op, taps.at + (c << 2), y + (c << 2));
    for (; c < n; c += 8) {
      const last = min(c, n - 8) << 2;
      tile(op, taps.at + last, y + last, 4);
    }
    return;
  }
  const d = taps.d, h = taps.h, w = taps.w, stepD = taps.stepD, stepH = taps.stepH, stepW = taps.stepW;
  for (let c = 0; c < n; c++) {
    let s = start(op);
    for (let i = 0, a = taps.at + (c << 2); i < d; i++, a += stepD)
      for (let j = 0, b = a; j < h; j++, b += stepH)
        for (let k = 0, x = b; k < w; k++, x += stepW) s = step<f32>(op, s, load<f32>(x));
    store<f32>(y + (c << 2), finish<f32>(op, s));
  }
}

/** Four floats, `gap` bytes apart. */
// @ts-ignore: decorator
@inline
function four(x: usize, gap: i32): v128 {
  return gap == 4 ? v128.load(x) : apart(x, gap);
}

function apart(x: usize, gap: i32): v128 {
  // Eight floats may end 4 bytes past the last one that is used: inside the 64 readable bytes after an operand.
  if (gap == 8) return v128.shuffle<f32>(v128.load(x), v128.load(x, 16), 0, 2, 4, 6);
  let v = v128.load32_zero(x);
  v = v128.load32_lane(x + gap, v, 1);
  v = v128.load32_lane(x + 2 * gap, v, 2);
  return v128.load32_lane(x + 3 * gap, v, 3);
}

/** Eight outputs whose windows start `gap` bytes apart. */
// @ts-ignore: decorator
@inline
function tile(op: i32, at: usize, y: usize, gap: i32): void {
  const h = taps.h, w = taps.w, stepD = taps.stepD, stepH = taps.stepH, stepW = taps.stepW, half = gap << 2;
  let s = f32x4.splat(start(op)), t = s;
  for (let i = taps.d, a = at; i > 0; i--, a += stepD)
    for (let j = h, b = a; j > 0; j--, b += stepH)
      for (let k = w, x = b; k > 0; k--, x += stepW) {
        s = step<v128>(op, s, four(x, gap));
        t = step<v128>(op, t, four(x + half, gap));
      }
  v128.store(y, finish<v128>(op, s));
  v128.store(y, finish<v128>(op, t), 16);
}

/** Sixteen channels of one output. */
// @ts-ignore: decorator
@inline
function tile16(op: i32, at: usize, y: usize): void {
  const h = taps.h, w = taps.w, stepD = taps.stepD, stepH = taps.stepH, stepW = taps.stepW;
  let s0 = f32x4.splat(start(op)), s1 = s0, s2 = s0, s3 = s0;
  for (let i = taps.d, a = at; i > 0; i--, a += stepD)
    for (let j = h, b = a; j > 0; j--, b += stepH)
      for (let k = w, x = b; k > 0; k--, x += stepW) {
        s0 = step<v128>(op, s0, v128.load(x));
        s1 = step<v128>(op, s1, v128.load(x, 16));
        s2 = step<v128>(op, s2, v128.load(x, 32));
        s3 = step<v128>(op, s3, v128.load(x, 48));
      }
  v128.store(y, finish<v128>(op, s0));
  v128.store(y, finish<v128>(op, s1), 16);
  v128.store(y, finish<v128>(op, s2), 32);
  v128.store(y, finish<v128>(op, s3), 48);
}
