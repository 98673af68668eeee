import { QConvParams } from "../abi";
import { SIMD } from "../tier";
import { Format } from "../gemm/qformat";

/**
 * Windows into rows: row r − `first` of the block at `rows` holds the K activations of output position r, taps first and
 * channels fastest, as Format.I16 (minus the zero point) or Format.I8 (bytes, top bit flipped by `flip`) wants them.
 * Copies run in whole vectors: what they write too much is overwritten by what follows or lies in the row's slack.
 */
export function gather(q: QConvParams, group: i32, first: i32, count: i32, rows: usize): void {
  const area = q.outDepth * q.outHeight * q.outWidth;
  const image = usize(q.depth * q.height * q.width * q.xStride);
  for (let r = first; r < first + count; ++r, rows += usize(q.lda)) {
    const position = r % area, plane = q.outHeight * q.outWidth, inPlane = position % plane;
    const d = position / plane * q.strideD - q.padD;
    const h = inPlane / q.outWidth * q.strideH - q.padH;
    const w = inPlane % q.outWidth * q.strideW - q.padW;
    const zero = zeroPoint(q, r);
    window(q, q.x + usize(r / area) * image + usize(group * q.channels), d, h, w, rows, zero);
  }
}

/** Zero point of row r plus what `flip` adds, so that unsigned bytes minus it are right in both signednesses. */
// @ts-ignore: decorator
@inline function zeroPoint(q: QConvParams, r: i32): i32 {
  const at = q.xZeroPoint + usize(r * q.zeroPointStride);
  return q.xSigned ? (q.xZeroPoint ? i32(load<i8>(at)) : 0) + 128 : q.xZeroPoint ? i32(load<u8>(at)) : 0;
}

function window(q: QConvParams, x: usize, d0: i32, h0: i32, w0: i32, to: usize, zero: i32): void {
  const wide = q.format == Format.I16;
  const tap = usize(q.channels) << usize(wide), line = tap * usize(q.kernelW);
  // taps [from, until) of a kernel row lie inside the image
  const from = w0 < 0 ? min((q.dilationW - 1 - w0) / q.dilationW, q.kernelW) : 0;
  const until = max(from, min(q.kernelW, (q.width - w0 + q.dilationW - 1) / q.dilationW));
  const joined = q.dilationW == 1 && q.xStride == q.channels;
  for (let i = 0, d = d0; i < q.kernelD; ++i, d += q.dilationD) {
    for (let j = 0, h = h0; j < q.kernelH; ++j, h += q.dilationH, to += line) {
      if (d < 0 || d >= q.depth || h < 0 || h >= q.height || from == until) {
        pad(q, to, line, zero);
        continue;
      }
      if (from > 0) pad(q, to, tap * usize(from), zero);
      const source = x + usize(((d * q.height + h) * q.width + w0 + from * q.dilationW) * q.xStride);
      if (joined) copy(q, to + tap * usize(from), source, usize((until - from) * q.channels), zero);
      else
        for (let t = from; t < until; ++t) copy(q, to + tap * usize(t), source + usize((t - from) * q.dilationW * q.xStride), usize(q.channels), zero);
      if (until < q.kernelW) pad(q, to + tap * usize(until), tap * usize(q.kernelW - until), zero);
    }
  }
}

/** Padding holds the zero point: 0 once it is taken off. `zero` counts unsigned bytes, which a signed one differs from in its top bit. */
function pad(q: QConvParams, to: usize, bytes: usize, zero: i32): void {
  memory.fill(to, q.format == Format.I16 ? 0 : u8((q.xSigned ? zero ^ 0x80 : zero) ^ q.flip), bytes);
}

/** `count` bytes, read as unsigned after the flip that makes signed ones so. */
// @ts-ignore: decorator
@inline function copy(q: QConvParams, to: usize, x: usize, count: usize, zero: i32): void {
  if (q.format == Format.I16) widen(to, x, count, zero, q.xSigned ? 0x80 : 0);
  else flipped(to, x, count, q.flip);
}

function widen(to: usize, x: usize, count: usize, zero: i32, flip: i32): void {
  const end = x + count;
  if (SIMD) {
    const flips = i8x16.splat(i8(flip)), zeros = i16x8.splat(i16(zero));
    for (; x < end; x += 8, to += 16) v128.store(to, i16x8.sub(i16x8.extend_low_i8x16_u(v128.xor(v128.load64_zero(x), flips)), zeros));
  } else for (; x < end; ++x, to += 2) store<i16>(to, i16((i32(load<u8>(x)) ^ flip) - zero));
}

function flipped(to: usize, x: usize, count: usize, flip: i32): void {
  const end = x + count;
  if (SIMD) {
    const flips = i8x16.splat(i8(flip));
    for (; x < end; x += 16, to += 16) v128.store(to, v128.xor(v128.load(x), flips));
  }
}
