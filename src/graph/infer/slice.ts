import type { NodeView } from '../node-view.js'
import { axesOf } from './axes.js'

/** What Slice takes of one axis: elements start, start + step, … */
export interface Span {
  readonly start: number
  readonly step: number
  readonly count: number
}

const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high)

/** ONNX: negative positions count from the end, then both are clamped to where a walk in the step's direction can stand. */
function spanOf(length: number, from: number, to: number, step: number): Span {
  const absolute = (v: number): number => (v < 0 ? v + length : v)
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const start = clamp(absolute(from), step > 0 ? 0 : Math.min(0, length - 1), high)
  const end = clamp(absolute(to), low, high)
  return { start, step, count: Math.max(0, Math.ceil((end - start) / step)) }
}

/**
 * Slice's span per axis of its input, axes it does not name in full.
 *
 * @throws SHAPE_MISMATCH when starts, ends, axes and steps differ in length; ATTRIBUTE_UNSUPPORTED for a step of 0 or a repeated axis
 */
export function sliceOf(view: NodeView): Span[] {
  const dims = view.dims(0)
  const starts = view.ints(1, 'starts')
  const ends = view.ints(2, 'ends')
  const axes = axesOf(view, view.ints(3, 'axes', starts.map((_, i) => i)), dims.length)
  const steps = view.ints(4, 'steps', starts.map(() => 1))
  if ([ends, axes, steps].some((list) => list.length !== starts.length))
    view.fail('SHAPE_MISMATCH', `starts, ends, axes and steps must be equally long, got ${[starts, ends, axes, steps].map((l) => l.length).join(', ')}`)
  if (steps.includes(0)) view.fail('ATTRIBUTE_UNSUPPORTED', 'a step is 0: expected a positive or negative step')
  return dims.map((length, axis) => {
    const i = axes.indexOf(axis)
    return i < 0 ? { start: 0, step: 1, count: length } : spanOf(length, starts[i]!, ends[i]!, steps[i]!)
  })
}
