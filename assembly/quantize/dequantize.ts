/** Codes to float32: y = f32(x − zero) · scale; the difference wraps for int32. */
import { QuantizeParams } from "../abi";
import { storePart } from "../elementwise/part";
import { SIMD } from "../tier";
import { load4 } from "./codes";

/** One scale for `n` elements. */
// @ts-ignore: decorator
@inline function uniform<T>(x: usize, y: usize, n: usize, scale: f32, zero: i32): void {
  const end = y + (n << 2);
  if (SIMD) {
    const s = f32x4.splat(scale), z = i32x4.splat(zero);
    for (; y < end; x += 4 * sizeof<T>(), y += 16) {
      const v = f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(load4<T>(x), z)), s);
      if (y + 16 > end) return storePart(y, v, end - y);
      v128.store(y, v);
    }
  } else {
    for (; y < end; x += sizeof<T>(), y += 4) store<f32>(y, f32(i32(load<T>(x)) - zero) * scale);
  }
}

/** A scale for each of `n` elements. */
// @ts-ignore: decorator
@inline function varied<T>(x: usize, y: usize, n: usize, scale: usize, zeros: usize): void {
  const end = y + (n << 2);
  if (SIMD) {
    for (; y < end; x += 4 * sizeof<T>(), y += 16, scale += 16) {
      let code = load4<T>(x);
      if (zeros) {
        code = i32x4.sub(code, load4<T>(zeros));
        zeros += 4 * sizeof<T>();
      }
      const v = f32x4.mul(f32x4.convert_i32x4_s(code), v128.load(scale));
      if (y + 16 > end) return storePart(y, v, end - y);
      v128.store(y, v);
    }
  } else {
    for (; y < end; x += sizeof<T>(), y += 4, scale += 4) {
      let code = i32(load<T>(x));
      if (zeros) {
        code -= i32(load<T>(zeros));
        zeros += sizeof<T>();
      }
      store<f32>(y, f32(code) * load<f32>(scale));
    }
  }
}

// @ts-ignore: decorator
@inline function dequantize<T>(q: QuantizeParams): void {
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
        if (q.varied) varied<T>(x, y, n, scale, zeros);
        else uniform<T>(x, y, n, load<f32>(scale), zeros ? i32(load<T>(zeros)) : 0);
        x += n * sizeof<T>();
        y += n << 2;
      }
    }
  }
}

/** uint8, and uint4 held one code to a byte. */
export function u8_dequantize(p: usize): void {
  dequantize<u8>(changetype<QuantizeParams>(p));
}

/** int8, and int4 held one code to a byte. */
export function s8_dequantize(p: usize): void {
  dequantize<i8>(changetype<QuantizeParams>(p));
}

export function u16_dequantize(p: usize): void {
  dequantize<u16>(changetype<QuantizeParams>(p));
}

export function s16_dequantize(p: usize): void {
  dequantize<i16>(changetype<QuantizeParams>(p));
}

export function s32_dequantize(p: usize): void {
  dequantize<i32>(changetype<QuantizeParams>(p));
}
