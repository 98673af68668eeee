import { erf } from "../math/erf";
import { exp } from "../math/exp";
import { log } from "../math/log";
import { sigmoid } from "../math/sigmoid";
import { tanh } from "../math/tanh";
import { SIMD } from "../tier";

/** Every function of math/ over f32[count], one lane at a time (`vector` = 0) or four (`vector` = 1, count a multiple of 4). */
export function exp_of(x: usize, y: usize, count: i32, vector: i32): void {
  each(x, y, count, vector, 0);
}
export function tanh_of(x: usize, y: usize, count: i32, vector: i32): void {
  each(x, y, count, vector, 1);
}
export function sigmoid_of(x: usize, y: usize, count: i32, vector: i32): void {
  each(x, y, count, vector, 2);
}
export function erf_of(x: usize, y: usize, count: i32, vector: i32): void {
  each(x, y, count, vector, 3);
}
export function log_of(x: usize, y: usize, count: i32, vector: i32): void {
  each(x, y, count, vector, 4);
}

function each(x: usize, y: usize, count: i32, vector: i32, which: i32): void {
  if (SIMD) {
    if (vector) {
      for (let i: usize = 0; i < usize(count) << 2; i += 16) v128.store(y + i, apply<v128>(v128.load(x + i), which));
      return;
    }
  }
  for (let i: usize = 0; i < usize(count) << 2; i += 4) store<f32>(y + i, apply<f32>(load<f32>(x + i), which));
}

function apply<T>(x: T, which: i32): T {
  if (which == 0) return exp<T>(x);
  if (which == 1) return tanh<T>(x);
  if (which == 2) return sigmoid<T>(x);
  if (which == 3) return erf<T>(x);
  return log<T>(x);
}
