import type { TensorType } from '../graph.js'
import type { NodeView } from '../node-view.js'
import { rule } from './movement.js'
import { padOf } from './pad.js'
import type { InferTable } from './rule.js'

function expanded(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const shape = view.ints(1, 'shape')
  const rank = Math.max(dims.length, shape.length)
  const at = (list: readonly number[], i: number): number => list[i - rank + list.length] ?? 1
  return [view.make(dtype, Array.from({ length: rank }, (_, i) => {
    const a = at(dims, i)
    const b = at(shape, i)
    return a === b || b === 1 ? a : a === 1 ? b : view.fail('SHAPE_MISMATCH', `cannot expand [${dims}] to [${shape}]: axis ${i} has ${a} and ${b}`)
  }))]
}

function tiled(view: NodeView): TensorType[] {
  const { dtype, dims } = view.input(0)
  const repeats = view.ints(1, 'repeats')
  if (repeats.length !== dims.length) view.fail('SHAPE_MISMATCH', `input 1 (repeats): expected ${dims.length} numbers, one per axis, got [${repeats}]`)
  return [view.make(dtype, dims.map((d, i) => d * repeats[i]!))]
}

/** Block size of DepthToSpace and SpaceToDepth. @throws ATTRIBUTE_UNSUPPORTED */
export function blockOf(view: NodeView): number {
  const block = view.int('blocksize')
  return block >= 1 && block < 2 ** 15 ? block : view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "blocksize" must be at least 1, got ${block}`)
}

function depthToSpace(view: NodeView): TensorType[] {
  const { dtype } = view.input(0)
  const dims = view.expectRank(0, 4)
  const b = blockOf(view)
  const mode = view.string('mode', 'DCR')
  if (mode !== 'DCR' && mode !== 'CRD') view.fail('ATTRIBUTE_UNSUPPORTED', `attribute "mode" must be DCR or CRD, got "${mode}"`)
  if (dims[1]! % (b * b)) view.fail('SHAPE_MISMATCH', `${dims[1]} channels are not a multiple of blocksize² = ${b * b}`)
  return [view.make(dtype, [dims[0]!, dims[1]! / (b * b), dims[2]! * b, dims[3]! * b])]
}

function spaceToDepth(view: NodeView): TensorType[] {
  const { dtype } = view.input(0)
  const dims = view.expectRank(0, 4)
  const b = blockOf(view)
  if (dims[2]! % b || dims[3]! % b) view.fail('SHAPE_MISMATCH', `spatial size ${dims[2]}×${dims[3]} is not a multiple of blocksize ${b}`)
  return [view.make(dtype, [dims[0]!, dims[1]! * b * b, dims[2]! / b, dims[3]! / b])]
}

export const rearrange: InferTable = {
  Expand: rule(expanded, [1]),
  Tile: rule(tiled, [1]),
  Pad: rule((view) => [view.make(view.input(0).dtype, padOf(view).dims)], [1, 3]),
  DepthToSpace: rule(depthToSpace),
  SpaceToDepth: rule(spaceToDepth),
}
