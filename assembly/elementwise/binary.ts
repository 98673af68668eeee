/** y = f(a, b) under numpy's broadcasting: one export per element type, the function chosen by q.op once a line. */
import { BroadcastParams } from "../abi";
import { SIMD } from "../tier";
import { walk } from "./broadcast";
import { Add, And, BinaryOp, Div, Equal, FMod, Less, LessOrEqual, Max, Min, Mod, Mul, Or, PRelu, Pow, ShiftLeft, ShiftRight, Sub, Xor } from "./operations";
import { storePart } from "./part";

/** T × T → R, one at a time. */
// @ts-ignore: decorator
@inline function each<F, T, R>(q: BroadcastParams, a: usize, b: usize, y: usize, end: usize): void {
  const f = changetype<F>(0);
  const stepA = usize(q.innerA), stepB = usize(q.innerB);
  for (; y < end; a += stepA, b += stepB, y += sizeof<R>()) store<R>(y, <R>f.of<T>(load<T>(a), load<T>(b)));
}

// @ts-ignore: decorator
@inline function lineOf<F, T>(q: BroadcastParams, a: usize, b: usize, y: usize): void {
  each<F, T, T>(q, a, b, y, y + usize(q.inner) * sizeof<T>());
}

// @ts-ignore: decorator
@inline function testOf<F, T>(q: BroadcastParams, a: usize, b: usize, y: usize): void {
  each<F, T, u8>(q, a, b, y, y + usize(q.inner));
}

/** float32: four at a time for the three shapes a line can have. */
// @ts-ignore: decorator
@inline function four<F>(q: BroadcastParams, a: usize, b: usize, y: usize): void {
  const end = y + (usize(q.inner) << 2);
  if (!SIMD) return each<F, f32, f32>(q, a, b, y, end);
  const f = changetype<F>(0);
  if (!q.innerB) {
    const vb = v128.load32_splat(b);
    for (; y < end; a += 16, y += 16) if (put(y, f.of<v128>(v128.load(a), vb), end)) return;
  } else if (!q.innerA) {
    const va = v128.load32_splat(a);
    for (; y < end; b += 16, y += 16) if (put(y, f.of<v128>(va, v128.load(b)), end)) return;
  } else {
    for (; y < end; a += 16, b += 16, y += 16) if (put(y, f.of<v128>(v128.load(a), v128.load(b)), end)) return;
  }
}

/** Writes as much of v as lies before `end`; whether that was not all of it. */
// @ts-ignore: decorator
@inline function put(y: usize, v: v128, end: usize): bool {
  if (y + 16 > end) {
    storePart(y, v, end - y);
    return true;
  }
  v128.store(y, v);
  return false;
}

export function f32_binary(p: usize): void {
  const q = changetype<BroadcastParams>(p);
  walk(q, f32Line);
}

function f32Line(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  switch (q.op) {
    case BinaryOp.ADD: return four<Add>(q, a, b, y);
    case BinaryOp.SUB: return four<Sub>(q, a, b, y);
    case BinaryOp.MUL: return four<Mul>(q, a, b, y);
    case BinaryOp.DIV: return four<Div>(q, a, b, y);
    case BinaryOp.MAX: return four<Max>(q, a, b, y);
    case BinaryOp.MIN: return four<Min>(q, a, b, y);
    case BinaryOp.PRELU: return four<PRelu>(q, a, b, y);
    case BinaryOp.POW: return lineOf<Pow, f32>(q, a, b, y);
    case BinaryOp.FMOD: return lineOf<FMod, f32>(q, a, b, y);
    case BinaryOp.EQUAL: return testOf<Equal, f32>(q, a, b, y);
    case BinaryOp.LESS: return testOf<Less, f32>(q, a, b, y);
    case BinaryOp.LESS_OR_EQUAL: return testOf<LessOrEqual, f32>(q, a, b, y);
  }
}

