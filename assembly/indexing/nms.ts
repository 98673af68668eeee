import { NmsParams } from "../abi";
import { DType } from "../dtype";
import { keyOf, offer, sortHeap } from "./heap";

export function non_max_suppression(p: usize): void {
  const q = changetype<NmsParams>(p);
  let y = q.y;
  for (let b = 0; b < q.batches; b++)
    for (let c = 0; c < q.classes; c++) y = select(q, b, c, y);
  store<i32>(q.count, <i32>((y - q.y) / 24));
  memory.fill(y, 0, q.y + usize(q.batches * q.classes * q.perClass) * 24 - y);
}

/** Writes the chosen boxes of one batch and class at y; where the next row goes. */
function select(q: NmsParams, batch: i32, label: i32, y: usize): usize {
  const scores = q.scores + ((batch * q.classes + label) * q.boxCount << 2);
  const boxes = q.boxes + (batch * q.boxCount << 4);
  const iou: f32 = q.iouThreshold ? load<f32>(q.iouThreshold) : 0;
  let n = 0;
  for (let i = 0; i < q.boxCount; i++) {
    const score = scores + (i << 2);
    if (q.scoreThreshold && !(load<f32>(score) > load<f32>(q.scoreThreshold))) continue;
    n = offer(q.keys, q.order, n, q.boxCount, keyOf(score, DType.FLOAT32), i);
  }
  sortHeap(q.keys, q.order, n);
  const first = y;
  const full = y + usize(q.perClass) * 24;
  for (let k = 0; k < n && y < full; k++) {
    const i = load<i32>(q.order + (k << 2));
    if (suppressed(boxes, i, first, y, q.center, iou)) continue;
    store<i64>(y, batch);
    store<i64>(y, label, 8);
    store<i64>(y, i, 16);
    y += 24;
  }
  return y;
}

/** Whether box i overlaps one of the rows first … end too much. */
function suppressed(boxes: usize, i: i32, first: usize, end: usize, center: i32, iou: f32): bool {
  for (; first < end; first += 24) if (overlap(boxes + (i << 4), boxes + (load<i32>(first, 16) << 4), center) > iou) return true;
  return false;
}

/** Intersection over union of two boxes; 0 when either has no area. */
function overlap(a: usize, b: usize, center: i32): f32 {
  const height = shared(a, b, center, 0), width = shared(a, b, center, 4);
  if (!(height > 0 && width > 0)) return 0;
  const both = height * width;
  const all = area(a, center) + area(b, center) - both;
  return all > 0 ? both / all : 0;
}

function area(p: usize, center: i32): f32 {
  return (high(p, center, 0) - low(p, center, 0)) * (high(p, center, 4) - low(p, center, 4));
}

/** Length that two boxes share along the axis of this field offset. */
function shared(a: usize, b: usize, center: i32, axis: usize): f32 {
  return min(high(a, center, axis), high(b, center, axis)) - max(low(a, center, axis), low(b, center, axis));
}

function low(p: usize, center: i32, axis: usize): f32 {
  const u = load<f32>(p + axis), v = load<f32>(p + axis, 8);
  return center ? u - v * 0.5 : min(u, v);
}

function high(p: usize, center: i32, axis: usize): f32 {
  const u = load<f32>(p + axis), v = load<f32>(p + axis, 8);
  return center ? u + v * 0.5 : max(u, v);
}
