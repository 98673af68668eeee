import type { NodeView } from '../node-view.js'
import { checkBias, convRule, sameFloat } from './conv.js'
import type { InferRule, InferTable } from './rule.js'
import { arrange, layoutOf, type Layout } from './spatial.js'

/** Rarer convolutions of float images. Sources: onnx ConvTranspose-22; ONNX Runtime's ContribOperators.md (FusedConv). */

/** Bounds of the activation that FusedConv names. @throws ATTRIBUTE_UNSUPPORTED for one that is no clamp */
export function fusedBounds(view: NodeView): { lo: number; hi: number } {
  const kind = view.string('activation', '')
  const params = view.floatList('activation_params', [])
  if (kind === '') return { lo: -Infinity, hi: Infinity }
  if (kind === 'Relu') return { lo: 0, hi: Infinity }
  if (kind === 'Clip' && params.length === 2) return { lo: params[0]!, hi: params[1]! }
  return view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "activation" must be Relu or Clip with two parameters, got "${kind}" with [${params}]`)
}

const fusedConv: InferRule = {
  infer(view) {
    fusedBounds(view)
    if (view.has(3)) view.fail('OP_UNSUPPORTED', 'input 3 (Z) is not supported. Export the model without fused residual additions')
    return convRule.infer(view)
  },
}

/** A transposed convolution's geometry: each input pixel adds to a window of the output that starts at pixel·stride − begin. */
export interface TransposeShape {
  readonly layout: Layout
  readonly groups: number
  /** input and output channels per group */
  readonly channels: number
  readonly n: number
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly begin: readonly number[]
  readonly output: readonly number[]
}

/** @throws SHAPE_MISMATCH, ATTRIBUTE_UNSUPPORTED, OP_UNSUPPORTED for more than three spatial axes */
export function transposeShape(view: NodeView, w = 1): TransposeShape {
  const weights = view.dims(w)
  const rank = weights.length - 2
  if (rank < 1 || view.dims(0).length !== weights.length) view.fail('SHAPE_MISMATCH', `inputs 0 [${view.dims(0)}] and ${w} [${weights}] must have the same rank, 3 or more`)
  if (rank > 3) view.fail('OP_UNSUPPORTED', `it has ${rank} spatial axes; at most 3 are supported`)
  const layout = layoutOf(view, view.dims(0))
  const groups = view.int('group', 1)
  const [inputs, n] = weights as [number, number]
  if (groups < 1 || inputs % groups || inputs !== layout.channels || inputs < 1) view.fail('SHAPE_MISMATCH', `weights [${weights}] in ${groups} groups do not fit ${layout.channels} input channels`)
  const kernel = view.intList('kernel_shape', weights.slice(2))
  if (kernel.length !== rank || kernel.some((k, i) => k !== weights[i + 2] || k < 1)) view.fail('SHAPE_MISMATCH', `attribute "kernel_shape" [${kernel}] does not fit weights [${weights}]`)
  return { layout, groups, channels: inputs / groups, n, kernel, ...placement(view, layout.spatial, kernel) }
}

/**
 * Strides, dilations, where windows start and how large the output is. A given `output_shape` decides the padding; so does
 * auto_pad SAME_*, whose output is input·stride. An odd pad goes to the end with SAME_UPPER, to the beginning otherwise, as in ONNX Runtime.
 */
function placement(view: NodeView, spatial: readonly number[], kernel: readonly number[]): Pick<TransposeShape, 'strides' | 'dilations' | 'begin' | 'output'> {
  const rank = spatial.length
  const list = (name: string, count: number, fallback: number): readonly number[] => {
    const values = view.intList(name, Array<number>(count).fill(fallback))
    if (values.length !== count || values.some((v) => v < fallback || v >= 2 ** 31)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "${name}" must be ${count} integers of at least ${fallback}, got [${values}]`)
    return values
  }
  const [strides, dilations] = [list('strides', rank, 1), list('dilations', rank, 1)]
  const [pads, extra] = [list('pads', 2 * rank, 0), list('output_padding', rank, 0)]
  const autoPad = view.string('auto_pad', 'NOTSET')
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(autoPad)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "auto_pad" must be NOTSET, SAME_UPPER, SAME_LOWER or VALID, got "${autoPad}"`)
  const full = spatial.map((s, i) => (s - 1) * strides[i]! + extra[i]! + (kernel[i]! - 1) * dilations[i]! + 1)
  const given = view.intList('output_shape', [])
  const wanted = given.length ? given.slice(-rank) : autoPad.startsWith('SAME') ? spatial.map((s, i) => s * strides[i]!) : undefined
  if (wanted) {
    if (wanted.length !== rank || wanted.some((w) => w < 1)) view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "output_shape" must be ${rank} positive integers, got [${given}]`)
    const total = wanted.map((w, i) => Math.max(0, full[i]! - w))
    return { strides, dilations, output: wanted, begin: total.map((t) => (autoPad === 'SAME_UPPER' ? Math.floor(t / 2) : Math.ceil(t / 2))) }
  }
  const [begin, end] = autoPad === 'VALID' ? [pads.map(() => 0), pads.map(() => 0)] : [pads, pads.slice(rank)]
  const output = full.map((f, i) => f - begin[i]! - end[i]!)
  if (output.some((o) => o < 1)) view.fail('SHAPE_MISMATCH', `attribute "pads" [${pads}] leaves an output of [${output}]`)
  return { strides, dilations, begin: begin.slice(0, rank), output }
}

const transposed: InferRule = {
  infer(view) {
    const dtype = sameFloat(view)
    const { layout, groups, n, output } = transposeShape(view)
    checkBias(view, groups * n)
    return [view.make(dtype, arrange(layout, layout.batch, groups * n, output))]
  },
}

export const convTranspose: InferTable = { ConvTranspose: transposed, 'com.microsoft:FusedConv': fusedConv }