/** All but the bitwise operations and shifts. */
export function f64_binary(p: usize): void {
  const q = changetype<BroadcastParams>(p);
  walk(q, f64Line);
}

function f64Line(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  switch (q.op) {
    case BinaryOp.ADD: return lineOf<Add, f64>(q, a, b, y);
    case BinaryOp.SUB: return lineOf<Sub, f64>(q, a, b, y);
    case BinaryOp.MUL: return lineOf<Mul, f64>(q, a, b, y);
    case BinaryOp.DIV: return lineOf<Div, f64>(q, a, b, y);
    case BinaryOp.MAX: return lineOf<Max, f64>(q, a, b, y);
    case BinaryOp.MIN: return lineOf<Min, f64>(q, a, b, y);
    case BinaryOp.PRELU: return lineOf<PRelu, f64>(q, a, b, y);
    case BinaryOp.POW: return lineOf<Pow, f64>(q, a, b, y);
    case BinaryOp.FMOD: return lineOf<FMod, f64>(q, a, b, y);
    case BinaryOp.EQUAL: return testOf<Equal, f64>(q, a, b, y);
    case BinaryOp.LESS: return testOf<Less, f64>(q, a, b, y);
    case BinaryOp.LESS_OR_EQUAL: return testOf<LessOrEqual, f64>(q, a, b, y);
  }
}

/** Every operation, in wrapping arithmetic; also what narrower integers are computed in. */
export function i32_binary(p: usize): void {
  const q = changetype<BroadcastParams>(p);
  walk(q, i32Line);
}

function i32Line(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  switch (q.op) {
    case BinaryOp.ADD: return lineOf<Add, i32>(q, a, b, y);
    case BinaryOp.SUB: return lineOf<Sub, i32>(q, a, b, y);
    case BinaryOp.MUL: return lineOf<Mul, i32>(q, a, b, y);
    case BinaryOp.DIV: return lineOf<Div, i32>(q, a, b, y);
    case BinaryOp.MAX: return lineOf<Max, i32>(q, a, b, y);
    case BinaryOp.MIN: return lineOf<Min, i32>(q, a, b, y);
    case BinaryOp.PRELU: return lineOf<PRelu, i32>(q, a, b, y);
    case BinaryOp.POW: return lineOf<Pow, i32>(q, a, b, y);
    case BinaryOp.MOD: return lineOf<Mod, i32>(q, a, b, y);
    case BinaryOp.FMOD: return lineOf<FMod, i32>(q, a, b, y);
    case BinaryOp.AND: return lineOf<And, i32>(q, a, b, y);
    case BinaryOp.OR: return lineOf<Or, i32>(q, a, b, y);
    case BinaryOp.XOR: return lineOf<Xor, i32>(q, a, b, y);
    case BinaryOp.SHIFT_LEFT: return lineOf<ShiftLeft, i32>(q, a, b, y);
    case BinaryOp.SHIFT_RIGHT: return lineOf<ShiftRight, i32>(q, a, b, y);
    case BinaryOp.EQUAL: return testOf<Equal, i32>(q, a, b, y);
    case BinaryOp.LESS: return testOf<Less, i32>(q, a, b, y);
    case BinaryOp.LESS_OR_EQUAL: return testOf<LessOrEqual, i32>(q, a, b, y);
  }
}

/** As i32_binary; also what uint32 is computed in. */
export function i64_binary(p: usize): void {
  const q = changetype<BroadcastParams>(p);
  walk(q, i64Line);
}

