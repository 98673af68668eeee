import { elementCount } from '../../dtype.js'
import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import { axesOf } from './axes.js'
import type { InferTable } from './rule.js'

const MODES = ['nearest', 'linear', 'cubic'] as const
const COORDINATES = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'tf_half_pixel_for_nn', 'tf_crop_and_resize'] as const
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const
const POLICIES = ['stretch', 'not_larger', 'not_smaller'] as const

/** Planning holds a table row per position of a resized axis. */
const LONGEST = 2 ** 22

/** One axis that Resize changes: `from` elements become `to`. `roi` is the part that tf_crop_and_resize takes. */
export interface ResizeAxis {
  readonly axis: number
  readonly from: number
  readonly to: number
  readonly scale: number
  /** from · scale before it is cut to `to`, which is what ONNX spreads aligned corners over; ONNX Runtime takes `to`. */
  readonly length: number
  readonly roi: readonly [number, number]
}

export interface Resizing {
  readonly mode: (typeof MODES)[number]
  readonly coordinates: (typeof COORDINATES)[number]
  readonly nearest: (typeof NEAREST)[number]
  readonly antialias: boolean
  readonly axes: readonly ResizeAxis[]
  readonly dims: readonly number[]
}

function choice<T extends string>(view: NodeView, name: string, known: readonly T[]): T {
  const value = view.string(name, known[0]!) as T
  return known.includes(value) ? value : view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "${name}" must be ${known.join(', ')}, got "${value}"`)
}

/** A float input with `count` elements that decides the shape, if it is given and not empty. */
function floats(view: NodeView, i: number, what: string, count: number): number[] | undefined {
  if (!view.has(i) || elementCount(view.dims(i)) === 0) return undefined
  const values = Array.from(view.required(i, what).data as ArrayLike<number>, Number)
  return values.length === count ? values : view.fail('SHAPE_MISMATCH', `input ${i} (${what}): expected ${count} numbers, got [${values}]`)
}

/** Output length and scale of each axis in `axes`, from scales or from sizes under the aspect ratio policy. */
function targets(view: NodeView, axes: readonly number[], dims: readonly number[]): Pick<ResizeAxis, 'to' | 'scale' | 'length'>[] {
  const scales = floats(view, 2, 'scales', axes.length)
  const sizes = floats(view, 3, 'sizes', axes.length)
  if (!scales === !sizes) view.fail('SHAPE_MISMATCH', 'expected either scales or sizes')
  if (scales) {
    if (scales.some((s) => !(s > 0))) view.fail('SHAPE_MISMATCH', `input 2 (scales): expected positive numbers, got [${scales}]`)
    return scales.map((scale, i) => {
      const length = Math.fround(dims[axes[i]!]! * scale)
      return { to: Math.floor(length), scale, length }
    })
  }
  const policy = choice(view, 'keep_aspect_ratio_policy', POLICIES)
  const ratios = sizes!.map((s, i) => Math.fround(s / dims[axes[i]!]!))
  if (policy === 'stretch') return sizes!.map((to, i) => ({ to, scale: ratios[i]!, length: to }))
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios)
  return axes.map((a) => {
    const to = Math.floor(Math.fround(scale * dims[a]!) + 0.5)
    return { to, scale, length: to }
  })
}

/** @throws ATTRIBUTE_UNSUPPORTED, SHAPE_MISMATCH (scales, sizes or roi of the wrong length; an empty axis to grow), DTYPE_MISMATCH */
export function resizeOf(view: NodeView): Resizing {
  const { dims } = view.input(0)
  const mode = choice(view, 'mode', MODES)
  const coordinates = choice(view, 'coordinate_transformation_mode', COORDINATES)
  const axes = axesOf(view, view.intList('axes', dims.map((_, a) => a)), dims.length)
  const crops = coordinates === 'tf_crop_and_resize'
  const roi = crops ? floats(view, 1, 'roi', 2 * axes.length) ?? view.fail('SHAPE_MISMATCH', 'input 1 (roi) is needed by tf_crop_and_resize') : undefined
  const all = targets(view, axes, dims).map(({ to, scale, length }, i): ResizeAxis => {
    const from = dims[axes[i]!]!
    if (to > LONGEST) view.fail('SHAPE_MISMATCH', `axis ${axes[i]} would become ${to} long: at most ${LONGEST} positions can be planned`)
    if (from === 0 && to > 0) view.fail('SHAPE_MISMATCH', `axis ${axes[i]} of [${dims}] is empty and cannot become ${to} long`)
    return { axis: axes[i]!, from, to, scale, length, roi: roi ? [roi[i]!, roi[i + axes.length]!] : [0, 1] }
  })
  const antialias = view.int('antialias', 0) === 1 && mode !== 'nearest'
  const changed = all.filter(({ from, to, scale, roi: [start, end] }) => from !== to || scale !== 1 || start !== 0 || end !== 1)
  return {
    mode, coordinates, nearest: choice(view, 'nearest_mode', NEAREST), antialias,
    axes: changed.sort((a, b) => a.axis - b.axis), dims: dims.map((d, a) => all.find((r) => r.axis === a)?.to ?? d),
  }
}

/** Whether the two axes lie side by side, so that one step can interpolate both. */
export const isPair = (axes: readonly ResizeAxis[]): boolean => axes.length === 2 && axes[1]!.axis === axes[0]!.axis + 1

function resized(view: NodeView): TensorType[] {
  const { dtype } = view.input(0)
  const { mode, axes, dims, antialias } = resizeOf(view)
  if (mode !== 'nearest') {
    const bilinear = mode === 'linear' && !antialias && (axes.length < 2 || isPair(axes))
    view.expectDType(0, 'float32', 'float16', ...(bilinear ? (['uint8', 'int8'] as const) : []))
  }
  return [view.make(dtype, dims)]
}

/** GridSample over 2 or 3 spatial axes. */
function gridSampled(view: NodeView): TensorType[] {
  const dtype = view.expectDType(0, 'float32', 'float16')
  view.expectDType(1, 'float32', 'float16')
  const dims = view.expectRank(0, 4, 5)
  const grid = view.expectRank(1, dims.length)
  const axes = dims.length - 2
  if (grid[0] !== dims[0] || grid.at(-1) !== axes) view.fail('SHAPE_MISMATCH', `input 1 (grid): expected [${dims[0]}, …, ${axes}], got [${grid}]`)
  if (dims.slice(2).includes(0)) view.fail('SHAPE_MISMATCH', `input 0 has no samples: dims [${dims}]`)
  const mode = choice(view, 'mode', GRID_MODES)
  if (mode === 'cubic' && axes !== 2) view.fail('ATTRIBUTE_UNSUPPORTED', 'mode "cubic" needs two spatial axes')
  choice(view, 'padding_mode', GRID_PADDINGS)
  return [view.make(dtype, [dims[0]!, dims[1]!, ...grid.slice(1, -1)])]
}

export const GRID_MODES = ['linear', 'nearest', 'cubic'] as const
export const GRID_PADDINGS = ['zeros', 'border', 'reflection'] as const

function affineGrid(view: NodeView): TensorType[] {
  const dtype = view.expectDType(0, 'float32', 'float16')
  const size = view.ints(1, 'size')
  const axes = size.length - 2
  const theta = view.expectRank(0, 3)
  if ((axes !== 2 && axes !== 3) || theta[0] !== size[0] || theta[1] !== axes || theta[2] !== axes + 1)
    view.fail('SHAPE_MISMATCH', `theta [${theta}] and size [${size}] do not fit: expected [N, 2, 3] and N, C, H, W or [N, 3, 4] and N, C, D, H, W`)
  return [view.make(dtype, [size[0]!, ...size.slice(2), axes])]
}

export const resize: InferTable = {
  Resize: { infer: resized, shapeInputs: [1, 2, 3] },
  GridSample: { infer: gridSampled },
  AffineGrid: { infer: affineGrid, shapeInputs: [1] },
}
