import type { Node } from '../../graph/graph.js'
import { Tensor } from '../../value.js'
import { int64, integers, like, moved, step, trimmed, unsupported, without, type Upgrade, type Upgrades } from './upgrade.js'

const pad: Upgrade = (node, add) => {
  const nodes: Node[] = []
  const x = node.inputs[0] ?? ''
  const { value = 0 } = node.attributes
  const filler = typeof value === 'number' && value !== 0 ? like(value, x, 'value', add, nodes) : ''
  return [...nodes, { ...node, inputs: trimmed([x, add.constant('pads', int64(integers(node, 'pads'))), filler]), attributes: without(node.attributes, 'pads', 'value') }]
}

/** Softmax over everything from `axis` (default 1) on, as if the input were a matrix. */
const flattened: Upgrade = (node, add) => {
  const { axis = 1 } = node.attributes
  if (axis === -1) return node
  const [x = ''] = node.inputs
  const shape = step(add, 'Shape', [x])
  const flat = step(add, 'Flatten', [x], { axis })
  const rows = step(add, node.op, flat.outputs, { axis: 1 })
  return [shape, flat, rows, { ...node, op: 'Reshape', inputs: [...rows.outputs, ...shape.outputs], attributes: { allowzero: 1 } }]
}

const ASYMMETRIC = { coordinate_transformation_mode: 'asymmetric' }

/** Scales were at least 1. */
const upsample: Upgrade = (node, add) => {
  const given = node.attributes['scales']
  const scales = Array.isArray(given) ? add.constant('scales', new Tensor('float32', given as number[])) : node.inputs[1] ?? ''
  return { ...node, op: 'Resize', inputs: [node.inputs[0] ?? '', '', scales], attributes: { mode: node.attributes['mode'] ?? 'nearest', ...ASYMMETRIC, nearest_mode: 'floor' } }
}

/**
 * Resize-10 knew no nearest_mode: it took the ceiling on axes that shrink, the floor on those that grow. Scales that are
 * not known here shrink first and grow then, each on its own axes. See ONNX 1.5's test_resize_downsample_nearest.
 */
const resize10: Upgrade = (node, add) => {
  const [x = '', scales = ''] = node.inputs
  const { mode = 'nearest' } = node.attributes
  const resized = (from: string, by: string, nearest_mode: string): Pick<Node, 'inputs' | 'attributes'> => ({ inputs: [from, '', by], attributes: { mode, ...ASYMMETRIC, nearest_mode } })
  const known = add.constantOf(scales)?.data as Float32Array | undefined
  if (mode !== 'nearest' || known?.every((s) => s >= 1)) return { ...node, ...resized(x, scales, 'floor') }
  if (known?.every((s) => s <= 1)) return { ...node, ...resized(x, scales, 'ceil') }
  const one = add.constant('one', new Tensor('float32', [1], []))
  const shrink = step(add, 'Min', [scales, one])
  const grow = step(add, 'Max', [scales, one])
  const small = { ...step(add, 'Resize', []), ...resized(x, shrink.outputs[0] ?? '', 'ceil') }
  return [shrink, grow, small, { ...node, ...resized(small.outputs[0] ?? '', grow.outputs[0], 'floor') }]
}

/** Until opset 12 empty tensors stood for a region and scales that are not given. */
const resize: Upgrade = (node, add, version) =>
  version < 11 ? resize10(node, add, version) : { ...node, inputs: node.inputs.map((name, i) => (i && add.constantOf(name)?.size === 0 ? '' : name)) }

/** Until opset 13 more than one output asked for training; nobody reads them in inference. */
const batchNorm: Upgrade = (node) => {
  if (node.attributes['spatial'] === 0) unsupported(node, 'attribute "spatial" = 0 (one mean for each position) is not supported')
  return { ...node, outputs: node.outputs.slice(0, 1), attributes: without(node.attributes, 'spatial') }
}

/** Scale and bias were given for each group; a channel takes those of its group: [G] → [G, 1] → [G, C/G] → [C]. */
const groupNorm: Upgrade = (node, add) => {
  const [x = '', ...affine] = node.inputs
  const groups = add.constant('groups', int64(integers(node, 'num_groups')))
  const one = add.constant('axes', int64([1]))
  const flat = add.constant('flat', int64([-1]))
  const channels = step(add, 'Shape', [x], { start: 1, end: 2 })
  const width = step(add, 'Div', [...channels.outputs, groups])
  const grid = step(add, 'Concat', [groups, ...width.outputs], { axis: 0 })
  const spread = affine.map((value) => {
    const column = step(add, 'Unsqueeze', [value, one])
    const wide = step(add, 'Expand', [...column.outputs, ...grid.outputs])
    return [column, wide, step(add, 'Reshape', [...wide.outputs, flat])]
  })
  return [channels, width, grid, ...spread.flat(), { ...node, inputs: [x, ...spread.map((nodes) => nodes[2]!.outputs[0])] }]
}

const dft: Upgrade = (node, add) => {
  const axis = add.constant('axis', int64(integers(node, 'axis', 1).slice(0, 1), []))
  return { ...node, inputs: [node.inputs[0] ?? '', node.inputs[1] ?? '', axis], attributes: without(node.attributes, 'axis') }
}

const gridSample: Upgrade = (node) => {
  const { mode = 'bilinear' } = node.attributes
  return { ...node, attributes: { ...node.attributes, mode: mode === 'bilinear' ? 'linear' : mode === 'bicubic' ? 'cubic' : mode } }
}

const roiAlign: Upgrade = (node) => ({ ...node, attributes: { coordinate_transformation_mode: 'output_half_pixel', ...node.attributes } })

const scan8: Upgrade = (node) => unsupported(node, 'the form of opset 8 (with batches) is not supported')

/** Of operators that only moreOperators has. */
export const moreUpgrades: Upgrades = new Map<string, readonly [number, Upgrade]>([
  ['TopK', [10, moved('k')]],
  ['Pad', [11, pad]],
  ['Softmax', [13, flattened]],
  ['LogSoftmax', [13, flattened]],
  ['Hardmax', [13, flattened]],
  ['Upsample', [10, upsample]],
  ['Resize', [13, resize]],
  ['BatchNormalization', [14, batchNorm]],
  ['GroupNormalization', [21, groupNorm]],
  ['Scatter', [Infinity, (node) => ({ ...node, op: 'ScatterElements' })]],
  ['Scan', [9, scan8]],
  ['DFT', [20, dft]],
  ['GridSample', [20, gridSample]],
  ['RoiAlign', [16, roiAlign]],
])

/** Operators whose first form (opset 1) is still their form at opset 7. */
export const STEADY = new Set(('ArgMax ArgMin AveragePool Constant Conv ConvTranspose DepthToSpace Flatten Gather GlobalAveragePool GlobalMaxPool Hardmax Identity If LRN LogSoftmax MatMul ' +
  'MaxPool Not ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Shape Size Slice Softmax Softplus Softsign ' +
  'SpaceToDepth Squeeze TopK Transpose Unsqueeze').split(' '))