function i64Line(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  switch (q.op) {
    case BinaryOp.ADD: return lineOf<Add, i64>(q, a, b, y);
    case BinaryOp.SUB: return lineOf<Sub, i64>(q, a, b, y);
    case BinaryOp.MUL: return lineOf<Mul, i64>(q, a, b, y);
    case BinaryOp.DIV: return lineOf<Div, i64>(q, a, b, y);
    case BinaryOp.MAX: return lineOf<Max, i64>(q, a, b, y);
    case BinaryOp.MIN: return lineOf<Min, i64>(q, a, b, y);
    case BinaryOp.PRELU: return lineOf<PRelu, i64>(q, a, b, y);
    case BinaryOp.POW: return lineOf<Pow, i64>(q, a, b, y);
    case BinaryOp.MOD: return lineOf<Mod, i64>(q, a, b, y);
    case BinaryOp.FMOD: return lineOf<FMod, i64>(q, a, b, y);
    case BinaryOp.AND: return lineOf<And, i64>(q, a, b, y);
    case BinaryOp.OR: return lineOf<Or, i64>(q, a, b, y);
    case BinaryOp.XOR: return lineOf<Xor, i64>(q, a, b, y);
    case BinaryOp.SHIFT_LEFT: return lineOf<ShiftLeft, i64>(q, a, b, y);
    case BinaryOp.SHIFT_RIGHT: return lineOf<ShiftRight, i64>(q, a, b, y);
    case BinaryOp.EQUAL: return testOf<Equal, i64>(q, a, b, y);
    case BinaryOp.LESS: return testOf<Less, i64>(q, a, b, y);
    case BinaryOp.LESS_OR_EQUAL: return testOf<LessOrEqual, i64>(q, a, b, y);
  }
}

/** What differs from i64_binary, which serves the rest. */
export function u64_binary(p: usize): void {
  const q = changetype<BroadcastParams>(p);
  walk(q, u64Line);
}

function u64Line(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  switch (q.op) {
    case BinaryOp.DIV: return lineOf<Div, u64>(q, a, b, y);
    case BinaryOp.MAX: return lineOf<Max, u64>(q, a, b, y);
    case BinaryOp.MIN: return lineOf<Min, u64>(q, a, b, y);
    case BinaryOp.PRELU: return lineOf<PRelu, u64>(q, a, b, y);
    case BinaryOp.POW: return lineOf<Pow, u64>(q, a, b, y);
    case BinaryOp.MOD: case BinaryOp.FMOD: return lineOf<Mod, u64>(q, a, b, y);
    case BinaryOp.SHIFT_RIGHT: return lineOf<ShiftRight, u64>(q, a, b, y);
    case BinaryOp.LESS: return testOf<Less, u64>(q, a, b, y);
    case BinaryOp.LESS_OR_EQUAL: return testOf<LessOrEqual, u64>(q, a, b, y);
    default: return i64Line(q, a, b, c, y);
  }
}

/** And, Or, Xor on bytes: bool values of 0 and 1. */
export function u8_binary(p: usize): void {
  const q = changetype<BroadcastParams>(p);
  walk(q, u8Line);
}

function u8Line(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  switch (q.op) {
    case BinaryOp.AND: return lineOf<And, u8>(q, a, b, y);
    case BinaryOp.OR: return lineOf<Or, u8>(q, a, b, y);
    case BinaryOp.XOR: return lineOf<Xor, u8>(q, a, b, y);
  }
}

// @ts-ignore: decorator
@inline function select<T>(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  const end = y + usize(q.inner) * sizeof<T>();
  const stepA = usize(q.innerA), stepB = usize(q.innerB), stepC = usize(q.innerC);
  for (; y < end; a += stepA, b += stepB, c += stepC, y += sizeof<T>()) store<T>(y, load<T>(load<u8>(a) ? b : c));
}

/** y = a ? b : c, where a is bool and b, c, y have elements of q.op bytes: 1, 2, 4 or 8. */
export function x_where(p: usize): void {
  const q = changetype<BroadcastParams>(p);
  walk(q, whereLine);
}

function whereLine(q: BroadcastParams, a: usize, b: usize, c: usize, y: usize): void {
  switch (q.op) {
    case 1: return select<u8>(q, a, b, c, y);
    case 2: return select<u16>(q, a, b, c, y);
    case 4: return select<u32>(q, a, b, c, y);
    case 8: return select<u64>(q, a, b, c, y);
  }
}
