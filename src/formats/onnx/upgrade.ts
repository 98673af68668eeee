import { OctavoError } from '../../errors.js'
import type { Attribute, Node } from '../../graph/graph.js'
import { Tensor } from '../../value.js'
import { form, FORMS } from './forms.js'

/** ai.onnx versions that can be read: from FIRST_OPSET on whole, before it the operators of Forms.steady. */
export const FIRST_OPSET = 7
export const NEWEST_OPSET = 27

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

/** A rewrite of one node from `version` to the newest form. */
export type Upgrade = (node: Node, add: Additions, version: number) => Node | readonly Node[]

/** The nodes that mean at the newest opset what `node` (of ai.onnx) means at `version`. @throws ATTRIBUTE_UNSUPPORTED, OP_UNSUPPORTED */
export function upgrade(node: Node, version: number, add: Additions): readonly Node[] {
  if (version < FIRST_OPSET && !form('steady', `${node.op} "${node.name}"`).has(node.op))
    throw new OctavoError('OP_UNSUPPORTED', `${node.op} "${node.name}": the model imports ai.onnx opset ${version}: expected ${FIRST_OPSET} to ${NEWEST_OPSET}. Convert it with onnx.version_converter or export it again.`, { op: node.op, node: node.name, opset: version })
  const [below, rule] = UPGRADES.get(node.op) ?? FORMS.upgrades?.get(node.op) ?? [0]
  return rule && version < below ? [rule(node, add, version)].flat() : [node]
}

export function unsupported(node: Node, what: string): never {
  throw new OctavoError('ATTRIBUTE_UNSUPPORTED', `${node.op} "${node.name}": ${what}. Export the model at a newer opset.`, { node: node.name, op: node.op })
}

/** An attribute of one integer or more. */
export function integers(node: Node, name: string, fallback: Attribute = []): number[] {
  const values = [node.attributes[name] ?? fallback].flat()
  return values.every((v): v is number => Number.isInteger(v)) ? values : unsupported(node, `attribute "${name}" must be one or more integers`)
}

export const int64 = (values: readonly number[], dims?: number[]): Tensor => new Tensor('int64', values, dims)

/** A new node with one new output. */
export const step = (add: Additions, op: string, inputs: string[], attributes: Node['attributes'] = {}): Node & { outputs: [string] } =>
  ({ name: add.node(op), op, domain: '', inputs, outputs: [add.value(op)], attributes })

export const without = (attributes: Node['attributes'], ...names: string[]): Node['attributes'] =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)))

/** Inputs, those at the end left out that are absent. */
export function trimmed(inputs: readonly string[]): string[] {
  const given = inputs.filter(Boolean).at(-1)
  return given ? inputs.slice(0, inputs.lastIndexOf(given) + 1) : []
}

/** Integer attributes that became inputs 1, 2, … in this order; an empty list meant what an absent one means. */
export const moved = (...names: string[]): Upgrade => (node, add) => ({
  ...node,
  attributes: without(node.attributes, ...names),
  inputs: trimmed([node.inputs[0] ?? '', ...names.map((name, i) => {
    const values = integers(node, name)
    return values.length ? add.constant(name, int64(values)) : node.inputs[i + 1] ?? ''
  })]),
})

const moveSplit = moved('split')

/** Split without sizes meant equal parts, one for each output. */
const split: Upgrade = (node, add) => {
  const next = moveSplit(node, add, 0) as Node
  return next.inputs.length > 1 ? next : { ...next, attributes: { ...next.attributes, num_outputs: node.outputs.length } }
}

/** A scalar of the element type of `x`, and the nodes that make it. */
export function like(value: number, x: string, hint: string, add: Additions, nodes: Node[]): string {
  const constant = add.constant(hint, new Tensor('float32', [value], []))
  if (add.onlyFloat32()) return constant
  const cast = step(add, 'CastLike', [constant, x])
  nodes.push(cast)
  return cast.outputs[0]
}

const clip: Upgrade = (node, add) => {
  const nodes: Node[] = []
  const x = node.inputs[0] ?? ''
  const bounds = ['min', 'max'].map((name) => {
    const bound = node.attributes[name]
    return typeof bound === 'number' ? like(bound, x, name, add, nodes) : ''
  })
  return [...nodes, { ...node, inputs: trimmed([x, ...bounds]), attributes: without(node.attributes, 'min', 'max') }]
}

const REDUCTIONS = ['Max', 'Min', 'Mean', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare']

/** By operator: the first opset that needs no rewrite, and the rewrite. */
export type Upgrades = ReadonlyMap<string, readonly [below: number, rule: Upgrade]>

/** Operators whose form has changed; rarer ones come from more-upgrades.ts. */
const UPGRADES: Upgrades = new Map<string, readonly [number, Upgrade]>([
  ['Slice', [10, moved('starts', 'ends', 'axes')]],
  ['Squeeze', [13, moved('axes')]],
  ['Unsqueeze', [13, moved('axes')]],
  ['ReduceSum', [13, moved('axes')]],
  ...REDUCTIONS.map((name) => [`Reduce${name}`, [18, moved('axes')]] as const),
  ['Split', [18, split]],
  ['Clip', [11, clip]],
  ['Dropout', [12, (node) => ({ ...node, attributes: without(node.attributes, 'ratio') })]],
])
