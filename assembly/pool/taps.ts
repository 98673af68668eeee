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
}

// One window at a time: the block lives in static memory and is written before each call of a leaf.
const block: usize = memory.data(40);
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
 * Walks the outputs in memory order and calls `leaf(q, y)` with `taps` set to each window. `elementBytes` is the size of an
 * element; y advances by one pixel per call.
 */
export function eachWindow(q: PoolParams, elementBytes: i32, leaf: (q: PoolParams, y: usize) => void): void {
  const pixel = q.channels * elementBytes;
  const row = pixel * q.width;
  const slab = row * q.height;
  const kernel = q.kernelDepth * q.kernelHeight * q.kernelWidth;
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
        for (let k = 0; k < q.outWidth; k++, y += pixel) {
          const w = k * q.strideWidth - q.padWidth, w0 = first(w, q.dilationWidth);
          taps.w = last(w, q.dilationWidth, q.kernelWidth, q.width) - w0;
          taps.at = line + pixel * (w + w0 * q.dilationWidth);
          let divisor = taps.d * taps.h * taps.w;
          if (q.divisor == 1) divisor = padDH * last(w, q.dilationWidth, q.kernelWidth, q.width + q.endWidth);
          else if (q.divisor == 2) divisor = kernel;
          taps.divisor = max(1, divisor);
          leaf(q, y);
        }
      }
    }
    taps.image += slab * q.depth;
  }
}
