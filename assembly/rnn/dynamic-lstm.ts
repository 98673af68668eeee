/**
 * LSTM whose products are int8: inputs are quantized once for all steps and rows, states once per step for all rows, each with the uint8
 * scale and zero point of its own range (f32_range_u8).
 *
 *   x·W     f32(Σ (x̂ − zx)·ŵ) · (sx·sw)
 *   gates   (x·W + f32(Σ (ĥ − zh)·r̂) · (sh·sr)) + bias
 *
 * Sums are exact in i32, the rest is float32 operation for operation; then the cell is f32_recurrent's. Source: ONNX Runtime,
 * dynamic_quantize_lstm.cc, rnn_helpers.cc, uni_directional_lstm.cc on one thread.
 */
import { CodedMatrix, DynamicLstmParams, QuantizeParams, RangeParams } from "../abi";
import { Format, Stage } from "../gemm/qformat";
import { f32_range_u8 } from "../quantize/dynamic";
import { f32_quantize_u8 } from "../quantize/quantize";
import { add } from "../math/lane";
import { SIMD } from "../tier";
import { codedProduct } from "./coded-product";
import { beginRows, emitRow, endRows, FLOATS, lengthOf, lstmRow, timeOf, xAt } from "./recurrent";

/** Where things lie in `blocks`: the scale and zero point of what is being multiplied, then a block for each kernel. */
const SCALE: usize = 0;
const ZERO: usize = 4;
const RANGE: usize = 64;
const QUANTIZE: usize = 128;
const CONV: usize = 256;

export function q8_lstm(p: usize): void {
  const q = changetype<DynamicLstmParams>(p);
  const row = usize(q.hidden) << 2, state = usize(q.batch) * row;
  const gates = q.scratch + FLOATS, h = gates + 4 * state, c = h + state, live = c + state;
  const w = changetype<CodedMatrix>(p + offsetof<DynamicLstmParams>("wPanels")), r = changetype<CodedMatrix>(p + offsetof<DynamicLstmParams>("rPanels"));
  let longest = 0;
  for (let b = 0; b < q.batch; b++) longest = max(longest, lengthOf(q, b));
  beginRows(q, h, c);
  if (longest) {
    multiply(q, w, q.input, longest * q.batch, q.x);
    for (let i = 0; i < longest * q.batch; i++) dequantize(q, w, q.x + usize(i) * 4 * row);
  }
  for (let s = 0; s < q.steps; s++) {
    if (s < longest) {
      multiply(q, r, q.lengths ? running(q, s, h, live) : h, q.batch, gates);
      for (let b = 0; b < q.batch; b++) {
        const t = timeOf(q, s, b), gate = gates + usize(b) * 4 * row;
        if (t < 0) continue;
        accumulate(q, r, xAt(q, t, b), gate);
        lstmRow(q, gate, h + usize(b) * row, c + usize(b) * row);
      }
    }
    if (q.y) for (let b = 0; b < q.batch; b++) emitRow(q, s, b, h + usize(b) * row);
  }
  endRows(q, h, c);
}

/** States that step s quantizes: a row's last one still counts in the step after it, then zeros, which no range sees. ONNX Runtime does so when Y is asked for. */
function running(q: DynamicLstmParams, s: i32, h: usize, to: usize): usize {
  const row = usize(q.hidden) << 2;
  for (let b = 0; b < q.batch; b++) {
    const at = usize(b) * row;
    if (s > lengthOf(q, b)) memory.fill(to + at, 0, row);
    else memory.copy(to + at, h + at, row);
  }
  return to;
}

/** Quantizes `rows` rows of x and multiplies them by m: i32[rows, 4·hidden] at y, from which `correction` is still to be taken. */
function multiply(q: DynamicLstmParams, m: CodedMatrix, x: usize, rows: i32, y: usize): void {
  const scale = q.blocks + SCALE, zero = q.blocks + ZERO;
  const range = changetype<RangeParams>(q.blocks + RANGE);
  range.x = x;
  range.count = rows * m.k;
  range.scale = scale;
  range.zero = zero;
  range.codes = range.handed = 0;
  f32_range_u8(q.blocks + RANGE);
  const codes = changetype<QuantizeParams>(q.blocks + QUANTIZE);
  codes.x = x;
  codes.y = q.codes;
  codes.scale = scale;
  codes.zero = zero;
  codes.outer = codes.axis = codes.block = 1;
  codes.inner = rows * m.k;
  codes.scaleRow = codes.scaleStep = codes.varied = codes.lo = 0;
  codes.hi = 255;
  f32_quantize_u8(q.blocks + QUANTIZE);
  codedProduct(q.blocks + CONV, m, q.codes, rows, q.blocks + ZERO, q.columns, Stage.RAW, q.hidden << 2, y, q.rows);
}

/** What each column's sum of weights is counted too often: Format.I16 takes the zero point off the codes, Format.I8 does not. */
// @ts-ignore: decorator
@inline function correction(q: DynamicLstmParams, m: CodedMatrix): i32 {
  return m.format == Format.I8 ? i32(load<u8>(q.blocks, ZERO)) + m.shift : 0;
}

/** f32(sum − excess·weights) · (scale of the codes · scale of the weights) of four columns or of one. */
// @ts-ignore: decorator
@inline function real<T>(q: DynamicLstmParams, m: CodedMatrix, sum: usize, column: usize, excess: i32): T {
  const scale = m.scale + column * usize(m.scaleStep), codes = load<f32>(q.blocks, SCALE);
  if (isVector<T>()) {
    const exact = i32x4.sub(v128.load(sum), i32x4.mul(i32x4.splat(excess), v128.load(m.sums + column)));
    return changetype<T>(f32x4.mul(f32x4.convert_i32x4_s(exact), f32x4.mul(f32x4.splat(codes), m.scaleStep ? v128.load(scale) : v128.load32_splat(scale))));
  }
  return <T>(f32(load<i32>(sum) - excess * load<i32>(m.sums + column)) * (codes * load<f32>(scale)));
}

// @ts-ignore: decorator
@inline function each<T>(q: DynamicLstmParams, m: CodedMatrix, x: usize, sums: usize): void {
  const excess = correction(q, m), end = usize(q.hidden) << 4, bias = q.bias;
  for (let i: usize = 0; i < end; i += sizeof<T>()) {
    let v = real<T>(q, m, sums + i, i, excess);
    if (x) v = add<T>(load<T>(x + i), v);
    if (x && bias) v = add<T>(v, load<T>(bias + i));
    store<T>(sums + i, v);
  }
}

/** Sums of W, where they lie, to float32. */
function dequantize(q: DynamicLstmParams, w: CodedMatrix, sums: usize): void {
  if (SIMD) each<v128>(q, w, 0, sums);
  else each<f32>(q, w, 0, sums);
}

/** Sums of R, where they lie, to gates. */
function accumulate(q: DynamicLstmParams, r: CodedMatrix, x: usize, sums: usize): void {
  if (SIMD) each<v128>(q, r, x, sums);
  else each<f32>(q, r, x, sums);
}
