import { elementCount } from '../../dtype.js'
import { lastAxis } from './layout-rules.js'
import { onlyFirst, rankOf, type LayoutRule } from './layout-rules.js'

/** Pads by axis, given for all axes or for those listed. */
const pad: LayoutRule = {
  follows: onlyFirst,
  rewrite: (c) => {
    const rank = rankOf(c)
    const pads = c.ints(c.node.inputs[1])
    const axes = c.node.inputs[3] ? c.ints(c.node.inputs[3]) : Array.from({ length: rank }, (_, i) => i)
    if (!pads || !axes) return undefined
    const moved = axes.map((a) => lastAxis(a < 0 ? a + rank : a, rank))
    return { inputs: [c.last(c.node.inputs[0]!, rank), c.constant(pads), c.node.inputs[2] ? c.first(c.node.inputs[2]) : '', c.constant(moved)] }
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
      inputs: [c.last(x!, rank), '', scales ? c.first(scales) : '', ...(sizes ? [c.first(sizes)] : [])],
      attributes: { axes: axes.map((a) => lastAxis(a < 0 ? a + rank : a, rank)) },
    }
  },
}

/** Convolutions in an engine's arithmetic; those written channels-last already stay as they are. */
const engineConv: LayoutRule = {
  always: true,
  follows: onlyFirst,
  rewrite: (c) => {
    if (c.node.attributes['channels_last'] === 1) return undefined
    return { inputs: [c.last(c.node.inputs[0]!, rankOf(c)), ...c.node.inputs.slice(1).map((v) => (v ? c.first(v) : v))], attributes: { channels_last: 1 } }
  },
}

export const engineLayoutRules: Readonly<Record<string, LayoutRule>> = { 'octavo:QLinearConv': engineConv, 'octavo:QLinearConvTranspose': engineConv }

export const moreLayoutRules: Readonly<Record<string, LayoutRule>> = { Pad: pad, Resize: resize }
