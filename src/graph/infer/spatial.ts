import type { NodeView } from '../node-view.js'

/**
 * Where the axes of an image-like value are. ONNX says N C D1…Dr; the layout pass rewrites operators to N D1…Dr C and marks
 * them with the attribute `channels_last`, which rules read through `layoutOf` only. Weights keep ONNX's order always.
 */
export interface Layout {
  readonly channelsLast: boolean
  readonly batch: number
  readonly channels: number
  readonly spatial: readonly number[]
}

/** The layout of dims `dims` under the node's `channels_last`. */
export function layoutOf(view: NodeView, dims: readonly number[]): Layout {
  const channelsLast = view.int('channels_last', 0) === 1
  return {
    channelsLast,
    batch: dims[0]!,
    channels: channelsLast ? dims[dims.length - 1]! : dims[1]!,
    spatial: channelsLast ? dims.slice(1, -1) : dims.slice(2),
  }
}

/** Dims in the same layout. */
export const arrange = (layout: Pick<Layout, 'channelsLast'>, batch: number, channels: number, spatial: readonly number[]): number[] =>
  layout.channelsLast ? [batch, ...spatial, channels] : [batch, channels, ...spatial]

/** Explicit padding, strides and dilations of a windowed operator, one entry per spatial axis. */
export interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly begin: readonly number[]
  readonly end: readonly number[]
  readonly output: readonly number[]
}

/**
 * The window of Conv and the pools: auto_pad resolved, output sizes computed (ONNX: floor, or ceil with `ceil_mode`, where a
 * window that would start in the end padding is dropped).
 *
 * @throws ATTRIBUTE_UNSUPPORTED for lists of the wrong length, zero strides, negative pads; SHAPE_MISMATCH when the window is larger than the padded input
 */
export function windowOf(view: NodeView, spatial: readonly number[], kernel: readonly number[]): Window {
  const rank = spatial.length
  const list = (name: string, count: number, fallback: number, least: number): readonly number[] => {
    const values = view.intList(name, Array<number>(count).fill(fallback))
    if (values.length !== count || values.some((v) => v < least || v >= 2 ** 31))
      view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "${name}" must be ${count} integers of at least ${least}, got [${values}]`)
    return values
  }
  if (kernel.length !== rank || kernel.some((k) => k < 1)) view.fail('ATTRIBUTE_UNSUPPORTED', `kernel [${kernel}] must have ${rank} sizes of at least 1`)
  const strides = list('strides', rank, 1, 1)
  const dilations = list('dilations', rank, 1, 1)
  const pads = list('pads', 2 * rank, 0, 0)
  const autoPad = view.string('auto_pad', 'NOTSET')
  const extent = kernel.map((k, i) => (k - 1) * dilations[i]! + 1)
  let begin = pads.slice(0, rank)
  let end = pads.slice(rank)
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    const total = spatial.map((s, i) => Math.max(0, (Math.ceil(s / strides[i]!) - 1) * strides[i]! + extent[i]! - s))
    const smaller = total.map((t) => Math.floor(t / 2))
    const larger = total.map((t, i) => t - smaller[i]!)
    ;[begin, end] = autoPad === 'SAME_UPPER' ? [smaller, larger] : [larger, smaller]
  } else if (autoPad === 'VALID') {
    begin = begin.map(() => 0)
    end = end.map(() => 0)
  } else if (autoPad !== 'NOTSET') view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "auto_pad" must be NOTSET, SAME_UPPER, SAME_LOWER or VALID, got "${autoPad}"`)
  const ceil = view.int('ceil_mode', 0) === 1
  const output = spatial.map((s, i) => {
    const room = s + begin[i]! + end[i]! - extent[i]!
    if (room < 0) return view.fail('SHAPE_MISMATCH', `window of ${extent[i]} does not fit axis ${i} of size ${s} padded by ${begin[i]} and ${end[i]}`)
    if (!ceil) return Math.floor(room / strides[i]!) + 1
    const count = Math.ceil(room / strides[i]!) + 1
    return (count - 1) * strides[i]! >= s + begin[i]! ? count - 1 : count
  })
  return { kernel, strides, dilations, begin, end, output }
}
