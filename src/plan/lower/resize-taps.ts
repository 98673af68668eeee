import type { ResizeAxis, Resizing } from '../../graph/infer/resize.js'

/**
 * Where Resize reads, per output position of one axis. Coordinates are formed in float32, operation by operation, as ONNX
 * Runtime forms them: in doubles a neighbour would differ where a coordinate falls between two samples.
 */
const f = Math.fround

type Coordinate = (i: number, axis: ResizeAxis) => number

/** Position in the input, in samples, of output position i. */
const COORDINATE: Readonly<Record<Resizing['coordinates'], Coordinate>> = {
  half_pixel: (i, { scale }) => f(f(f(i + 0.5) / scale) - 0.5),
  half_pixel_symmetric: (i, { scale, from, to }) => {
    const adjustment = f(to / f(scale * from))
    const offset = f((from / 2) * f(1 - adjustment))
    return f(f(offset + f(f(i + 0.5) / scale)) - 0.5)
  },
  pytorch_half_pixel: (i, { scale, to }) => (to > 1 ? f(f(f(i + 0.5) / scale) - 0.5) : 0),
  align_corners: (i, { from, length }) => (length === 1 ? 0 : f(f(i * (from - 1)) / (length - 1))),
  asymmetric: (i, { scale }) => f(i / scale),
  tf_half_pixel_for_nn: (i, { scale }) => f(f(i + 0.5) / scale),
  tf_crop_and_resize: (i, { from, to, roi: [start, end] }) =>
    to > 1 ? f(f(start * (from - 1)) + f(f(i * f(f(end - start) * (from - 1))) / (to - 1))) : f(f(0.5 * f(start + end)) * (from - 1)),
}

const NEAREST: Readonly<Record<Resizing['nearest'], (v: number) => number>> = {
  round_prefer_floor: (v) => Math.ceil(v - 0.5),
  round_prefer_ceil: (v) => Math.floor(v + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
}

const clamp = (v: number, axis: ResizeAxis): number => Math.min(Math.max(v, 0), axis.from - 1)

export const coordinatesOf = (r: Resizing, axis: ResizeAxis): number[] => Array.from({ length: axis.to }, (_, i) => COORDINATE[r.coordinates](i, axis))

/** The one sample per position that mode nearest takes. */
export const nearestOf = (r: Resizing, axis: ResizeAxis): number[] =>
  coordinatesOf(r, axis).map((v) => clamp(NEAREST[r.nearest](v), axis))

/** Near and far sample and their weights; where both are the same, as at the borders, each counts half. */
export function linearOf(r: Resizing, axis: ResizeAxis): { samples: number[]; weights: number[] } {
  const taps = coordinatesOf(r, axis).map((v) => {
    const at = clamp(v, axis)
    const near = Math.floor(at)
    const far = Math.min(near + 1, axis.from - 1)
    return { samples: [near, far], weights: near === far ? [0.5, 0.5] : [f(far - at), f(at - near)] }
  })
  return { samples: taps.flatMap((t) => t.samples), weights: taps.flatMap((t) => t.weights) }
}

/** Keys' cubic convolution with parameter a. */
const cubic = (t: number, a: number): number =>
  t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0

/**
 * Samples and weights of a separable filter, equally many per position. Samples outside count as the border's, or not at all
 * with `excludeOutside`; weights sum to 1. `stretch` widens the filter where the axis shrinks (antialias).
 */
export function filterOf(r: Resizing, axis: ResizeAxis, a: number, excludeOutside: boolean): { taps: number; samples: number[]; weights: number[] } {
  const squeeze = r.antialias ? Math.min(1, axis.scale) : 1
  const radius = (r.mode === 'cubic' ? 2 : 1) / squeeze
  const weigh = (d: number): number => (r.mode === 'cubic' ? cubic(Math.abs(d) * squeeze, a) : Math.max(0, 1 - Math.abs(d) * squeeze))
  const taps = Math.ceil(2 * radius) + 1
  const samples: number[] = []
  const weights: number[] = []
  for (const v of coordinatesOf(r, axis)) {
    const first = Math.ceil(v - radius)
    const places = Array.from({ length: taps }, (_, t) => first + t)
    const raw = places.map((s) => (excludeOutside && (s < 0 || s >= axis.from) ? 0 : weigh(v - s)))
    const total = raw.reduce((sum, w) => sum + w, 0)
    samples.push(...places.map((s) => clamp(s, axis)))
    weights.push(...raw.map((w) => w / total))
  }
  return { taps, samples, weights }
}

/** Runs [at, count) of output positions whose coordinate lies outside the input: tf_crop_and_resize fills them. */
export function outsideOf(r: Resizing, axis: ResizeAxis): { at: number; count: number }[] {
  if (r.coordinates !== 'tf_crop_and_resize') return []
  const runs: { at: number; count: number }[] = []
  coordinatesOf(r, axis).forEach((v, i) => {
    if (v >= 0 && v <= axis.from - 1) return
    const run = runs.at(-1)
    if (run && run.at + run.count === i) run.count++
    else runs.push({ at: i, count: 1 })
  })
  return runs
}
