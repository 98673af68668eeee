import { OctavoError } from '../../errors.js'
import type { Attribute, Node } from '../../graph/graph.js'
import { Tensor } from '../../value.js'

/** ai.onnx versions that can be read: from FIRST_OPSET on whole, before it the operators of STEADY. */
export const FIRST_OPSET = 7
export const NEWEST_OPSET = 27

/** Operators whose first form (opset 1) is still their form at opset 7. */
const STEADY = new Set(('ArgMax ArgMin AveragePool Constant Conv ConvTranspose DepthToSpace Flatten Gather GlobalAveragePool GlobalMaxPool Hardmax Identity If LRN LogSoftmax MatMul ' +
  'MaxPool Not ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Shape Size Slice Softmax Softplus Softsign ' +
  'SpaceToDepth Squeeze TopK Transpose Unsqueeze').split(' '))

/** What a rewrite may ask and add; every name is made unique from its hint. */
export interface Additions {
  /** The contents of a value that is constant in the file. */
  constantOf(value: string): Tensor | undefined
  constant(hint: string, tensor: Tensor): string
  value(hint: string): string
  node(hint: string): string
  /** Whether float32 is the only floating type of the model, so that a new scalar needs no cast to its neighbour's type. */
  onlyFloat32(): boolean
}

type Rule = (node: Node, add: Additions, version: number) => Node | readonly Node[]

/** The nodes that mean at the newest opset what `node` (of ai.onnx) means at `version`. @throws ATTRIBUTE_UNSUPPORTED, OP_UNSUPPORTED */
export function upgrade(node: Node, version: number, add: Additions): readonly Node[] {
  if (version < FIRST_OPSET && !STEADY.has(node.op))
    throw new OctavoError('OP_UNSUPPORTED', `${node.op} "${node.name}": the model imports ai.onnx opset ${version}: expected ${FIRST_OPSET} to ${NEWEST_OPSET}. Convert it with onnx.version_converter or export it again.`, { op: node.op, node: node.name, opset: version })
  const [below, rule] = RULES.get(node.op) ?? [0]
  return rule && version < below ? [rule(node, add, version)].flat() : [node]
}

function unsupported(node: Node, what: string): never {
  throw new OctavoError('ATTRIBUTE_UNSUPPORTED', `${node.op} "${node.name}": ${what}. Export the model at a newer opset.`, { node: node.name, op: node.op })
}

/** An attribute of one integer or more. */
function integers(node: Node, name: string, fallback: Attribute = []): number[] {
  const values = [node.attributes[name] ?? fallback].flat()
  return values.every((v): v is number => Number.isInteger(v)) ? values : unsupported(node, `attribute "${name}" must be one or more integers`)
}

const int64 = (values: readonly number[], dims?: number[]): Tensor => new Tensor('int64', values, dims)

/** A new node with one new output. */
const step = (add: Additions, op: string, inputs: string[], attributes: Node['attributes'] = {}): Node & { outputs: [string] } =>
  ({ name: add.node(op), op, domain: '', inputs, outputs: [add.value(op)], attributes })

const without = (attributes: Node['attributes'], ...names: string[]): Node['attributes'] =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)))

/** Inputs, those at the end left out that are absent. */
function trimmed(inputs: readonly string[]): string[] {
  const given = inputs.filter(Boolean).at(-1)
  return given ? inputs.slice(0, inputs.lastIndexOf(given) + 1) : []
}

/** Integer attributes that became inputs 1, 2, … in this order; an empty list meant what an absent one means. */
const moved = (...names: string[]): Rule => (node, add) => ({
  ...node,
  attributes: without(node.attributes, ...names),
  inputs: trimmed([node.inputs[0] ?? '', ...names.map((name, i) => {
    const values = integers(node, name)
    return values.length ? add.constant(name, int64(values)) : node.inputs[i + 1] ?? ''
  })]),
})

const moveSplit = moved('split')

/** Split without sizes meant equal parts, one for each output. */
const split: Rule = (node, add) => {
  const next = moveSplit(node, add, 0) as Node
  return next.inputs.length > 1 ? next : { ...next, attributes: { ...next.attributes, num_outputs: node.outputs.length } }
}

/** A scalar of the element type of `x`, and the nodes that make it. */
function like(value: number, x: string, hint: string, add: Additions, nodes: Node[]): string {
  const constant = add.constant(hint, new Tensor('float32', [value], []))
  if (add.onlyFloat32()) return constant
  const cast = step(add, 'CastLike', [constant, x])
  nodes.push(cast)
  return cast.outputs[0]
}

