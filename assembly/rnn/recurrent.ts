import { RecurrentF32Params, UnaryParams } from "../abi";
import { f32_unary } from "../elementwise/unary";
import { UnaryOp } from "../elementwise/functions";
import { MAX_ROWS, NR, product } from "../gemm/f32-tile";
import { AddProduct, Blend, each, Multiply, ScaleAndAdd } from "./lanes";

export const enum Cell { RNN, GRU, LSTM }

/** Where things lie in scratch: row addresses, a block for f32_unary, then gates, h, c and one more vector per row. */
const BLOCK: usize = 1024;
export const FLOATS: usize = 1088;

const WHOLE = memory.data<u32>([0]);
const NO_CLAMP = memory.data<f32>([-Infinity, Infinity]);

/**
 * One direction of a recurrent layer. Per step and for all rows at once: gates = x + h·R (sums as in gemm/f32-tile.ts, started at x),
 * then the cell's own arithmetic row by row, each operation rounded to float32. Rows shorter than `steps` keep their state and get zeros in y.
 */
export function f32_recurrent(p: usize): void {
  const q = changetype<RecurrentF32Params>(p);
  const row = usize(q.hidden) << 2, state = usize(q.batch) * row;
  const gates = q.scratch + FLOATS, h = gates + state * gateCount(q), c = h + state;
  beginRows(q, h, c);
  for (let s = 0; s < q.steps; s++) {
    for (let b = 0; b < q.batch; b++) startGates(q, s, b, gates + usize(b) * row * gateCount(q));
    const all = q.cell != Cell.GRU || q.linearBeforeReset;
    multiply(q, h, q.r, all ? gateCount(q) * q.hidden : 2 * q.hidden, gates);
    if (q.cell == Cell.GRU) gruStep(q, s, gates, h);
    else for (let b = 0; b < q.batch; b++) if (timeOf(q, s, b) >= 0) (q.cell == Cell.LSTM) ? lstmRow(q, gates + usize(b) * row * 4, h + usize(b) * row, c + usize(b) * row) : rnnRow(q, gates + usize(b) * row, h + usize(b) * row);
    if (q.y) for (let b = 0; b < q.batch; b++) emitRow(q, s, b, h + usize(b) * row);
  }
  endRows(q, h, c);
}

/** Every row's state before its first step. */
export function beginRows(q: RecurrentF32Params, h: usize, c: usize): void {
  const row = usize(q.hidden) << 2;
  for (let b = 0; b < q.batch; b++) {
    begin(h + usize(b) * row, q.initialH, b, q);
    begin(c + usize(b) * row, q.initialC, b, q);
  }
}

/** Every row's state after its last step, to where it is asked for. */
export function endRows(q: RecurrentF32Params, h: usize, c: usize): void {
  const row = usize(q.hidden) << 2;
  for (let b = 0; b < q.batch; b++) {
    const to = usize(b * q.lastRow) << 2;
    if (q.lastH) memory.copy(q.lastH + to, h + usize(b) * row, row);
    if (q.lastC) memory.copy(q.lastC + to, c + usize(b) * row, row);
  }
}

// @ts-ignore: decorator
@inline function gateCount(q: RecurrentF32Params): i32 {
  return q.cell == Cell.LSTM ? 4 : q.cell == Cell.GRU ? 3 : 1;
}

/** Steps of row b. */
export function lengthOf(q: RecurrentF32Params, b: i32): i32 {
  return q.lengths ? max(0, min(q.steps, load<i32>(q.lengths + (usize(b) << 2)))) : q.steps;
}

/** The moment that row b reads in step s, or −1 when it has none left. */
export function timeOf(q: RecurrentF32Params, s: i32, b: i32): i32 {
  const length = lengthOf(q, b);
  return s >= length ? -1 : q.reverse ? length - 1 - s : s;
}

function begin(state: usize, initial: usize, b: i32, q: RecurrentF32Params): void {
  const row = usize(q.hidden) << 2;
  if (initial) memory.copy(state, initial + (usize(b * q.initialRow) << 2), row);
  else memory.fill(state, 0, row);
}

/** Copies what the gates' sums start from: x, and for GRU's h with linearBeforeReset the recurrent bias alone. */
function startGates(q: RecurrentF32Params, s: i32, b: i32, gates: usize): void {
  const row = usize(q.hidden) << 2;
  const t = max(0, timeOf(q, s, b));
  const late = q.cell == Cell.GRU && q.linearBeforeReset;
  memory.copy(gates, xAt(q, t, b), row * (late ? 2 : gateCount(q)));
  if (!late) return;
  if (q.bias) memory.copy(gates + 2 * row, q.bias, row);
  else memory.fill(gates + 2 * row, 0, row);
}

// @ts-ignore: decorator
@inline export function xAt(q: RecurrentF32Params, t: i32, b: i32): usize {
  return q.x + (usize(t * q.xStep + b * q.xRow) << 2);
}

