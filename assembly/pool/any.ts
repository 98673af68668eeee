import { PoolParams } from "../abi";
import { DType } from "../dtype";
import { loadF64, sizeOf, storeF64 } from "../element";
import { pow64 } from "../math/f64";
import { PoolOp } from "./ops";
import { eachWindow, taps } from "./taps";

/**
 * The pools that are rare: max of any element type with the places of the maxima (ONNX MaxPool's Indices: positions in the
 * flattened channels-first tensor, row-major, or column-major within an image), averages of float64, LpPool of any exponent.
 * Computed in float64, taps in the order depth, height, width; the first of equal maxima counts. An empty window gives
 * −inf (the smallest code of an integer type) at its image's first element.
 */
export function any_pool(p: usize): void {
  const q = changetype<PoolParams>(p);
  eachWindow(q, sizeOf(q.dtype), false, anyPixel);
}

function anyPixel(q: PoolParams, y: usize): void {
  const bytes = sizeOf(q.dtype), exponent = <f64>q.exponent;
  for (let c = 0, e = 0; c < q.channels; c++, e += bytes) {
    let s: f64 = q.op == PoolOp.MAX ? -Infinity : 0, at = taps.d * taps.h * taps.w > 0 ? taps.at + e : taps.image + e;
    for (let i = 0, a = taps.at + e; i < taps.d; i++, a += taps.stepD)
      for (let j = 0, b = a; j < taps.h; j++, b += taps.stepH)
        for (let k = 0, x = b; k < taps.w; k++, x += taps.stepW) {
          const v = loadF64(x, q.dtype);
          if (q.op == PoolOp.AVERAGE) s += v;
          else if (q.op == PoolOp.LP) s += exponent == 2 ? v * v : pow64(abs(v), exponent);
          else if (v > s) {
            s = v;
            at = x;
          }
        }
    if (s == -Infinity && q.dtype == DType.INT8) s = -128;
    if (q.op == PoolOp.AVERAGE) s /= <f64>taps.divisor;
    if (q.op == PoolOp.LP) s = exponent == 2 ? sqrt(s) : pow64(s, 1 / exponent);
    storeF64(y + e, s, q.dtype);
    if (q.indices) {
      const pixelBytes = bytes * q.channels;
      const size = q.depth * q.height * q.width;
      const place = i32(at - taps.image) / pixelBytes;
      const index = i64(taps.plane + c) * size + (q.columnMajor ? columnMajor(q, place) : place);
      store<i64>(q.indices + ((y - q.y) / bytes + c << 3), index);
    }
  }
}

/** Row-major place in [depth, height, width] → the same element's column-major place. */
function columnMajor(q: PoolParams, place: i32): i32 {
  const line = place / q.width;
  return line / q.height + q.depth * (line % q.height + q.height * (place % q.width));
}
