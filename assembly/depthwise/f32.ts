import { DepthwiseF32Params } from "../abi";
import { clamped, NR, store8, ZEROS } from "../gemm/f32-tile";
import { SIMD } from "../tier";


/** First tap of a window that starts at `start` which lies inside an axis of any size. */
// @ts-ignore: decorator
@inline function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
}

/** One past the last such tap of `kernel`. */
// @ts-ignore: decorator
@inline function endTap(start: i32, dilation: i32, kernel: i32, size: i32): i32 {
  return start >= size ? 0 : min(kernel, (size - start + dilation - 1) / dilation);
}

/**
 * y[pixel, c] = clamp(bias[c] + Σ_taps x[pixel + tap, c]·w[tap, c]), taps ascending (depth, height, width), those outside the image left out.
 * A product and a sum rounded each: the same bits in every tier. Four pixels by eight channels at a time where all taps are inside.
 */
export function f32_depthwise(p: usize): void {
  const q = changetype<DepthwiseF32Params>(p);
  const clamp = p + offsetof<DepthwiseF32Params>("lo");
  let y = q.y;
  for (let image = 0; image < q.batch; image++)
    for (let d = 0; d < q.outDepth; d++)
      for (let h = 0; h < q.outHeight; h++, y += usize(q.outWidth * q.ldc) << 2) outputRow(q, clamp, image, d * q.strideDepth - q.padDepth, h * q.strideHeight - q.padHeight, y);
}

/** One row of outputs whose windows start at depth z0 and height y0 of the image. */
function outputRow(q: DepthwiseF32Params, clamp: usize, image: i32, z0: i32, y0: i32, y: usize): void {
  const d0 = firstTap(z0, q.dilationDepth), d1 = endTap(z0, q.dilationDepth, q.kernelDepth, q.depth);
  const h0 = firstTap(y0, q.dilationHeight), h1 = max(h0, endTap(y0, q.dilationHeight, q.kernelHeight, q.height));
  const row = q.x + (usize((image * q.depth + z0) * q.height + y0) * usize(q.width * q.lda) << 2);
  const kw = q.kernelWidth, plane = q.kernelHeight * kw, ldc = usize(q.ldc) << 2;
  const extent = (kw - 1) * q.dilationWidth;
  for (let i = 0; i < q.outWidth; ) {
    const x0 = i * q.strideWidth - q.padWidth;
    const window = row + (usize(x0 * q.lda) << 2);
    let pixels = 1;
    if (x0 >= 0 && x0 + extent < q.width) {
      // every tap of a row is inside, so the taps of h0…h1 are one run in the table
      if (SIMD) {
        if (i + 4 <= q.outWidth && x0 + 3 * q.strideWidth + extent < q.width) pixels = 4;
      }
      channels(q, clamp, window, y, pixels, d0, d1, plane, h0 * kw, h0 * kw + 1, kw, (h1 - h0) * kw);
    } else {
      const w0 = firstTap(x0, q.dilationWidth), w1 = endTap(x0, q.dilationWidth, kw, q.width);
      channels(q, clamp, window, y, 1, d0, d1, plane, h0 * kw + w0, h1 * kw, kw, w1 - w0);
    }
    i += pixels;
    y += usize(pixels) * ldc;
  }
}

/** All channels of one or four pixels. Taps: for d in d0…d1, for t from d·plane + from to d·plane + to by `step`: a run of `run` taps. */
function channels(q: DepthwiseF32Params, clamp: usize, x: usize, y: usize, pixels: i32, d0: i32, d1: i32, plane: i32, from: i32, to: i32, step: i32, run: i32): void {
  if (run <= 0) d1 = d0;
  const bias = q.bias ? q.bias : ZEROS;
  const biasStep: usize = q.bias ? 32 : 0, panelBytes = usize(q.kernelDepth * plane) << 5;
  if (SIMD) {
    if (pixels == 4) four(q.offsets, clamp, x, usize(q.strideWidth * q.lda) << 2, y, usize(q.ldc) << 2, q.w, panelBytes, bias, biasStep, q.channels, d0, d1, plane, from, to, step, run);
    else one(q.offsets, clamp, x, y, q.w, panelBytes, bias, biasStep, q.channels, d0, d1, plane, from, to, step, run);
  } else oneScalar(q.offsets, clamp, x, y, q.w, panelBytes, bias, biasStep, q.channels, d0, d1, plane, from, to, step, run);
}

