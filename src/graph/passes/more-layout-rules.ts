import { elementCount } from '../../dtype.js'
import { alongAxis, broadcast, onlyFirst, quantize, rankOf, spatial, type LayoutRule } from './layout-rules.js'

/** Pads by axis, given for all axes or for those listed. */
const pad: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => {
    const rank = rankOf(c)
    const pads = c.ints(c.node.inputs[1])
    const axes = c.node.inputs[3] ? c.ints(c.node.inputs[3]) : Array.from({ length: rank }, (_, i) => i)
    if (!pads || !axes) return undefined
    const moved = axes.map((a) => c.axis(a < 0 ? a + rank : a, rank))
    return { inputs: [c.other(c.node.inputs[0]!, rank), c.constant(pads), c.node.inputs[2] ? c.own(c.node.inputs[2]) : '', c.constant(moved)] }
  },
}

/** Resize over spatial axes: scales or sizes move with their axes. */
const resize: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => {
    const rank = rankOf(c)
    const [x, roi, scales, sizes] = c.node.inputs
    if (roi && elementCount(c.typeOf(roi).dims)) return undefined
    const axes = (c.node.attributes['axes'] as readonly number[] | undefined) ?? Array.from({ length: rank }, (_, i) => i)
    return {
      inputs: [c.other(x!, rank), '', scales ? c.own(scales) : '', ...(sizes ? [c.own(sizes)] : [])],
      attributes: { axes: axes.map((a) => c.axis(a < 0 ? a + rank : a, rank)) },
    }
  },
}

/** What PyTorch's engines compute on codes. */
export const engineLayoutRules: Readonly<Record<string, LayoutRule>> = {
  'octavo:QLinearConv': spatial(true), 'octavo:QLinearConvTranspose': spatial(true), 'octavo:QuantizeLinear': quantize,
  'octavo:TableBinary': broadcast((i) => i < 2), 'octavo:ChannelLookup': alongAxis(1, (i) => i === 0),
}

export const moreLayoutRules: Readonly<Record<string, LayoutRule>> = { Pad: pad, Resize: resize }
