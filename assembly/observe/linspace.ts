/**
 * torch.linspace in float32, as PyTorch 2.13 computes it on processors with fused multiply-add:
 *
 *   step = (end − start) / (count − 1)
 *   point(i) = fma(step, i, start) in the first half (i < count / 2), fma(−step, count − 1 − i, end) in the second
 */
import { LinspaceParams } from "../abi.train";

/** a·b + c, rounded once; a·b must be exact in f64 (here: 24 bits times an integer below 2²⁹). */
// @ts-ignore: decorator
@inline function fma(a: f64, b: f64, c: f64): f32 {
  const product = a * b, sum = product + c;
  const back = sum - product, lost = (product - (sum - back)) + (c - back);
  let bits = reinterpret<i64>(sum);
  // rounding to odd, so that the second rounding (to f32) sees what the first one lost
  if (lost != 0 && !(bits & 1)) bits += (lost > 0) == (sum > 0) ? 1 : -1;
  return f32(reinterpret<f64>(bits));
}

// @ts-ignore: decorator
@inline export function stepOf(start: f32, end: f32, count: i32): f32 {
  return (end - start) / f32(count - 1);
}

/** point(i) */
// @ts-ignore: decorator
@inline export function pointOf(start: f32, end: f32, step: f32, count: i32, i: i32): f32 {
  return i < count / 2 ? fma(step, i, start) : fma(-step, count - 1 - i, end);
}

/** Writes the `count` points at y. */
export function linspace(y: usize, count: i32, start: f32, end: f32): void {
  const step = stepOf(start, end, count);
  for (let i = 0; i < count; i++, y += 4) store<f32>(y, pointOf(start, end, step, count, i));
}

export function f32_linspace(p: usize): void {
  const q = changetype<LinspaceParams>(p);
  linspace(q.y, q.count, q.start, q.end);
}