const clip: Rule = (node, add) => {
  const nodes: Node[] = []
  const x = node.inputs[0] ?? ''
  const bounds = ['min', 'max'].map((name) => {
    const bound = node.attributes[name]
    return typeof bound === 'number' ? like(bound, x, name, add, nodes) : ''
  })
  return [...nodes, { ...node, inputs: trimmed([x, ...bounds]), attributes: without(node.attributes, 'min', 'max') }]
}

const pad: Rule = (node, add) => {
  const nodes: Node[] = []
  const x = node.inputs[0] ?? ''
  const { value = 0 } = node.attributes
  const filler = typeof value === 'number' && value !== 0 ? like(value, x, 'value', add, nodes) : ''
  return [...nodes, { ...node, inputs: trimmed([x, add.constant('pads', int64(integers(node, 'pads'))), filler]), attributes: without(node.attributes, 'pads', 'value') }]
}

/** Softmax over everything from `axis` (default 1) on, as if the input were a matrix. */
const flattened: Rule = (node, add) => {
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
const upsample: Rule = (node, add) => {
  const given = node.attributes['scales']
  const scales = Array.isArray(given) ? add.constant('scales', new Tensor('float32', given as number[])) : node.inputs[1] ?? ''
  return { ...node, op: 'Resize', inputs: [node.inputs[0] ?? '', '', scales], attributes: { mode: node.attributes['mode'] ?? 'nearest', ...ASYMMETRIC, nearest_mode: 'floor' } }
}

/**
 * Resize-10 knew no nearest_mode: it took the ceiling on axes that shrink, the floor on those that grow. Scales that are
 * not known here shrink first and grow then, each on its own axes. See ONNX 1.5's test_resize_downsample_nearest.
 */
const resize10: Rule = (node, add) => {
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
const resize: Rule = (node, add, version) =>
  version < 11 ? resize10(node, add, version) : { ...node, inputs: node.inputs.map((name, i) => (i && add.constantOf(name)?.size === 0 ? '' : name)) }

/** Until opset 13 more than one output asked for training; nobody reads them in inference. */
const batchNorm: Rule = (node) => {
  if (node.attributes['spatial'] === 0) unsupported(node, 'attribute "spatial" = 0 (one mean for each position) is not supported')
  return { ...node, outputs: node.outputs.slice(0, 1), attributes: without(node.attributes, 'spatial') }
}

/** Scale and bias were given for each group; a channel takes those of its group: [G] → [G, 1] → [G, C/G] → [C]. */
const groupNorm: Rule = (node, add) => {
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

const dft: Rule = (node, add) => {
  const axis = add.constant('axis', int64(integers(node, 'axis', 1).slice(0, 1), []))
  return { ...node, inputs: [node.inputs[0] ?? '', node.inputs[1] ?? '', axis], attributes: without(node.attributes, 'axis') }
}

const gridSample: Rule = (node) => {
  const { mode = 'bilinear' } = node.attributes
  return { ...node, attributes: { ...node.attributes, mode: mode === 'bilinear' ? 'linear' : mode === 'bicubic' ? 'cubic' : mode } }
}

const roiAlign: Rule = (node) => ({ ...node, attributes: { coordinate_transformation_mode: 'output_half_pixel', ...node.attributes } })

const scan8: Rule = (node) => unsupported(node, 'the form of opset 8 (with batches) is not supported')

const REDUCTIONS = ['Max', 'Min', 'Mean', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare']

/** Operators whose form has changed: the first opset that needs no rewrite, and the rewrite. */
const RULES: ReadonlyMap<string, readonly [below: number, rule: Rule]> = new Map<string, readonly [number, Rule]>([
  ['Slice', [10, moved('starts', 'ends', 'axes')]],
  ['Squeeze', [13, moved('axes')]],
  ['Unsqueeze', [13, moved('axes')]],
  ['ReduceSum', [13, moved('axes')]],
  ...REDUCTIONS.map((name) => [`Reduce${name}`, [18, moved('axes')]] as const),
  ['Split', [18, split]],
  ['TopK', [10, moved('k')]],
  ['Clip', [11, clip]],
  ['Pad', [11, pad]],
  ['Softmax', [13, flattened]],
  ['LogSoftmax', [13, flattened]],
  ['Hardmax', [13, flattened]],
  ['Upsample', [10, upsample]],
  ['Resize', [13, resize]],
  ['BatchNormalization', [14, batchNorm]],
  ['Dropout', [12, (node) => ({ ...node, attributes: without(node.attributes, 'ratio') })]],
  ['GroupNormalization', [21, groupNorm]],
  ['Scatter', [Infinity, (node) => ({ ...node, op: 'ScatterElements' })]],
  ['Scan', [9, scan8]],
  ['DFT', [20, dft]],
  ['GridSample', [20, gridSample]],
  ['RoiAlign', [16, roiAlign]],
])
