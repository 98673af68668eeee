import { QPackParams } from "../abi";
import { Format, panelBytes, stepsOf } from "./qformat";

/** Weights [groups][n][taps × channels] in any strides → panels and column sums. Source: gemm/qformat.ts. */
export function q_pack(p: usize): void {
  const q = changetype<QPackParams>(p);
  const bytes = usize(panelBytes(stepsOf(q.taps * q.tapSpan, q.format), q.format, q.extras));
  let panel = q.packed, sums = q.sums;
  for (let g = 0; g < q.groups; ++g) {
    for (let j = 0; j < q.n; j += 8, panel += bytes, sums += 32) {
      memory.fill(panel, 0, bytes);
      memory.fill(sums, 0, 32);
      for (let i = 0, count = min(8, q.n - j); i < count; ++i) packColumn(q, panel, i, g * q.n + j + i, sums + (usize(i) << 2));
      if (q.format == Format.I8) bound(panel, stepsOf(q.taps * q.tapSpan, Format.I8), q.extras);
    }
  }
}

/** Column `filter` becomes column `i` of its panel. */
function packColumn(q: QPackParams, panel: usize, i: i32, filter: i32, sum: usize): void {
  const signed = q.wSigned != 0, narrow = q.format == Format.I8;
  let zero = 0;
  if (q.wZeroPoint) {
    const at = q.wZeroPoint + usize(filter * q.zeroPointStride);
    zero = signed ? i32(load<i8>(at)) : i32(load<u8>(at));
  }
  const column = q.w + usize(filter * q.strideN);
  let total = 0;
  for (let t = 0; t < q.taps; ++t) {
    let w = column + usize(t * q.strideTap), k = t * q.tapSpan;
    for (let c = 0; c < q.channels; ++c, ++k, w += usize(q.strideC)) {
      const value = (signed ? i32(load<i8>(w)) : i32(load<u8>(w))) - zero;
      total += value;
      if (narrow) store<i8>(panel + usize(((k >> 2) << 5) + (i << 2) + (k & 3)), i8(value));
      else store<i16>(panel + usize(((k >> 1) << 5) + (i << 2) + ((k & 1) << 1)), i16(value));
    }
  }
  store<i32>(sum, total);
}

// @ts-ignore: decorator
@inline function pairFits(at: usize): bool {
  const a = i32(load<i8>(at)), b = i32(load<i8>(at, 1));
  return max(a, 0) + max(b, 0) <= 128 && min(a, 0) + min(b, 0) >= -128;
}

function stepFits(at: usize): bool {
  for (let i: usize = 0; i < 32; i += 2) if (!pairFits(at + i)) return false;
  return true;
}

/** Moves half of every pair that is too large into extra entries, or gives that up (count −1). */
function bound(panel: usize, steps: i32, room: i32): void {
  const header = panel + (usize(steps) << 5);
  let extras = 0;
  for (let s = 0; s < steps; ++s) extras += i32(!stepFits(panel + (usize(s) << 5)));
  if (extras > room) {
    store<i32>(header, -1);
    return;
  }
  store<i32>(header, extras);
  let entry = header + 32;
  for (let s = 0; s < steps; ++s) {
    const at = panel + (usize(s) << 5);
    if (stepFits(at)) continue;
    for (let i: usize = 0; i < 32; i += 2) {
      if (pairFits(at + i)) continue;
      halve(at + i, entry + i);
      halve(at + i + 1, entry + i + 1);
    }
    store<i32>(entry, s << 2, 32);
    entry += 64;
  }
}

// @ts-ignore: decorator
@inline function halve(at: usize, rest: usize): void {
  const w = i32(load<i8>(at));
  store<i8>(at, i8(w >> 1));
  store<i8>(rest, i8(w - (w >> 1)));
}
