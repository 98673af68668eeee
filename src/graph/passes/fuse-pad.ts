import { toInts } from '../../value.js'
import { opKey, type Node } from '../graph.js'
import type { Pass } from './pass.js'
import { rewrite, type Rewriter } from './rewrite.js'

/** Operators that pad with what stands for zero, and the input that holds its code; -1: zero itself. */
const PADDED: Readonly<Record<string, number>> = { Conv: -1, QLinearConv: 2, ConvInteger: 2 }

/** Pad of the spatial axes with zeros (of codes: with the zero point) becomes the padding of the convolution behind it. Exact. */
export const fusePad: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  const zero = PADDED[opKey(node)]
  const pad = zero === undefined ? undefined : r.producer(node.inputs[0]!, 'Pad')
  if (!pad || (node.attributes.auto_pad ?? 'NOTSET') !== 'NOTSET' || (pad.attributes.mode ?? 'constant') !== 'constant') return undefined
  const [value, expected] = [pad.inputs[2], node.inputs[zero!]].map((name) => (name ? r.scalar(name) : 0))
  const rank = r.typeOf(pad.inputs[0]!).dims.length
  const widths = spatialWidths(pad, rank, r)
  if (value === undefined || value !== expected || !widths) return undefined
  const own = (node.attributes.pads as readonly number[] | undefined) ?? widths.map(() => 0)
  return [{ ...node, inputs: [pad.inputs[0]!, ...node.inputs.slice(1)], attributes: { ...node.attributes, pads: own.map((p, i) => p + widths[i]!) } }]
})

/** Begins then ends of the spatial axes, as Conv writes pads; undefined where other axes are padded, or any is cropped. */
function spatialWidths(pad: Node, rank: number, r: Rewriter): number[] | undefined {
  const [pads, axes] = [r.constant(pad.inputs[1]), r.constant(pad.inputs[3])]
  if (!pads || (pad.inputs[3] && !axes)) return undefined
  const [widths, at] = [toInts(pads), axes ? toInts(axes) : Array.from({ length: rank }, (_, i) => i)]
  const all = new Array<number>(2 * rank).fill(0)
  at.forEach((axis, i) => {
    const from = axis < 0 ? axis + rank : axis
    all[from] = widths[i]!
    all[from + rank] = widths[i + at.length]!
  })
  if ([0, 1, rank, rank + 1].some((i) => all[i] !== 0) || all.some((w) => w < 0)) return undefined
  return [...all.slice(2, rank), ...all.slice(rank + 2)]
}
