import { QDepthwisePackParams } from "../abi";
import { Format } from "../gemm/qformat";
import { CHUNK, chunkBytes, segmentsOf, SEGMENTS, STEPS, tapsOf, WORK } from "./qformat";

/** Largest Σ|w| of a segment: 255 · 257 = 65535. */
const MOST = 257;

/** Weights [n][taps] → chunks of 16 channels and the sum of each channel's weights. Source: depthwise/qformat.ts. */
export function q_depthwise_pack(p: usize): void {
  const q = changetype<QDepthwisePackParams>(p);
  const bytes = chunkBytes(q.taps);
  memory.fill(q.sums, 0, usize((q.n + 7) & ~7) << 2);
  let chunk = q.packed;
  for (let c = 0; c < q.n; c += 16, chunk += bytes) {
    memory.fill(chunk, 0, bytes);
    packChunk(q, chunk, c);
  }
}

/** Weight of channel `c` less its zero point; 0 past the last channel. */
function weight(q: QDepthwisePackParams, c: i32, tap: i32): i32 {
  if (c >= q.n) return 0;
  const w = q.w + usize(c * q.taps + tap), zero = q.wZeroPoint + usize(c * q.zeroPointStride);
  if (q.wSigned) return i32(load<i8>(w)) - (q.wZeroPoint ? i32(load<i8>(zero)) : 0);
  return i32(load<u8>(w)) - (q.wZeroPoint ? i32(load<u8>(zero)) : 0);
}

/** Whether taps `tap` and `tap + 1` of all sixteen channels may share a step. */
function pairFits(q: QDepthwisePackParams, c: i32, tap: i32): bool {
  for (let i = 0; i < 16; ++i) {
    const a = weight(q, c + i, tap), b = weight(q, c + i, tap + 1);
    if (max(a, 0) + max(b, 0) > 128 || min(a, 0) + min(b, 0) < -128) return false;
  }
  return true;
}

function packChunk(q: QDepthwisePackParams, chunk: usize, c: i32): void {
  const list = tapsOf(chunk, q.taps);
  let segment = segmentsOf(chunk, q.taps), steps = 0;
  for (let tap = 0; tap < q.taps; ++steps) {
    const pair = q.format == Format.I8 && tap + 1 < q.taps && pairFits(q, c, tap), second = tap + i32(pair);
    if (load<i32>(segment, 32) && !stepFits(q, chunk, c, tap, second)) {
      closeSegment(chunk, segment);
      segment += 48;
    }
    for (let i = 0; i < 16; ++i) packStep(q, chunk, c, i, steps, tap, second);
    store<i32>(list + (usize(steps) << 3), tap);
    store<i32>(list + (usize(steps) << 3), second, 4);
    store<i32>(segment, load<i32>(segment, 32) + 8, 32);
    tap = second + 1;
  }
  closeSegment(chunk, segment);
  store<i32>(chunk, steps, STEPS);
}

/** Whether the open segment's Σ|w| have room for taps `first` and `second` (which may be the same). */
function stepFits(q: QDepthwisePackParams, chunk: usize, c: i32, first: i32, second: i32): bool {
  for (let i = 0; i < 16; ++i) {
    let total = load<i32>(chunk + (usize(i) << 2), WORK);
    for (let tap = first; tap <= second; ++tap) total += abs(weight(q, c + i, tap));
    if (total > MOST) return false;
  }
  return true;
}

/** Channel c + i of a step, and what it adds to the channel's sums. */
function packStep(q: QDepthwisePackParams, chunk: usize, c: i32, i: i32, step: i32, first: i32, second: i32): void {
  const size = chunk + (usize(i) << 2), at = chunk + (usize(step) << 5) + (usize(i) << 1);
  for (let tap = first; tap <= second; ++tap) {
    const w = weight(q, c + i, tap);
    if (q.format == Format.I8) store<i8>(at + usize(tap - first), i8(w), CHUNK);
    else store<i16>(at, i16(w), CHUNK);
    store<i32>(size, load<i32>(size, WORK) + abs(w), WORK);
    const least = q.xSigned ? min(-128 * w, 127 * w) : min(255 * w, 0);
    store<i32>(size, load<i32>(size, WORK + 64) + least, WORK + 64);
    if (c + i < q.n) store<i32>(q.sums + (usize(c + i) << 2), load<i32>(q.sums + (usize(c + i) << 2)) + w);
  }
}

/** Where the open segment starts counting; the next one starts anew. */
function closeSegment(chunk: usize, segment: usize): void {
  for (let i: usize = 0; i < 16; ++i) {
    const at = chunk + (i << 2), lowered = load<i32>(at, WORK + 64) + 32768;
    store<i16>(segment + (i << 1), i16(-lowered));
    store<i32>(at, load<i32>(at) + lowered);
  }
  memory.fill(chunk + WORK, 0, 128);
  store<i32>(chunk, load<i32>(chunk, SEGMENTS) + 1, SEGMENTS);
}
