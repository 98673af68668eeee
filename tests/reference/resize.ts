/**
 * Resize, GridSample and AffineGrid in double precision, one output element at a time, straight from their ONNX
 * descriptions: every output sums over all taps of all axes at once, nothing is separated.
 */
import type { Tensor } from '../../src/value.js'
import { build, pick } from './build.js'

export interface ResizeCase {
  readonly mode: string
  readonly coordinates: string
  readonly nearest?: string
  readonly a?: number
  readonly excludeOutside?: boolean
  readonly antialias?: boolean
  readonly extrapolation?: number
}

export interface ReferenceAxis { readonly axis: number; readonly to: number; readonly scale: number; readonly roi?: readonly [number, number] }

const cubic = (t: number, a: number): number =>
  t < 1 ? (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1 : t < 2 ? a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a : 0

function position(c: ResizeCase, i: number, n: number, { to, scale, roi = [0, 1] }: ReferenceAxis): number {
  switch (c.coordinates) {
    case 'half_pixel': return (i + 0.5) / scale - 0.5
    case 'half_pixel_symmetric': return (n / 2) * (1 - to / (scale * n)) + (i + 0.5) / scale - 0.5
    case 'pytorch_half_pixel': return to > 1 ? (i + 0.5) / scale - 0.5 : 0
    case 'align_corners': return to === 1 ? 0 : (i * (n - 1)) / (to - 1)
    case 'asymmetric': return i / scale
    case 'tf_half_pixel_for_nn': return (i + 0.5) / scale
    case 'tf_crop_and_resize': return to > 1 ? roi[0] * (n - 1) + (i * (roi[1] - roi[0]) * (n - 1)) / (to - 1) : 0.5 * (roi[0] + roi[1]) * (n - 1)
    default: throw new Error(c.coordinates)
  }
}

function nearest(v: number, how = 'round_prefer_floor'): number {
  const below = Math.floor(v)
  if (how === 'floor') return below
  if (how === 'ceil') return Math.ceil(v)
  const fraction = v - below
  return fraction === 0.5 ? below + (how === 'round_prefer_ceil' ? 1 : 0) : fraction < 0.5 ? below : below + 1
}

/** Samples and weights that one position of one axis takes. */
function taps(c: ResizeCase, v: number, n: number, scale: number): [number, number][] {
  if (c.mode === 'nearest') return [[Math.min(Math.max(nearest(v, c.nearest), 0), n - 1), 1]]
  const squeeze = c.antialias ? Math.min(1, scale) : 1
  const weigh = (d: number): number => (c.mode === 'linear' ? Math.max(0, 1 - Math.abs(d) * squeeze) : cubic(Math.abs(d) * squeeze, c.a ?? -0.75))
  const all: [number, number][] = []
  for (let s = Math.floor(v - 3 / squeeze); s <= v + 3 / squeeze; s++) if (!(c.excludeOutside && (s < 0 || s >= n))) all.push([s, weigh(v - s)])
  const total = all.reduce((sum, [, w]) => sum + w, 0)
  return all.map(([s, w]) => [Math.min(Math.max(s, 0), n - 1), w / total])
}

/** float results; a position outside the crop of tf_crop_and_resize gives the extrapolation value. */
export function resize(x: Tensor, axes: readonly ReferenceAxis[], c: ResizeCase): Tensor {
  return build(x.dtype, x.dims.map((d, a) => axes.find((r) => r.axis === a)?.to ?? d), (index) => {
    let outside = false
    let places: [number[], number][] = [[[...index], 1]]
    for (const r of axes) {
      const n = x.dims[r.axis]!
      const v = position(c, index[r.axis]!, n, r)
      if (c.coordinates === 'tf_crop_and_resize' && (v < 0 || v > n - 1)) outside = true
      places = places.flatMap(([at, w]) => taps(c, v, n, r.scale).filter(([, weight]) => weight !== 0).map(([s, weight]): [number[], number] => [at.map((p, a) => (a === r.axis ? s : p)), w * weight]))
    }
    return outside ? c.extrapolation ?? 0 : places.reduce((sum, [at, w]) => sum + w * Number(pick(x, at)), 0)
  })
}

/** GridSample as PyTorch's grid_sample defines it, over two or three axes. */
export function gridSample(x: Tensor, grid: Tensor, mode: string, padding: string, alignCorners: boolean): Tensor {
  const spatial = x.dims.slice(2)
  const axes = spatial.length
  const unfold = (v: number, n: number): number => (alignCorners ? ((v + 1) / 2) * (n - 1) : ((v + 1) * n - 1) / 2)
  const mirror = (v: number, n: number): number => {
    const [low, high] = alignCorners ? [0, n - 1] : [-0.5, n - 0.5]
    if (high <= low) return low
    while (v < low || v > high) v = v < low ? 2 * low - v : 2 * high - v
    return v
  }
  const padded = (v: number, n: number): number => {
    if (padding === 'reflection') v = mirror(v, n)
    return padding === 'zeros' ? v : Math.min(Math.max(v, 0), n - 1)
  }
  const even = (v: number): number => (v - Math.floor(v) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v))
  const around = (v: number, n: number): [number, number][] => {
    if (mode === 'cubic') return [-1, 0, 1, 2].map((k) => [padded(Math.floor(v) + k, n), cubic(Math.abs(v - Math.floor(v) - k), -0.75)])
    const at = padded(v, n)
    return mode === 'nearest' ? [[even(at), 1]] : [[Math.floor(at), 1 - (at - Math.floor(at))], [Math.floor(at) + 1, at - Math.floor(at)]]
  }
  return build(x.dtype, [x.dims[0]!, x.dims[1]!, ...grid.dims.slice(1, -1)], ([b, c, ...place]) => {
    let places: [number[], number][] = [[[], 1]]
    for (let a = 0; a < axes; a++) {
      const n = spatial[a]!
      const v = unfold(Number(pick(grid, [b!, ...place, axes - 1 - a])), n)
      places = places.flatMap(([at, w]) => around(v, n).map(([s, weight]): [number[], number] => [[...at, s], w * weight]))
    }
    return places.reduce((sum, [at, w]) => (w !== 0 && at.every((s, a) => s >= 0 && s < spatial[a]!) ? sum + w * Number(pick(x, [b!, c!, ...at])) : sum), 0)
  })
}

export function affineGrid(theta: Tensor, size: readonly number[], alignCorners: boolean): Tensor {
  const spatial = size.slice(2)
  const axes = spatial.length
  const step = (i: number, n: number): number => (alignCorners ? (n === 1 ? 0 : -1 + (2 * i) / (n - 1)) : -1 + (2 * i + 1) / n)
  return build('float32', [size[0]!, ...spatial, axes], (index) => {
    const row = index.at(-1)!
    const place = spatial.map((n, a) => step(index[a + 1]!, n)).reverse()
    return [...place, 1].reduce((sum, v, k) => sum + v * Number(pick(theta, [index[0]!, row, k])), 0)
  })
}