function four(
  offsets: usize, clamp: usize, x0: usize, right: usize, y: usize, ldc: usize, w: usize, panelBytes: usize, bias: usize, biasStep: usize, left: i32,
  d0: i32, d1: i32, plane: i32, from: i32, to: i32, step: i32, run: i32,
): void {
  let x1 = x0 + right, x2 = x1 + right, x3 = x2 + right;
  for (; left > 0; left -= NR) {
    let c00 = v128.load(bias), c01 = v128.load(bias, 16);
    let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
    for (let d = d0; d < d1; d++)
      for (let t = d * plane + from; t < d * plane + to; t += step) {
        let at = offsets + (usize(t) << 2), tap = w + (usize(t) << 5);
        const end = at + (usize(run) << 2);
        do {
          const o = usize(load<u32>(at));
          const w0 = v128.load(tap), w1 = v128.load(tap, 16);
          c00 = f32x4.add(c00, f32x4.mul(v128.load(x0 + o), w0));
          c01 = f32x4.add(c01, f32x4.mul(v128.load(x0 + o, 16), w1));
          c10 = f32x4.add(c10, f32x4.mul(v128.load(x1 + o), w0));
          c11 = f32x4.add(c11, f32x4.mul(v128.load(x1 + o, 16), w1));
          c20 = f32x4.add(c20, f32x4.mul(v128.load(x2 + o), w0));
          c21 = f32x4.add(c21, f32x4.mul(v128.load(x2 + o, 16), w1));
          c30 = f32x4.add(c30, f32x4.mul(v128.load(x3 + o), w0));
          c31 = f32x4.add(c31, f32x4.mul(v128.load(x3 + o, 16), w1));
          at += 4;
          tap += 32;
        } while (at < end);
      }
    const columns = min(left, NR);
    store8(y, c00, c01, columns, clamp);
    store8(y + ldc, c10, c11, columns, clamp);
    store8(y + 2 * ldc, c20, c21, columns, clamp);
    store8(y + 3 * ldc, c30, c31, columns, clamp);
    x0 += 32;
    x1 += 32;
    x2 += 32;
    x3 += 32;
    y += 32;
    w += panelBytes;
    bias += biasStep;
  }
}

function one(
  offsets: usize, clamp: usize, x: usize, y: usize, w: usize, panelBytes: usize, bias: usize, biasStep: usize, left: i32,
  d0: i32, d1: i32, plane: i32, from: i32, to: i32, step: i32, run: i32,
): void {
  for (; left > 0; left -= NR) {
    let c0 = v128.load(bias), c1 = v128.load(bias, 16);
    for (let d = d0; d < d1; d++)
      for (let t = d * plane + from; t < d * plane + to; t += step) {
        let at = offsets + (usize(t) << 2), tap = w + (usize(t) << 5);
        const end = at + (usize(run) << 2);
        do {
          const o = x + usize(load<u32>(at));
          c0 = f32x4.add(c0, f32x4.mul(v128.load(o), v128.load(tap)));
          c1 = f32x4.add(c1, f32x4.mul(v128.load(o, 16), v128.load(tap, 16)));
          at += 4;
          tap += 32;
        } while (at < end);
      }
    store8(y, c0, c1, min(left, NR), clamp);
    x += 32;
    y += 32;
    w += panelBytes;
    bias += biasStep;
  }
}

function oneScalar(
  offsets: usize, clamp: usize, x: usize, y: usize, w: usize, panelBytes: usize, bias: usize, biasStep: usize, left: i32,
  d0: i32, d1: i32, plane: i32, from: i32, to: i32, step: i32, run: i32,
): void {
  for (; left > 0; left -= NR, w += panelBytes, bias += biasStep)
    for (let c: usize = 0; c < usize(min(left, NR)) << 2; c += 4, x += 4, y += 4) {
      let sum = load<f32>(bias + c);
      for (let d = d0; d < d1; d++)
        for (let t = d * plane + from; t < d * plane + to; t += step)
          for (let i = t; i < t + run; i++) sum += load<f32>(x + usize(load<u32>(offsets + (usize(i) << 2)))) * load<f32>(w + c + (usize(i) << 5));
      store<f32>(y, clamped(sum, clamp));
    }
}
