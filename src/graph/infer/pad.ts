import type { NodeView } from '../node-view.js'
import { axesOf } from './axes.js'

export const PAD_MODES = ['constant', 'edge', 'reflect', 'wrap'] as const
export type PadMode = (typeof PAD_MODES)[number]

/** Pad, resolved: negative pads crop first, then the rest is filled. One entry per axis. */
export interface Padding {
  readonly mode: PadMode
  /** First element of the input that is kept. */
  readonly crop: readonly number[]
  /** How many of the input are kept. */
  readonly kept: readonly number[]
  /** Where the kept part begins in the output. */
  readonly begin: readonly number[]
  readonly dims: readonly number[]
}

/** @throws SHAPE_MISMATCH for pads of the wrong length, crops beyond the axis, or an empty axis to pad from; ATTRIBUTE_UNSUPPORTED, DTYPE_MISMATCH */
export function padOf(view: NodeView): Padding {
  const { dtype, dims } = view.input(0)
  const mode = view.string('mode', 'constant') as PadMode
  if (!PAD_MODES.includes(mode)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "mode" must be ${PAD_MODES.join(', ')}, got "${mode}"`)
  if (view.has(2)) {
    view.expectDType(2, dtype)
    if (view.dims(2).some((d) => d !== 1)) view.fail('SHAPE_MISMATCH', `input 2 (constant_value): expected one element, got dims [${view.dims(2)}]`)
  }
  const axes = axesOf(view, view.ints(3, 'axes', dims.map((_, i) => i)), dims.length)
  const pads = view.ints(1, 'pads')
  if (pads.length !== 2 * axes.length) view.fail('SHAPE_MISMATCH', `input 1 (pads): expected ${2 * axes.length} numbers, begins then ends, got [${pads}]`)
  const amount = (axis: number, end: boolean): number => {
    const i = axes.indexOf(axis)
    return i < 0 ? 0 : pads[end ? i + axes.length : i]!
  }
  const begin = dims.map((_, a) => amount(a, false))
  const end = dims.map((_, a) => amount(a, true))
  const kept = dims.map((d, a) => d + Math.min(0, begin[a]!) + Math.min(0, end[a]!))
  kept.forEach((k, a) => {
    if (k < 0) view.fail('SHAPE_MISMATCH', `pads ${begin[a]} and ${end[a]} crop more than axis ${a} of [${dims}] has`)
    if (k === 0 && mode !== 'constant' && (begin[a]! > 0 || end[a]! > 0)) view.fail('SHAPE_MISMATCH', `mode "${mode}" cannot pad axis ${a} of [${dims}]: nothing is left to pad from`)
  })
  return {
    mode, kept,
    crop: begin.map((b) => Math.max(0, -b)),
    begin: begin.map((b) => Math.max(0, b)),
    dims: kept.map((k, a) => k + Math.max(0, begin[a]!) + Math.max(0, end[a]!)),
  }
}
