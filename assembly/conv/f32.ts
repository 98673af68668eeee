/**
 * Float32 convolution as a product whose rows are windows, read where they are: a pixel's window is a base address and a
 * list of segments that all pixels share. Where the window leaves the image, a strip of padded rows, a few tens of
 * kilobytes, stands in for it; the copy costs one pass over the input, im2col would cost one per tap.
 */
import { ConvF32Params } from "../abi";
import { blockRows, NR, product } from "../gemm/f32-tile";

/**
 * y[pixel, o] = clamp(bias[o] + Σ_k window(pixel)[k]·w[o, k]), k ascending over taps (depth, height, width) and, within a tap, channels.
 * Taps outside the image are zeros that are multiplied like any other. Sums as in gemm/f32-tile.ts: the same bits in every tier.
 */
export function f32_conv(p: usize): void {
  const q = changetype<ConvF32Params>(p);
  const pixel = usize(q.strip ? q.channels : q.lda) << 2;
  const rowBytes = usize(q.strip ? q.stripWidth : q.width) * pixel;
  for (let image = 0; image < q.batch; image++)
    for (let d = 0; d < q.outDepth; d++)
      for (let h = 0; h < q.outHeight; h += q.stripRows) {
        const count = min(q.stripRows, q.outHeight - h);
        let x = q.strip;
        if (x) fillStrip(q, image, d * q.strideDepth - q.padDepth, h * q.strideHeight - q.padHeight, (count - 1) * q.strideHeight);
        else x = q.x + usize((image * q.depth + d * q.strideDepth) * q.height + h * q.strideHeight) * rowBytes;
        strip(q, p + offsetof<ConvF32Params>("lo"), x, pixel, rowBytes, ((image * q.outDepth + d) * q.outHeight + h) * q.outWidth, count * q.outWidth);
      }
}

/** Output pixels `first` … `first + pixels` − 1, whose windows start in the rows at x. */
function strip(q: ConvF32Params, clamp: usize, x: usize, pixel: usize, rowBytes: usize, first: i32, pixels: i32): void {
  const k = q.segmentCount * q.run, n = q.n;
  const panelBytes = usize(k * NR) << 2, groupBytes = panelBytes * usize((n + NR - 1) / NR);
  const segmentsEnd = q.segments + (usize(q.segmentCount) << 2);
  const ldc = usize(q.ldc) << 2, shift = usize(q.channels / q.groups) << 2;
  const block = blockRows(k);
  const right = usize(q.strideWidth) * pixel, down = usize(q.strideHeight) * rowBytes;
  let column = 0;
  for (let i = 0; i < pixels; i += block) {
    const m = min(block, pixels - i);
    for (let r = 0; r < m; r++) {
      store<u32>(q.rows + (usize(r) << 2), u32(x + usize(column) * right));
      if (++column == q.outWidth) {
        column = 0;
        x += down;
      }
    }
    let c = q.y + usize(first + i) * ldc, b = q.w, bias = q.bias;
    for (let group = 0; group < q.groups; group++) {
      product(q.rows, m, usize(group) * shift, q.segments, segmentsEnd, usize(q.run) << 2, b, panelBytes, n, bias, 0, c, ldc, clamp);
      b += groupBytes;
      c += usize(n) << 2;
      if (bias) bias += usize(n) << 2;
    }
  }
}

/** Copies the rows that output rows from (d, h) on need, zeros where they leave the image; `more`: input rows beyond the first window's. */
function fillStrip(q: ConvF32Params, image: i32, d: i32, h: i32, more: i32): void {
  const rowBytes = usize(q.stripWidth * q.channels) << 2;
  const height = q.stripHeight - (q.stripRows - 1) * q.strideHeight + more;
  for (let z = 0; z < q.stripDepth; z++) {
    let to = q.strip + usize(z * q.stripHeight) * rowBytes;
    for (let y = 0; y < height; y++, to += rowBytes) {
      const inside = u32(d + z) < u32(q.depth) && u32(h + y) < u32(q.height);
      if (inside) fillRow(q, q.x + (usize(((image * q.depth + d + z) * q.height + h + y) * q.width * q.lda) << 2), to);
      else memory.fill(to, 0, rowBytes);
    }
  }
}

function fillRow(q: ConvF32Params, x: usize, to: usize): void {
  const pixel = usize(q.channels) << 2;
  const left = min(q.padWidth, q.stripWidth);
  const middle = min(q.width, q.stripWidth - left), right = q.stripWidth - left - middle;
  memory.fill(to, 0, usize(left) * pixel);
  to += usize(left) * pixel;
  if (q.lda == q.channels) {
    memory.copy(to, x, usize(middle) * pixel);
    to += usize(middle) * pixel;
  } else
    for (let i = 0; i < middle; i++, to += pixel, x += usize(q.lda) << 2) memory.copy(to, x, pixel);
  memory.fill(to, 0, usize(right) * pixel);
}
