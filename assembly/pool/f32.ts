import { PoolParams } from "../abi";
import { SIMD } from "../tier";
import { abs, add, atLeast, div, mul, root, splat } from "../math/lane";
import { PoolOp } from "./ops";
import { eachWindow, taps } from "./taps";

/**
 * Max, average, L1 or L2 pool of float32; y as PoolParams says.
 *
 * Every output takes its taps in the order depth, height, width, into one running value that starts at −inf (max) or 0
 * (sums). Max keeps the earlier of two equal values and passes over NaN; an average is the sum divided by the count.
 */
export function f32_pool(p: usize): void {
  const q = changetype<PoolParams>(p);
  switch (q.op) {
    case PoolOp.MAX: return eachWindow(q, 4, (q, y) => pixel(PoolOp.MAX, q, y));
    case PoolOp.AVERAGE: return eachWindow(q, 4, (q, y) => pixel(PoolOp.AVERAGE, q, y));
    case PoolOp.L1: return eachWindow(q, 4, (q, y) => pixel(PoolOp.L1, q, y));
    default: return eachWindow(q, 4, (q, y) => pixel(PoolOp.L2, q, y));
  }
}

// @ts-ignore: decorator
@inline
function start(op: i32): f32 {
  return op == PoolOp.MAX ? -Infinity : 0;
}

// @ts-ignore: decorator
@inline
function step<T>(op: i32, s: T, v: T): T {
  if (op == PoolOp.MAX) return atLeast<T>(s, v);
  if (op == PoolOp.L1) return add<T>(s, abs<T>(v));
  return add<T>(s, op == PoolOp.L2 ? mul<T>(v, v) : v);
}

// @ts-ignore: decorator
@inline
function finish<T>(op: i32, s: T): T {
  if (op == PoolOp.AVERAGE) return div<T>(s, splat<T>(<f32>taps.divisor));
  return op == PoolOp.L2 ? root<T>(s) : s;
}

/** All channels of one output. Eight at a time, the last eight overlapping the ones before. */
// @ts-ignore: decorator
@inline
function pixel(op: i32, q: PoolParams, y: usize): void {
  const n = q.channels;
  if (SIMD && n >= 8) {
    for (let c = 0; ; c = min(c + 8, n - 8)) {
      tile(op, taps.at + (c << 2), y + (c << 2));
      if (c == n - 8) return;
    }
  }
  for (let c = 0; c < n; c++) {
    let s = start(op);
    for (let i = 0, a = taps.at + (c << 2); i < taps.d; i++, a += taps.stepD)
      for (let j = 0, b = a; j < taps.h; j++, b += taps.stepH)
        for (let k = 0, x = b; k < taps.w; k++, x += taps.stepW) s = step<f32>(op, s, load<f32>(x));
    store<f32>(y + (c << 2), finish<f32>(op, s));
  }
}

// @ts-ignore: decorator
@inline
function tile(op: i32, at: usize, y: usize): void {
  const w = taps.w, stepW = taps.stepW;
  let s = f32x4.splat(start(op)), t = s;
  for (let i = 0, a = at; i < taps.d; i++, a += taps.stepD)
    for (let j = 0, b = a; j < taps.h; j++, b += taps.stepH)
      for (let k = 0, x = b; k < w; k++, x += stepW) {
        s = step<v128>(op, s, v128.load(x));
        t = step<v128>(op, t, v128.load(x, 16));
      }
  v128.store(y, finish<v128>(op, s));
  v128.store(y, finish<v128>(op, t), 16);
}
