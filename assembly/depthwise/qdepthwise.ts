import { QConvParams } from "../abi";
import { SIMD } from "../tier";
import { outBytes } from "../requantize/emit";
import { chunkBytes, STEPS, tapsOf } from "./qformat";
import { outputs as outputsScalar } from "./qoutputs.scalar";
import { outputs as outputsSimd, prepare } from "./qoutputs.simd";
import { LIST, ZEROS } from "./qscratch";

/**
 * Convolution with one channel per group, channels last. Sixteen channels at a time, the part of the image that a few output rows
 * read is copied with its padding, so that every tap lies at one distance from its window's first and activations are of one kind.
 */
export function q_depthwise(p: usize): void {
  const q = changetype<QConvParams>(p);
  const taps = q.kernelD * q.kernelH * q.kernelW;
  memory.fill(q.scratch + ZEROS, u8((q.xZeroPoint ? i32(load<u8>(q.xZeroPoint)) : 0) ^ q.flip), 16);
  for (let ow = 0; ow < q.outWidth; ow += q.blockRows) stretch(q, taps, ow, min(q.blockRows, q.outWidth - ow));
}

/** Outputs [first, first + count) of all rows and channels, `lda` rows at a time. */
function stretch(q: QConvParams, taps: i32, first: i32, count: i32): void {
  const line = usize((count - 1) * q.strideW + (q.kernelW - 1) * q.dilationW + 1) << 4, size = usize(outBytes(q.stage));
  const most = min(q.lda, q.outHeight), slab = line * usize((most - 1) * q.strideH + (q.kernelH - 1) * q.dilationH + 1);
  const places = q.scratch + LIST + (usize(taps) << 3), band = (places + usize(taps) * 4 + 63) & ~63;
  tabulate(q, places, line, slab);
  let chunk = q.packed;
  for (let c = 0; c < q.n; c += 16, chunk += chunkBytes(taps)) {
    for (let i = q.scratch, end = i + (usize(load<i32>(chunk, STEPS)) << 3), from = tapsOf(chunk, taps); i < end; i += 4, from += 4)
      store<i32>(i, load<i32>(places + (usize(load<i32>(from)) << 2)), LIST);
    if (SIMD) prepare(q, chunk, c);
    const plane = usize(q.depth * q.height * q.width * q.xStride);
    let y = q.y + usize(first * q.ldc + c) * size, x = q.x + usize(c);
    for (let b = 0; b < q.batch; ++b, x += plane) {
      for (let od = 0; od < q.outDepth; ++od) {
        for (let oh = 0; oh < q.outHeight; oh += most) {
          const rows = min(most, q.outHeight - oh), inputs = (rows - 1) * q.strideH + (q.kernelH - 1) * q.dilationH + 1;
          for (let kd = 0, to = band; kd < q.kernelD; ++kd, to += slab)
            copySlab(q, x, od * q.strideD - q.padD + kd * q.dilationD, oh * q.strideH - q.padH, inputs, first * q.strideW - q.padW, line, to);
          for (let r = 0, from = band; r < rows; ++r, from += line * usize(q.strideH), y += usize(q.outWidth * q.ldc) * size) {
            if (SIMD) outputsSimd(q, chunk, taps, from, y, c, count);
            else outputsScalar(q, chunk, from, y, c, count);
          }
        }
      }
    }
  }
}

/** Bytes from a window's first tap to each of its taps. */
function tabulate(q: QConvParams, to: usize, line: usize, slab: usize): void {
  for (let d = 0, depth: usize = 0; d < q.kernelD; ++d, depth += slab) {
    for (let h = 0, row = depth; h < q.kernelH; ++h, row += line * usize(q.dilationH))
      for (let w = 0, at = row; w < q.kernelW; ++w, at += usize(q.dilationW) << 4, to += 4) store<i32>(to, i32(at));
  }
}

/** `rows` lines from row h of slice d on, each from column w on; outside the image lie zero points. */
function copySlab(q: QConvParams, x: usize, d: i32, h: i32, rows: i32, w: i32, line: usize, to: usize): void {
  const columns = i32(line >> 4), before = min(columns, max(0, -w)), inside = max(0, min(columns - before, q.width - max(0, w)));
  const stride = usize(q.xStride), zeros = q.scratch + ZEROS, middle = usize(before) << 4, after = middle + (usize(inside) << 4);
  for (const end = to + usize(rows) * line; to < end; to += line, ++h) {
    if (d < 0 || d >= q.depth || h < 0 || h >= q.height) {
      pad(zeros, to, to + line);
      continue;
    }
    pad(zeros, to, to + middle);
    copyLine(x + usize((d * q.height + h) * q.width + max(0, w)) * stride, stride, inside, to + middle, q.flip);
    pad(zeros, to + after, to + line);
  }
}

// @ts-ignore: decorator
@inline function pad(zeros: usize, to: usize, end: usize): void {
  for (; to < end; to += 16) {
    store<u64>(to, load<u64>(zeros));
    store<u64>(to, load<u64>(zeros), 8);
  }
}

/** `count` times 16 bytes, `stride` apart. */
function copyLine(from: usize, stride: usize, count: i32, to: usize, flip: i32): void {
  if (SIMD) {
    const flips = i8x16.splat(i8(flip));
    for (; count >= 4; count -= 4, from += stride << 2, to += 64) {
      v128.store(to, v128.xor(v128.load(from), flips));
      v128.store(to, v128.xor(v128.load(from + stride), flips), 16);
      v128.store(to, v128.xor(v128.load(from + (stride << 1)), flips), 32);
      v128.store(to, v128.xor(v128.load(from + stride * 3), flips), 48);
    }
    for (; count > 0; --count, from += stride, to += 16) v128.store(to, v128.xor(v128.load(from), flips));
  } else {
    const flips = u64(flip & 255) * 0x0101010101010101;
    for (; count > 0; --count, from += stride, to += 16) {
      store<u64>(to, load<u64>(from) ^ flips);
      store<u64>(to, load<u64>(from, 8) ^ flips, 8);
    }
  }
}