/** out += rows·R for all rows, `out` rows being whole sets of gates. */
function multiply(q: RecurrentF32Params, rows: usize, r: usize, n: i32, out: usize): void {
  const row = usize(q.hidden) << 2, ldc = row * gateCount(q);
  for (let b = 0; b < q.batch; b += MAX_ROWS) {
    const m = min(MAX_ROWS, q.batch - b);
    for (let i = 0; i < m; i++) store<u32>(q.scratch + (usize(i) << 2), u32(rows + usize(b + i) * row));
    const c = out + usize(b) * ldc;
    product(q.scratch, m, 0, WHOLE, WHOLE + 4, row, r, row * NR, n, c, ldc, c, ldc, NO_CLAMP);
  }
}

/** Clips `count` gates, then applies an activation in place. */
function activate(q: RecurrentF32Params, x: usize, count: i32, op: i32, alpha: f32, beta: f32): void {
  if (q.clip < Infinity) apply(q.scratch + BLOCK, x, count, UnaryOp.CLIP, -q.clip, q.clip);
  apply(q.scratch + BLOCK, x, count, op, alpha, beta);
}

/** An activation in place; `block` is where its parameters go. */
export function apply(block: usize, x: usize, count: i32, op: i32, alpha: f32, beta: f32): void {
  const u = changetype<UnaryParams>(block);
  u.x = x;
  u.y = x;
  u.count = count;
  u.op = op;
  u.alpha = alpha;
  u.beta = beta;
  f32_unary(block);
}

/** h = f(gate). */
function rnnRow(q: RecurrentF32Params, gate: usize, h: usize): void {
  activate(q, gate, q.hidden, q.f, q.fAlpha, q.fBeta);
  memory.copy(h, gate, usize(q.hidden) << 2);
}

/** c = f·c + i·g(c̃); h = o·h(c), where peepholes add P·c to i and f before, to o after c has changed. */
export function lstmRow(q: RecurrentF32Params, i: usize, h: usize, c: usize): void {
  const n = q.hidden, row = usize(n) << 2;
  const o = i + row, f = o + row, g = f + row, p = q.peepholes;
  if (p) {
    each<AddProduct>(i, p, c, n);
    each<AddProduct>(f, p + 2 * row, c, n);
    activate(q, i, n, q.f, q.fAlpha, q.fBeta);
    activate(q, f, n, q.f, q.fAlpha, q.fBeta);
  } else activate(q, i, 3 * n, q.f, q.fAlpha, q.fBeta);
  activate(q, g, n, q.g, q.gAlpha, q.gBeta);
  each<Multiply>(c, f, c, n);
  each<AddProduct>(c, i, g, n);
  if (p) {
    each<AddProduct>(o, p + row, c, n);
    activate(q, o, n, q.f, q.fAlpha, q.fBeta);
  }
  memory.copy(g, c, row);
  apply(q.scratch + BLOCK, g, n, q.h, q.hAlpha, q.hBeta);
  each<Multiply>(h, o, g, n);
}

/** h = (1 − z)·h̃ + z·h with h̃ = g(x + (r·h)·R), or g(x + r·(h·R + bias)) with linearBeforeReset. */
function gruStep(q: RecurrentF32Params, s: i32, gates: usize, h: usize): void {
  const n = q.hidden, row = usize(n) << 2, reset = h + 2 * usize(q.batch) * row;
  for (let b = 0; b < q.batch; b++) {
    const z = gates + usize(b) * row * 3, r = z + row;
    activate(q, z, 2 * n, q.f, q.fAlpha, q.fBeta);
    if (q.linearBeforeReset) each<ScaleAndAdd>(r + row, xAt(q, max(0, timeOf(q, s, b)), b) + 2 * row, r, n);
    else each<Multiply>(reset + usize(b) * row, r, h + usize(b) * row, n);
  }
  if (!q.linearBeforeReset) multiply(q, reset, q.r + row * NR * usize((2 * n + NR - 1) / NR), n, gates + 2 * row);
  for (let b = 0; b < q.batch; b++) {
    if (timeOf(q, s, b) < 0) continue;
    const z = gates + usize(b) * row * 3, candidate = z + 2 * row;
    activate(q, candidate, n, q.g, q.gAlpha, q.gBeta);
    each<Blend>(h + usize(b) * row, z, candidate, n);
  }
}

/** Row b's h into y at its own moment; zeros at moment s once the row has ended. */
export function emitRow(q: RecurrentF32Params, s: i32, b: i32, h: usize): void {
  const t = timeOf(q, s, b);
  const y = q.y + (usize((t < 0 ? s : t) * q.yStep + b * q.yRow) << 2);
  if (t < 0) memory.fill(y, 0, usize(q.hidden) << 2);
  else memory.copy(y, h, usize(q.hidden) << 2);
}
