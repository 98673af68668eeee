import { opKey, type Attribute, type Graph, type Node } from '../graph.js'
import type { Tensor } from '../../value.js'
import { makeNode } from './rewrite.js'

/** A constant is compared with others up to this many elements: parameters and shapes, which exporters repeat. */
const SMALL = 16
/** Same operands, other results. */
const RANDOM = new Set(['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Bernoulli', 'Multinomial', 'Dropout'])

/** Nodes that compute the same from the same become one; so do small constants that hold the same. */
export function shareCommonSubexpressions(graph: Graph): Graph {
  const names = new Map<string, string>()
  const known = new Map<string, readonly string[]>()
  const outputs = new Set(graph.outputs.map((o) => o.name))
  for (const [name, tensor] of graph.constants) {
    if (tensor.size > SMALL || outputs.has(name)) continue
    const [first] = firstOf(known, `${tensor.dtype}[${tensor.dims}]${textOf(tensor)}`, [name])
    if (first !== name) names.set(name, first!)
  }
  const nodes = graph.nodes.flatMap((node) => {
    const inputs = node.inputs.map((name) => names.get(name) ?? name)
    const key = keyOf(node, inputs)
    const same = key === undefined ? node.outputs : firstOf(known, key, node.outputs)
    if (same === node.outputs) return [inputs.every((name, i) => name === node.inputs[i]) ? node : { ...node, inputs }]
    node.outputs.forEach((name, i) => { if (name) names.set(name, same[i]!) })
    return node.outputs.flatMap((name, i) => (outputs.has(name) ? [makeNode(`${node.name}/same${i || ''}`, 'Identity', [same[i]!], name)] : []))
  })
  return names.size ? { ...graph, nodes } : graph
}

/** What a constant holds, as text; -0 is not 0. */
const textOf = ({ data }: Tensor): string => Array.from(data as ArrayLike<number | bigint>, (v) => (Object.is(v, -0) ? '-0' : String(v))).join()

function firstOf(known: Map<string, readonly string[]>, key: string, names: readonly string[]): readonly string[] {
  const first = known.get(key)
  if (first) return first
  known.set(key, names)
  return names
}

/** Text that is equal for nodes that compute the same and name the same outputs; undefined where that cannot be told. */
function keyOf(node: Node, inputs: readonly string[]): string | undefined {
  if (RANDOM.has(node.op)) return undefined
  const attributes = Object.entries(node.attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  if (attributes.some(([, value]) => isTensorOrGraph(value))) return undefined
  return JSON.stringify([opKey(node), inputs, node.outputs.map((name) => name !== ''), attributes.map(([name, value]) => [name, typeof value, Object.is(value, -0) ? '-0' : String(value)])])
}

const isTensorOrGraph = (value: Attribute): value is Tensor | Graph => typeof value === 'object' && !Array.isArray(value)
