import { ScatterF32Params } from "../abi";
import { clamped } from "../gemm/f32-tile";
import { SIMD } from "../tier";

/**
 * y[pixel, o] = clamp(bias[o] + Σ_taps x[source(pixel, tap), tap, o]), taps ascending (depth, height, width); a tap whose source is no
 * input pixel is left out. Each sum is rounded to float32: the same bits in every tier.
 */
export function f32_scatter(p: usize): void {
  const q = changetype<ScatterF32Params>(p);
  const clamp = p + offsetof<ScatterF32Params>("lo");
  const channels = usize(q.groups * q.n) << 2;
  let y = q.y;
  for (let d = 0; d < q.outDepth; d++)
    for (let h = 0; h < q.outHeight; h++)
      for (let w = 0; w < q.outWidth; w++, y += channels) {
        if (q.bias) memory.copy(y, q.bias, channels);
        else memory.fill(y, 0, channels);
        addTaps(q, d, h, w, y);
        clampAll(y, y + channels, clamp);
      }
}

/** The input coordinate that tap `tap` of output `out` reads, or −1. */
// @ts-ignore: decorator
@inline function source(out: i32, pad: i32, tap: i32, dilation: i32, stride: i32, size: i32): i32 {
  const at = out + pad - tap * dilation;
  if (at < 0 || at % stride) return -1;
  return at / stride < size ? at / stride : -1;
}

function addTaps(q: ScatterF32Params, d: i32, h: i32, w: i32, y: usize): void {
  let tap = 0;
  for (let kd = 0; kd < q.kernelDepth; kd++) {
    const z = source(d, q.padDepth, kd, q.dilationDepth, q.strideDepth, q.depth);
    for (let kh = 0; kh < q.kernelHeight; kh++) {
      const v = source(h, q.padHeight, kh, q.dilationHeight, q.strideHeight, q.height);
      for (let kw = 0; kw < q.kernelWidth; kw++, tap++) {
        const u = source(w, q.padWidth, kw, q.dilationWidth, q.strideWidth, q.width);
        if ((z | v | u) >= 0) addPixel(q, (z * q.height + v) * q.width + u, tap, y);
      }
    }
  }
}

function addPixel(q: ScatterF32Params, pixel: i32, tap: i32, y: usize): void {
  const taps = q.kernelDepth * q.kernelHeight * q.kernelWidth;
  const bytes = usize(q.n) << 2;
  let x = q.x + usize(pixel * q.groups * taps + tap) * bytes;
  for (let group = 0; group < q.groups; group++, x += usize(taps) * bytes) {
    const end = y + bytes;
    let from = x;
    if (SIMD) for (; y + 16 <= end; y += 16, from += 16) v128.store(y, f32x4.add(v128.load(y), v128.load(from)));
    for (; y < end; y += 4, from += 4) store<f32>(y, load<f32>(y) + load<f32>(from));
  }
}

function clampAll(y: usize, end: usize, clamp: usize): void {
  if (SIMD) {
    const lo = v128.load32_splat(clamp), hi = v128.load32_splat(clamp, 4);
    for (; y + 16 <= end; y += 16) v128.store(y, f32x4.pmin(f32x4.pmax(v128.load(y), lo), hi));
  }
  for (; y < end; y += 4) store<f32>(y, clamped(load<f32>(y), clamp));
}
