/**
 * Recurrent layers on int8 weights as PyTorch's torch.nn.quantized.dynamic: the state of all rows is quantized by its own range in every step and
 * multiplied as linear_dynamic of an engine does; the cell is PyTorch's, each operation rounded to float32.
 *
 *   gates   x + (R·h + bias)
 *   LSTM    c = f·c + i·g, h = o·tanh(c)
 *   GRU     n = tanh(x_n + (R·h + bias)_n·r), h = (h − n)·z + n
 *
 * Source: PyTorch, aten/src/ATen/native/RNN.cpp.
 */
import { CodedMatrix, DynamicRecurrentParams, QFoldParams, QuantizeParams, RangeParams } from "../abi";
import { UnaryOp } from "../elementwise/functions";
import { Format, Stage } from "../gemm/qformat";
import { f32_range_u8 } from "../quantize/dynamic";
import { f32_quantize_reciprocal_u8 } from "../quantize/reciprocal";
import { q_fold } from "../requantize/columns";
import { codedProduct } from "./coded-product";
import { Add, AddProduct, each, Multiply, ScaleAndAdd, Toward } from "./lanes";
import { apply, Cell } from "./recurrent";

/** Where things lie in `blocks`: the scale and zero point of the state, then a block for each kernel. */
const SCALE: usize = 0;
const ZERO: usize = 4;
const RANGE: usize = 64;
const QUANTIZE: usize = 128;
const UNARY: usize = 192;
const FOLD: usize = 256;
const CONV: usize = 384;

export function q8_recurrent(p: usize): void {
  const q = changetype<DynamicRecurrentParams>(p);
  const n = q.hidden * (q.cell == Cell.LSTM ? 4 : q.cell == Cell.GRU ? 3 : 1);
  const r = changetype<CodedMatrix>(p + offsetof<DynamicRecurrentParams>("rPanels"));
  const state = usize(q.batch * q.hidden) << 2, step = usize(q.batch * n) << 2;
  memory.copy(q.lastH, q.initialH, state);
  if (q.cell == Cell.LSTM) memory.copy(q.lastC, q.initialC, state);
  describeQuantization(q);
  describeFold(q, r, n);
  for (let s = 0; s < q.steps; s++) {
    const t = usize(q.reverse ? q.steps - 1 - s : s);
    f32_range_u8(q.blocks + RANGE);
    f32_quantize_reciprocal_u8(q.blocks + QUANTIZE);
    q_fold(q.blocks + FOLD);
    codedProduct(q.blocks + CONV, r, q.codes, q.batch, q.blocks + ZERO, q.columns, q.stage, n, q.gates, q.rows);
    advance(q, q.x + t * step, n);
    memory.copy(q.y + t * state, q.lastH, state);
  }
}

/** The state's range, and its codes. */
function describeQuantization(q: DynamicRecurrentParams): void {
  const range = changetype<RangeParams>(q.blocks + RANGE), codes = changetype<QuantizeParams>(q.blocks + QUANTIZE);
  range.x = codes.x = q.lastH;
  range.count = codes.inner = q.batch * q.hidden;
  range.scale = codes.scale = q.blocks + SCALE;
  range.zero = codes.zero = q.blocks + ZERO;
  range.codes = q.range;
  range.handed = codes.varied = q.handed;
  codes.y = q.codes;
  codes.outer = codes.axis = codes.block = 1;
  codes.scaleRow = codes.scaleStep = codes.lo = 0;
  codes.hi = 255;
}

/** What turns sums into gates, which depends on the state's scale and zero point. */
function describeFold(q: DynamicRecurrentParams, r: CodedMatrix, n: i32): void {
  const fold = changetype<QFoldParams>(q.blocks + FOLD);
  fold.sums = r.format == Format.I8 ? r.sums : 0;
  fold.bias = fold.rest = fold.yScale = fold.yZeroPoint = 0;
  fold.floatBias = q.bias;
  fold.xZeroPoint = q.blocks + ZERO;
  fold.xScale = q.blocks + SCALE;
  fold.wScale = r.scale;
  fold.columns = q.columns;
  fold.groups = 1;
  fold.n = n;
  fold.wScaleStride = r.scaleStep;
  fold.biasStride = fold.halfScales = fold.xSigned = fold.ySigned = fold.yMin = 0;
  fold.shift = r.shift;
  fold.yMax = 255;
  fold.alpha = 1;
  fold.before = q.stage == Stage.SERIAL ? 0 : 1;
  fold.early = 0;
}

/** One step of all rows, whose gates lack x. */
function advance(q: DynamicRecurrentParams, x: usize, n: i32): void {
  const row = usize(q.hidden) << 2, gates = usize(n) << 2;
  if (q.cell != Cell.GRU) each<Add>(q.gates, q.gates, x, q.batch * n);
  if (q.cell == Cell.RNN) {
    apply(q.blocks + UNARY, q.gates, q.batch * n, q.activation, 0, 0);
    memory.copy(q.lastH, q.gates, usize(q.batch) * row);
    return;
  }
  for (let b: usize = 0; b < usize(q.batch); b++) {
    if (q.cell == Cell.LSTM) lstmRow(q, q.gates + b * gates, q.lastH + b * row, q.lastC + b * row);
    else gruRow(q, q.gates + b * gates, x + b * gates, q.lastH + b * row);
  }
}

function lstmRow(q: DynamicRecurrentParams, i: usize, h: usize, c: usize): void {
  const n = q.hidden, row = usize(n) << 2, block = q.blocks + UNARY;
  const f = i + row, g = f + row, o = g + row;
  apply(block, i, 2 * n, UnaryOp.SIGMOID, 0, 0);
  apply(block, g, n, UnaryOp.TANH, 0, 0);
  apply(block, o, n, UnaryOp.SIGMOID, 0, 0);
  each<Multiply>(c, f, c, n);
  each<AddProduct>(c, i, g, n);
  memory.copy(g, c, row);
  apply(block, g, n, UnaryOp.TANH, 0, 0);
  each<Multiply>(h, o, g, n);
}

function gruRow(q: DynamicRecurrentParams, r: usize, x: usize, h: usize): void {
  const n = q.hidden, row = usize(n) << 2, block = q.blocks + UNARY;
  const z = r + row, candidate = z + row;
  each<Add>(r, r, x, 2 * n);
  apply(block, r, 2 * n, UnaryOp.SIGMOID, 0, 0);
  each<ScaleAndAdd>(candidate, x + 2 * row, r, n);
  apply(block, candidate, n, UnaryOp.TANH, 0, 0);
  each<Toward>(h, z, candidate, n);
}
