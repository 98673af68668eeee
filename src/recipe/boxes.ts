import { OctavoError } from '../errors.js'
import { inputOf, outputOf, reals, type Runner, type Tensors } from './runner.js'
import type { DecodeSpec } from './schema.js'

/** One thing found: corners in the decoder's unit (fractions of the picture, or pixels of the model's input). */
export interface Box {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  readonly score: number
  readonly class: number
}

/** Intersection over union of two boxes, 0 … 1; boxes without an area have none. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1)
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1)
  if (!(width > 0 && height > 0)) return 0
  return (width * height) / (area(a) + area(b) - width * height)
}

const area = (b: Box): number => Math.max(0, b.x2 - b.x1) * Math.max(0, b.y2 - b.y1)

/** Greedy non-maximum suppression within each class: the best box stays, those that overlap it by more than `limit` go. */
export function suppress(boxes: readonly Box[], limit: number): Box[] {
  const kept: Box[] = []
  for (const box of [...boxes].sort((a, b) => b.score - a.score))
    if (kept.every((k) => k.class !== box.class || iou(k, box) <= limit)) kept.push(box)
  return kept
}

/** The boxes that a model's outputs hold, after threshold and suppression, best first. */
export function decodeBoxes(spec: DecodeSpec, runner: Runner, outputs: Tensors, feeds: Tensors): Box[] {
  return suppress(spec.kind === 'yolox' ? decodeYolox(spec, runner, outputs, feeds) : decodePlain(spec, runner, outputs), spec.nms)
}

/** Scores [1, N, classes] and corners [1, N, 4], one class of interest. */
function decodePlain(spec: Extract<DecodeSpec, { kind: 'boxes' }>, runner: Runner, outputs: Tensors): Box[] {
  const read = (name: string): Decoded => {
    const output = outputOf(runner, outputs, name)
    return { dims: output.dims, values: reals(output, runner.outputs.find((o) => o.name === name)?.quantization) }
  }
  const [scores, corners] = [read(spec.scores), read(spec.boxes)]
  const classes = scores.dims.at(-1) ?? 0
  const count = corners.values.length / 4
  if (spec.class >= classes || scores.values.length !== count * classes) throw misfit(`"${spec.scores}" of [N, more than ${spec.class}] and "${spec.boxes}" of [N, 4]`, [scores.dims, corners.dims])
  return Array.from({ length: count }, (_, i) => {
    const [x1, y1, x2, y2] = corners.values.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number]
    return { x1, y1, x2, y2, score: scores.values[i * classes + spec.class]!, class: spec.class }
  }).filter((b) => b.score >= spec.threshold)
}

interface Decoded { readonly dims: readonly number[]; readonly values: Float64Array }

/**
 * Rows of [cx, cy, w, h, objectness, class…], one for each cell of each stride's grid, in that order:
 * centre = (value + column or row) · stride, side = e^value · stride, score = objectness · best class. Pixels of the input.
 *
 * Source: the decoder of YOLOX (arXiv:2107.08430), which the exported models leave to the caller.
 */
function decodeYolox({ strides, threshold }: Extract<DecodeSpec, { kind: 'yolox' }>, runner: Runner, outputs: Tensors, feeds: Tensors): Box[] {
  const output = outputOf(runner, outputs)
  const values = reals(output, runner.outputs[0]!.quantization)
  const row = output.dims.at(-1) ?? 0
  const [height, width] = feeds[inputOf(runner).name]!.dims.slice(-2) as [number, number]
  const cells = strides.flatMap((stride) => {
    const columns = Math.floor(width / stride)
    return Array.from({ length: columns * Math.floor(height / stride) }, (_, i) => ({ stride, x: i % columns, y: Math.floor(i / columns) }))
  })
  if (row < 6 || cells.length * row !== values.length) throw misfit(`an output of [1, ${cells.length}, 5 + classes]`, [output.dims])
  return cells.flatMap(({ stride, x, y }, i) => {
    const [cx, cy, w, h, objectness] = values.subarray(i * row, i * row + 5) as unknown as [number, number, number, number, number]
    if (objectness < threshold) return []
    const classes = values.subarray(i * row + 5, (i + 1) * row)
    const best = classes.reduce((b, v, k) => (v > classes[b]! ? k : b), 0)
    const score = objectness * classes[best]!
    return score < threshold ? [] : [centred((cx + x) * stride, (cy + y) * stride, Math.exp(w) * stride, Math.exp(h) * stride, score, best)]
  })
}

const centred = (cx: number, cy: number, w: number, h: number, score: number, cls: number): Box =>
  ({ x1: cx - w / 2, y1: cy - h / 2, x2: cx + w / 2, y2: cy + h / 2, score, class: cls })

const misfit = (expected: string, dims: readonly (readonly number[])[]): OctavoError =>
  new OctavoError('INPUT_MISMATCH', `The recipe's decode expects ${expected}, the model gave ${dims.map((d) => `[${d}]`).join(' and ')}. Check decode, or give the model that the recipe was written for.`, { expected, dims })
