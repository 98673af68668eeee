import { convTranspose as infer } from '../../graph/infer/conv-transpose.js'
import { convTranspose as lower } from '../../plan/lower/conv-transpose.js'
import { call, Op } from '../dispatch.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { batched, perAxis, type ConvAttributes } from './conv.js'
import { ruleSet } from './rule-set.js'

type Attributes = readonly [...ConvAttributes, outputPadding: readonly number[]]

const CONV_TRANSPOSE = new Op<Attributes>('convTranspose', (r, [strides, pads, dilations, group, output_padding]) => {
  const attributes = { strides, pads, dilations, group, output_padding }
  if (!r.isLast(0)) return [r.node('ConvTranspose', [r.x(0), r.x(1), r.x(2)], attributes)]
  return [r.lastResult(r.node('ConvTranspose', [r.stored(0), r.x(1), r.x(2)], { ...attributes, channels_last: 1 }), r.shape(0).length)]
}, ruleSet(infer, lower))

export interface ConvTransposeOptions {
  readonly stride?: number | readonly number[]
  readonly padding?: number | readonly number[]
  /** Added to one side of the output. */
  readonly outputPadding?: number | readonly number[]
  readonly groups?: number
  readonly dilation?: number | readonly number[]
}

/**
 * Transposed convolution.
 *
 * @param x [N, C, D1…Dr] or one image without N
 * @param weight [C, outChannels / groups, k1…kr]
 * @throws SHAPE_MISMATCH, ATTRIBUTE_UNSUPPORTED, DTYPE_MISMATCH
 */
export function convTranspose(axes: number, x: Tensor, weight: Tensor, bias: Tensor | null | undefined, { stride = 1, padding = 0, outputPadding = 0, groups = 1, dilation = 1 }: ConvTransposeOptions): Tensor {
  const where = `convTranspose${axes}d`
  if (weight.shape.length !== axes + 2) mismatch(where, `a weight of ${axes + 2} axes`, weight.shape)
  const images = batched(x, axes, where)
  const [strides, dilations, extra] = [perAxis(stride, axes, 'stride'), perAxis(dilation, axes, 'dilation'), perAxis(outputPadding, axes, 'outputPadding')]
  const pads = perAxis(padding, axes, 'padding')
  extra.forEach((p, i) => { if (p >= strides[i]! && p >= dilations[i]!) mismatch(where, 'an output padding below stride or dilation', extra) })
  const y = call(CONV_TRANSPOSE, [images, weight, bias ?? undefined], [strides, [...pads, ...pads], dilations, groups, extra])
  return images === x ? y : y.squeeze(0)
}
