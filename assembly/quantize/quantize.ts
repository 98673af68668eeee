/** float32 to codes: y = clamp(round(x / scale) + zero, lo, hi), ties to even; NaN gives lo. */
import { QuantizeParams } from "../abi";
import { storePart } from "../elementwise/part";
import { SIMD } from "../tier";
import { bias, load4, round1, round4, store4 } from "./codes";

/** One scale for `n` elements. */
// @ts-ignore: decorator
@inline function uniform<T>(q: QuantizeParams, x: usize, y: usize, n: usize, scale: f32, zero: i32): void {
  const end = y + n * sizeof<T>();
  const lo = f32(q.lo - zero), hi = f32(q.hi - zero);
  if (SIMD) {
    const s = f32x4.splat(scale), low = f32x4.splat(lo), high = f32x4.splat(hi), b = i32x4.splat(bias(zero));
    if (sizeof<T>() == 1) {
      for (; y < end; x += 64, y += 16) {
        const c0 = i32x4.sub(round4(f32x4.div(v128.load(x), s), low, high), b);
        const c1 = i32x4.sub(round4(f32x4.div(v128.load(x, 16), s), low, high), b);
        const c2 = i32x4.sub(round4(f32x4.div(v128.load(x, 32), s), low, high), b);
        const c3 = i32x4.sub(round4(f32x4.div(v128.load(x, 48), s), low, high), b);
        const w0 = i16x8.narrow_i32x4_s(c0, c1), w1 = i16x8.narrow_i32x4_s(c2, c3);
        const codes = isSigned<T>() ? i8x16.narrow_i16x8_s(w0, w1) : i8x16.narrow_i16x8_u(w0, w1);
        if (y + 16 > end) return storePart(y, codes, end - y);
        v128.store(y, codes);
      }
    } else {
      for (; y < end; x += 16, y += 4 * sizeof<T>()) store4<T>(y, i32x4.sub(round4(f32x4.div(v128.load(x), s), low, high), b), end);
    }
  } else {
    for (; y < end; x += 4, y += sizeof<T>()) store<T>(y, <T>(round1(load<f32>(x) / scale, lo, hi) - bias(zero)));
  }
}

/** A scale for each of `n` elements. */
// @ts-ignore: decorator
@inline function varied<T>(q: QuantizeParams, x: usize, y: usize, n: usize, scale: usize, zeros: usize): void {
  const end = y + n * sizeof<T>();
  if (SIMD) {
    const lo = i32x4.splat(q.lo), hi = i32x4.splat(q.hi), b = i32x4.splat(bias(0));
    for (; y < end; x += 16, y += 4 * sizeof<T>(), scale += 16) {
      let zero = i32x4.splat(0);
      if (zeros) {
        zero = load4<T>(zeros);
        zeros += 4 * sizeof<T>();
      }
      const low = f32x4.convert_i32x4_s(i32x4.sub(lo, zero)), high = f32x4.convert_i32x4_s(i32x4.sub(hi, zero));
      store4<T>(y, i32x4.sub(round4(f32x4.div(v128.load(x), v128.load(scale)), low, high), i32x4.sub(b, zero)), end);
    }
  } else {
    for (; y < end; x += 4, y += sizeof<T>(), scale += 4) {
      let zero = 0;
      if (zeros) {
        zero = load<T>(zeros);
        zeros += sizeof<T>();
      }
      store<T>(y, <T>(round1(load<f32>(x) / load<f32>(scale), f32(q.lo - zero), f32(q.hi - zero)) - bias(zero)));
    }
  }
}

// @ts-ignore: decorator
@inline function quantize<T>(q: QuantizeParams): void {
  let x = q.x, y = q.y;
  for (let o = 0; o < q.outer; o++) {
    let at = o * q.scaleRow;
    for (let c = 0; c < q.axis; c += q.block, at += q.scaleStep) {
      const rows = min(q.block, q.axis - c);
      const zeros = q.zero ? q.zero + usize(at) * sizeof<T>() : 0;
      const scale = q.scale + (usize(at) << 2);
      const runs = q.varied ? rows : 1;
      const n = usize(q.varied ? q.inner : q.inner * rows);
      for (let r = 0; r < runs; r++) {
        if (q.varied) varied<T>(q, x, y, n, scale, zeros);
        else uniform<T>(q, x, y, n, load<f32>(scale), zeros ? i32(load<T>(zeros)) : 0);
        x += n << 2;
        y += n * sizeof<T>();
      }
    }
  }
}

/** uint8, and uint4 held one code to a byte. */
export function f32_quantize_u8(p: usize): void {
  quantize<u8>(changetype<QuantizeParams>(p));
}

/** int8, and int4 held one code to a byte. */
export function f32_quantize_s8(p: usize): void {
  quantize<i8>(changetype<QuantizeParams>(p));
}

export function f32_quantize_u16(p: usize): void {
  quantize<u16>(changetype<QuantizeParams>(p));
}

export function f32_quantize_s16(p: usize): void {
  quantize<i16>(changetype<QuantizeParams>(p));
}
