import { GridSampleParams } from "../abi";

/** Weight of cubic interpolation, as PyTorch's and ONNX Runtime's grid samplers have it. */
// @ts-ignore: decorator
@inline const CUBIC: f32 = -0.75;

export function grid_sample(p: usize): void {
  const q = changetype<GridSampleParams>(p);
  const plane = q.depth * q.height * q.width;
  let grid = q.grid;
  for (let b = 0; b < q.batch; b++)
    for (let i = 0; i < q.count; i++, grid += usize(q.axes) << 2) {
      const taps = place(q, grid);
      for (let c = 0; c < q.channels; c++) {
        const row = b * q.channels + c;
        store<f32>(q.y + (usize(row * q.count + i) << 2), sum(q.x + (usize(row * plane) << 2), q.taps, taps));
      }
    }
}

/** Σ weight · x over the taps, in order. */
function sum(x: usize, tap: usize, count: i32): f32 {
  let total: f32 = 0;
  for (const end = tap + (usize(count) << 3); tap < end; tap += 8) total = total + load<f32>(tap, 4) * load<f32>(x + (usize(load<i32>(tap)) << 2));
  return total;
}

/** Writes the taps of one place, slices before rows before columns; how many. Taps outside x are left out under zero padding. */
function place(q: GridSampleParams, grid: usize): i32 {
  const x = coordinate(q, load<f32>(grid), q.width), y = coordinate(q, load<f32>(grid, 4), q.height);
  const z: f32 = q.axes == 3 ? coordinate(q, load<f32>(grid, 8), q.depth) : 0;
  const first = q.mode == 2 ? -1 : 0;
  const last = q.mode == 2 ? 2 : q.mode == 1 ? 1 : 0;
  const x0 = start(q, x), y0 = start(q, y), z0 = start(q, z);
  let n = 0;
  for (let k = 0; k <= (q.axes == 3 ? last : 0); k++)
    for (let j = first; j <= last; j++)
      for (let i = first; i <= last; i++) {
        const cx = inside(q, x0 + <f32>i, q.width), cy = inside(q, y0 + <f32>j, q.height), cz = inside(q, z0 + <f32>k, q.depth);
        if (cx < 0 || cy < 0 || cz < 0) continue;
        const w = weight(q, x - x0, i) * weight(q, y - y0, j) * (q.axes == 3 ? weight(q, z - z0, k) : 1);
        store<i32>(q.taps + (n << 3), (cz * q.height + cy) * q.width + cx);
        store<f32>(q.taps + (n << 3), w, 4);
        n++;
      }
  return n;
}

/** Position in samples of a grid value; nearest and linear pad the position, cubic pads each tap. */
function coordinate(q: GridSampleParams, v: f32, length: i32): f32 {
  const n = <f32>length;
  const at: f32 = q.alignCorners ? (v + 1) * 0.5 * (n - 1) : ((v + 1) * n - 1) * 0.5;
  return q.mode == 2 ? at : padded(q, at, length);
}

function padded(q: GridSampleParams, v: f32, length: i32): f32 {
  const low: f32 = q.alignCorners ? 0 : -0.5;
  if (q.padding == 2) v = reflect(v, low, <f32>(length - 1) - low);
  if (q.padding) v = max<f32>(0, min<f32>(v, <f32>(length - 1)));
  return v;
}

/** v mirrored at both ends until it lies between them. */
function reflect(v: f32, low: f32, high: f32): f32 {
  const span = high - low;
  if (!(span > 0)) return low;
  const distance = v < low ? low - v : v - low;
  const times = floor<f32>(distance / span);
  const rest = distance - times * span;
  return floor<f32>(times * 0.5) * 2 == times ? low + rest : high - rest;
}

// @ts-ignore: decorator
@inline
function start(q: GridSampleParams, v: f32): f32 {
  return q.mode ? floor<f32>(v) : nearest<f32>(v);
}

/** The index of a tap, or −1 where it adds nothing. A position that is no number lies outside. */
function inside(q: GridSampleParams, v: f32, length: i32): i32 {
  if (q.mode == 2) v = padded(q, v, length);
  if (v >= 0 && v <= <f32>(length - 1)) return <i32>v;
  if (!q.padding || v != v) return -1;
  return v < 0 ? 0 : length - 1;
}

/** Weight of the tap `k` samples after the first, at fraction r behind it. */
function weight(q: GridSampleParams, r: f32, k: i32): f32 {
  if (q.mode == 0) return 1;
  if (q.mode == 1) return k ? r : 1 - r;
  const t = abs<f32>(r - <f32>k);
  return t <= 1 ? ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1 : ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC;
}
