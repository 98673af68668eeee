import { PoolParams } from "../abi";

/** The elements of x under one window, clipped to the image: `d`×`h`×`w` pixels from `at`, steps in bytes. */
// @ts-ignore: decorator
@unmanaged
export class Taps {
  at: usize;
  d: i32;
  h: i32;
  w: i32;
  stepD: i32;
  stepH: i32;
  stepW: i32;
  /** what an average divides by, at least 1 */
  divisor: i32;
  /** first byte of the image in x, and of its first channel among all channel planes, for indices */
  image: usize;
  plane: i32;
  /** bytes between the windows of neighbouring outputs where WIDE of them lie side by side; 0 = one output only */
  gap: i32;
}

/** Outputs of a one-channel image that a leaf may be given at once. */
// @ts-ignore: decorator
@inline export const WIDE: i32 = 8;

// One window at a time: the block lives in static memory and is written before each call of a leaf.
const block: usize = memory.data(44);
// @ts-ignore: decorator
@inline export const taps = changetype<Taps>(block);

/** First tap of a window starting at `start` that is not before the image. */
// @ts-ignore: decorator
@inline
function first(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** One past the last tap that lies before `size`. */
// @ts-ignore: decorator
@inline
function last(start: i32, dilation: i32, kernel: i32, size: i32): i32 {
  return max(0, min(kernel, (size - start + dilation - 1) / dilation));
}

/**
 * Walks the outputs row by row and calls `leaf(q, y)` with `taps` set to each window. `elementBytes` is the size of an
 * element. Where `wide`, outputs of one channel whose windows no border clips come WIDE at once (`taps.gap`), the last ones
 * of a row overlapping those before.
 */
export function eachWindow(q: PoolParams, elementBytes: i32, wide: bool, leaf: (q: PoolParams, y: usize) => void): void {
  const pixel = q.channels * elementBytes;
  const row = pixel * q.width;
  const slab = row * q.height;
  const kernel = q.kernelDepth * q.kernelHeight * q.kernelWidth;
  const reach = (q.kernelWidth - 1) * q.dilationWidth;
  // outputs [inFrom, inTo) of a row read no padding
  const inFrom = (q.padWidth + q.strideWidth - 1) / q.strideWidth;
  const inTo = wide && q.channels == 1 && q.width > reach ? min(q.outWidth, (q.width - 1 - reach + q.padWidth) / q.strideWidth + 1) : 0;
  let y = q.y;
  taps.image = q.x;
  taps.stepD = slab * q.dilationDepth;
  taps.stepH = row * q.dilationHeight;
  taps.stepW = pixel * q.dilationWidth;
  for (let n = 0; n < q.batch; n++) {
    taps.plane = n * q.channels;
    for (let i = 0; i < q.outDepth; i++) {
      const d = i * q.strideDepth - q.padDepth, d0 = first(d, q.dilationDepth);
      taps.d = last(d, q.dilationDepth, q.kernelDepth, q.depth) - d0;
      const padD = last(d, q.dilationDepth, q.kernelDepth, q.depth + q.endDepth);
      for (let j = 0; j < q.outHeight; j++) {
        const h = j * q.strideHeight - q.padHeight, h0 = first(h, q.dilationHeight);
        taps.h = last(h, q.dilationHeight, q.kernelHeight, q.height) - h0;
        const padDH = padD * last(h, q.dilationHeight, q.kernelHeight, q.height + q.endHeight);
        const line = taps.image + slab * (d + d0 * q.dilationDepth) + row * (h + h0 * q.dilationHeight);
        for (let k = 0; k < q.outWidth; k++) {
          taps.gap = 0;
          if (k >= inFrom && k < inTo && inTo - inFrom >= WIDE) {
            k = min(k, inTo - WIDE);
            taps.gap = pixel * q.strideWidth;
          }
          const w = k * q.strideWidth - q.padWidth, w0 = first(w, q.dilationWidth);
          taps.w = last(w, q.dilationWidth, q.kernelWidth, q.width) - w0;
          taps.at = line + pixel * (w + w0 * q.dilationWidth);
          let divisor = taps.d * taps.h * taps.w;
          if (q.divisor == 1) divisor = padDH * last(w, q.dilationWidth, q.kernelWidth, q.width + q.endWidth);
          else if (q.divisor == 2) divisor = kernel;
          taps.divisor = max(1, divisor);
          leaf(q, y + k * pixel);
          if (taps.gap) k += WIDE - 1;
        }
        y += q.outWidth * pixel;
      }
    }
    taps.image += slab * q.depth;
  }
}
