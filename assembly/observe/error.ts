/**
 * How far y is from x, in float64. Every call sums from 0 in the order below and adds its total to what `sums` holds, so results depend on how a tensor
 * is cut into calls and on nothing else.
 *
 * Order within a row of elements: element i goes to partial sum i mod 8 (a tail to the first ones); then ((0 + 2) + (4 + 6)) + ((1 + 3) + (5 + 7)).
 */
import { ErrorChannelsParams, ErrorParams } from "../abi.train";
import { SIMD } from "../tier";

/** f64[2, 8]: partial sums of what a row adds up. */
const partials = memory.data(2 * 8 * 8, 16);

/** Two lanes of four as float64. */
// @ts-ignore: decorator
@inline function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-ignore: decorator
@inline function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
}

/** All ones where the element is a number: neither NaN nor ±∞. */
// @ts-ignore: decorator
@inline function finite(v: v128): v128 {
  return f32x4.lt(f32x4.abs(v), f32x4.splat(f32.POSITIVE_INFINITY));
}

// @ts-ignore: decorator
@inline function add(at: usize, v: f64): void {
  store<f64>(at, load<f64>(at) + v);
}

// @ts-ignore: decorator
@inline function total(at: usize): f64 {
  return load<f64>(at) + load<f64>(at, 16) + (load<f64>(at, 32) + load<f64>(at, 48)) + (load<f64>(at, 8) + load<f64>(at, 24) + (load<f64>(at, 40) + load<f64>(at, 56)));
}

/** Elements of x that are no numbers have no error: they are left out. */
function squares(x: usize, y: usize, count: i32): void {
  const signal = partials, noise = partials + 64;
  memory.fill(partials, 0, 128);
  let i = 0;
  if (SIMD) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, n0 = s0, n1 = s0, n2 = s0, n3 = s0;
    for (; i + 8 <= count; i += 8, x += 32, y += 32) {
      let a = v128.load(x), b = v128.load(x, 16);
      const inA = finite(a), inB = finite(b);
      a = v128.and(a, inA);
      b = v128.and(b, inB);
      const c = v128.and(v128.load(y), inA), d = v128.and(v128.load(y, 16), inB);
      const a0 = low(a), a1 = high(a), b0 = low(b), b1 = high(b);
      s0 = f64x2.add(s0, f64x2.mul(a0, a0));
      s1 = f64x2.add(s1, f64x2.mul(a1, a1));
      s2 = f64x2.add(s2, f64x2.mul(b0, b0));
      s3 = f64x2.add(s3, f64x2.mul(b1, b1));
      const d0 = f64x2.sub(a0, low(c)), d1 = f64x2.sub(a1, high(c)), d2 = f64x2.sub(b0, low(d)), d3 = f64x2.sub(b1, high(d));
      n0 = f64x2.add(n0, f64x2.mul(d0, d0));
      n1 = f64x2.add(n1, f64x2.mul(d1, d1));
      n2 = f64x2.add(n2, f64x2.mul(d2, d2));
      n3 = f64x2.add(n3, f64x2.mul(d3, d3));
    }
    v128.store(signal, s0);
    v128.store(signal, s1, 16);
    v128.store(signal, s2, 32);
    v128.store(signal, s3, 48);
    v128.store(noise, n0);
    v128.store(noise, n1, 16);
    v128.store(noise, n2, 32);
    v128.store(noise, n3, 48);
  }
  for (; i < count; i++, x += 4, y += 4) {
    const v = load<f32>(x);
    if (!(abs<f32>(v) < f32.POSITIVE_INFINITY)) continue;
    const a = <f64>v, d = a - <f64>load<f32>(y), at = usize(i & 7) << 3;
    add(signal + at, a * a);
    add(noise + at, d * d);
  }
}

export function f32_error(p: usize): void {
  const q = changetype<ErrorParams>(p);
  squares(q.x, q.y, q.count);
  add(q.sums, total(partials));
  add(q.sums + 8, total(partials + 64));
}

/** Σ (x − y) over a row. */
function differences(x: usize, y: usize, count: i32): f64 {
  memory.fill(partials, 0, 64);
  let i = 0;
  if (SIMD) {
    let n0 = f64x2.splat(0), n1 = n0, n2 = n0, n3 = n0;
    for (; i + 8 <= count; i += 8, x += 32, y += 32) {
      const a = v128.load(x), b = v128.load(x, 16), c = v128.load(y), d = v128.load(y, 16);
      n0 = f64x2.add(n0, f64x2.sub(low(a), low(c)));
      n1 = f64x2.add(n1, f64x2.sub(high(a), high(c)));
      n2 = f64x2.add(n2, f64x2.sub(low(b), low(d)));
      n3 = f64x2.add(n3, f64x2.sub(high(b), high(d)));
    }
    v128.store(partials, n0);
    v128.store(partials, n1, 16);
    v128.store(partials, n2, 32);
    v128.store(partials, n3, 48);
  }
  for (; i < count; i++, x += 4, y += 4) add(partials + (usize(i & 7) << 3), <f64>load<f32>(x) - <f64>load<f32>(y));
  return total(partials);
}

export function f32_error_channels(p: usize): void {
  const q = changetype<ErrorChannelsParams>(p);
  const rowBytes = usize(q.inner) << 2;
  let x = q.x, y = q.y;
  for (let o = 0; o < q.outer; o++)
    for (let c = 0; c < q.channels; c++, x += rowBytes, y += rowBytes) add(q.sums + (usize(c) << 3), differences(x, y, q.inner));
}
