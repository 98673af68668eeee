import { QConvParams } from "../abi";
import { SIMD } from "../tier";
import { Format } from "../gemm/qformat";

/**
 * Windows into rows: row r − `first` of the block at `rows` holds the K activations of output position r, taps first and
 * channels fastest, as Format.I16 (minus the zero point) or Format.I8 (bytes, top bit flipped by `flip`) wants them.
 * Copies run in whole vectors: what they write too much is overwritten by what follows or lies in the row's slack.
 */
export function gather(q: QConvParams, group: i32, first: i32, count: i32, rows: usize): void {
  const plane = q.outHeight * q.outWidth, area = q.outDepth * plane, image = usize(q.depth * q.height * q.width * q.xStride);
  let ow = first % q.outWidth, oh = first / q.outWidth % q.outHeight, od = first % area / plane;
  let x = q.x + usize(first / area) * image + usize(group * q.channels), zero = zeroPoint(q, first);
  const plain = q.kernelD == 1 && q.padD == 0 && joined(q), strideW = q.strideW, padW = q.padW, outWidth = q.outWidth, lda = usize(q.lda), each = q.zeroPointStride != 0;
  const insideW = q.width - (q.kernelW - 1) * q.dilationW, insideH = q.height - (q.kernelH - 1) * q.dilationH, step = usize(q.xStride);
  for (let r = first; r < first + count; ++r, rows += lda) {
    if (each) zero = zeroPoint(q, r);
    const w = ow * strideW - padW, h = oh * q.strideH - q.padH;
    if (plain && w >= 0 && w < insideW && h >= 0 && h < insideH) inner(q, x + usize((od * q.strideD * q.height + h) * q.width + w) * step, rows, zero);
    else window(q, x, od * q.strideD - q.padD, h, w, rows, zero);
    if (++ow < outWidth) continue;
    ow = 0;
    if (++oh < q.outHeight) continue;
    oh = 0;
    if (++od < q.outDepth) continue;
    od = 0;
    x += image;
  }
}

/** Zero point of row r plus what makes signed bytes unsigned, so that unsigned ones minus it are right in both signednesses. */
// @ts-ignore: decorator
@inline function zeroPoint(q: QConvParams, r: i32): i32 {
  const at = q.xZeroPoint + usize(r * q.zeroPointStride);
  return q.xSigned ? (q.xZeroPoint ? i32(load<i8>(at)) : 0) + 128 : q.xZeroPoint ? i32(load<u8>(at)) : 0;
}

/** Whether the taps of a kernel row are one run of bytes. */
// @ts-ignore: decorator
@inline function joined(q: QConvParams): bool {
  return q.kernelW == 1 || (q.dilationW == 1 && q.xStride == q.channels);
}

/** A window of one depth, inside the image, whose kernel rows are runs. */
// @ts-ignore: decorator
@inline function inner(q: QConvParams, x: usize, to: usize, zero: i32): void {
  const run = usize(q.kernelW * q.channels), line = run << usize(q.format == Format.I16), row = usize(q.dilationH * q.width * q.xStride);
  if (SIMD) {
    if (q.format == Format.I8) {
      const flips = i8x16.splat(i8(q.flip));
      for (let j = q.kernelH; j > 0; --j, x += row, to += line) {
        const end = x + run;
        let a = x, b = to;
        do {
          v128.store(b, v128.xor(v128.load(a), flips));
          a += 16;
          b += 16;
        } while (a < end);
      }
      return;
    }
  }
  for (let j = q.kernelH; j > 0; --j, x += row, to += line) copy(q, to, x, run, zero);
}

/** One window whose first tap lies at (d0, h0, w0), runs of taps that lie side by side at a time. */
function window(q: QConvParams, x: usize, d0: i32, h0: i32, w0: i32, to: usize, zero: i32): void {
  const tap = usize(q.channels) << usize(q.format == Format.I16), line = tap * usize(q.kernelW), row = q.width * q.xStride;
  const runs = joined(q);
  let from = 0, until = q.kernelW;
  if (w0 < 0 || w0 + (until - 1) * q.dilationW >= q.width) {
    // taps [from, until) of a kernel row lie inside the image
    from = w0 < 0 ? min((q.dilationW - 1 - w0) / q.dilationW, q.kernelW) : 0;
    until = max(from, min(q.kernelW, (q.width - w0 + q.dilationW - 1) / q.dilationW));
  }
  const front = tap * usize(from), back = tap * usize(q.kernelW - until), run = usize((until - from) * q.channels);
  const start = x + usize((w0 + from * q.dilationW) * q.xStride);
  for (let i = 0, d = d0; i < q.kernelD; ++i, d += q.dilationD) {
    for (let j = 0, h = h0; j < q.kernelH; ++j, h += q.dilationH, to += line) {
      if (u32(d) >= u32(q.depth) || u32(h) >= u32(q.height) || !run) {
        pad(q, to, line, zero);
        continue;
      }
      const source = start + usize((d * q.height + h) * row);
      if (front) pad(q, to, front, zero);
      if (runs) copy(q, to + front, source, run, zero);
      else
        for (let t = from; t < until; ++t) copy(q, to + tap * usize(t), source + usize((t - from) * q.dilationW * q.xStride), usize(q.channels), zero);
      if (back) pad(q, to + line - back, back, zero);
    }
  }
}

/** Padding holds the zero point: 0 once it is taken off. `zero` counts unsigned bytes, which a signed one differs from in its top bit. */
function pad(q: QConvParams, to: usize, bytes: usize, zero: i32): void {
  const value = q.format == Format.I16 ? 0 : (q.xSigned ? zero ^ 0x80 : zero) ^ q.flip;
  if (SIMD) {
    const values = i8x16.splat(i8(value)), end = to + bytes;
    for (; to < end; to += 16) v128.store(to, values);
  } else memory.fill(to, u8(value), bytes);
}

/** `count` bytes, read as unsigned after the flip that makes signed ones so. */
function copy(q: QConvParams, to: usize, x: usize, count: usize, zero: i32): void {
  const end = x + count, flip = q.format == Format.I16 ? (q.xSigned ? 0x80 : 0) : q.flip;
  if (SIMD) {
    const flips = i8x16.splat(i8(flip));
    if (q.format == Format.I16) {
      const zeros = i16x8.splat(i16(zero));
      for (; x < end; x += 8, to += 16) v128.store(to, i16x8.sub(i16x8.extend_low_i8x16_u(v128.xor(v128.load64_zero(x), flips)), zeros));
    } else for (; x < end; x += 16, to += 16) v128.store(to, v128.xor(v128.load(x), flips));
  } else for (; x < end; ++x, to += 2) store<i16>(to, i16((i32(load<u8>(x)) ^ flip) - zero));
}
