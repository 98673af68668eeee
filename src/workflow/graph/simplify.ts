import { elementCount } from '../../dtype.js'
import type { Graph, Node } from '../../graph/graph.js'
import type { Pass } from '../../graph/passes/pass.js'
import { makeNode, rewrite, Rewriter } from '../../graph/passes/rewrite.js'
import { Tensor, toInts } from '../../value.js'

/** An If whose condition is known is the branch that it takes. Names are unique through all branches. */
export const takeBranches: Pass = (graph) => {
  const constants = new Map(graph.constants)
  const inlined = (node: Node): readonly Node[] => {
    const condition = node.op === 'If' && !node.domain ? constants.get(node.inputs[0]!) : undefined
    if (condition?.size !== 1) return [node]
    const branch = node.attributes[Number(condition.data[0]) ? 'then_branch' : 'else_branch'] as Graph
    for (const [name, tensor] of branch.constants) constants.set(name, tensor)
    const results = branch.outputs.map(({ name }, i) => makeNode(`${node.name}/${i}`, 'Identity', [name], node.outputs[i]!)).filter((copy) => copy.outputs[0])
    return [...branch.nodes.flatMap(inlined), ...results]
  }
  const nodes = graph.nodes.flatMap(inlined)
  return nodes.every((node, i) => node === graph.nodes[i]) && nodes.length === graph.nodes.length ? graph : { ...graph, nodes, constants }
}

/** Drops Identity, and Dropout as it is after training. A value that the graph hands out keeps its name. */
export const dropCopies: Pass = (graph, typeOf) => {
  const r = new Rewriter(graph, typeOf)
  const names = new Map<string, string>()
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const inputs = node.inputs.map((name) => names.get(name) ?? name)
    const [x, y] = [inputs[0], node.outputs[0]!]
    if (!x || !isCopy(node, r) || r.isOutput(y)) return [inputs.every((name, i) => name === node.inputs[i]) ? node : { ...node, inputs }]
    names.set(y, x)
    return []
  })
  return names.size ? { ...graph, nodes } : graph
}

function isCopy({ op, domain, inputs, outputs }: Node, r: Rewriter): boolean {
  if (domain || outputs.slice(1).some(Boolean)) return false
  return op === 'Identity' || (op === 'Dropout' && (!inputs[2] || r.scalar(inputs[2]) === 0))
}

/**
 * A mean over all spatial axes is a GlobalAveragePool, which has a form on codes. The same mean, but for the order of its sum.
 */
export const meansArePools: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  const [x, axes] = node.inputs
  if (node.op !== 'ReduceMean' || node.domain || !x || !r.constant(axes)) return undefined
  const { dims, dtype } = r.typeOf(x)
  const reduced = toInts(r.constant(axes)!).map((a) => (a < 0 ? a + dims.length : a)).sort((a, b) => a - b)
  const spatial = dims.length >= 3 && dims.length <= 5 && reduced.length === dims.length - 2 && reduced.every((a, i) => a === i + 2)
  if (!spatial || dtype !== 'float32') return undefined
  const y = node.outputs[0]!
  if ((node.attributes.keepdims ?? 1) === 1) return [makeNode(node.name, 'GlobalAveragePool', [x], y)]
  const pooled = r.value(`${y}/pooled`, { dtype, dims: dims.map((d, i) => (i < 2 ? d : 1)) })
  return [makeNode(node.name, 'GlobalAveragePool', [x], pooled), makeNode(`${node.name}/flatten`, 'Flatten', [pooled], y, { axis: 1 })]
})

/** MatMul of matrices with constant columns, and Add of one constant for each: a Gemm, whose integer form adds its bias before it rounds. Exact but for that sum. */
export const matMulsAreGemms: Pass = (graph, typeOf) => rewrite(graph, typeOf, (node, r) => {
  if (node.op !== 'Add' || node.domain) return undefined
  for (const [product, bias] of [[node.inputs[0]!, node.inputs[1]!], [node.inputs[1]!, node.inputs[0]!]] as const) {
    const matMul = r.soleReader(product) ? r.producer(product, 'MatMul') : undefined
    const vector = matMul && biasVector(bias, r.typeOf(product).dims, r)
    if (!matMul || !vector || r.typeOf(product).dtype !== 'float32' || r.typeOf(matMul.inputs[0]!).dims.length !== 2 || r.constant(matMul.inputs[1])?.dims.length !== 2) continue
    const name = vector.dims.length === r.constant(bias)!.dims.length ? bias : r.add(`${bias}/vector`, vector)
    return [makeNode(matMul.name, 'Gemm', [...matMul.inputs, name], node.outputs[0]!)]
  }
  return undefined
})

/** A constant as one number for each column of a matrix; undefined where it is not. */
function biasVector(name: string, [, columns]: readonly number[], r: Rewriter): Tensor | undefined {
  const tensor = r.constant(name)
  if (tensor?.dtype !== 'float32' || tensor.dims.length > 2 || elementCount(tensor.dims) !== columns || tensor.dims.at(-1) !== columns) return undefined
  return new Tensor('float32', tensor.data, [columns])
}

/**
 * Constants that products read, and that folding named after how it made them, get the name of their reader:
 * `node/weight`, `node/bias`.
 *
 * @param before names that were in the file, which stay
 */
export function nameWeights(graph: Graph, before: ReadonlySet<string>): Graph {
  const names = new Map<string, string>()
  const taken = new Set([...graph.constants.keys(), ...graph.inputs.map((i) => i.name), ...graph.nodes.flatMap((n) => n.outputs)])
  for (const { name, op, inputs } of graph.nodes) {
    if (!PRODUCTS.has(op)) continue
    for (const [i, part] of [[1, 'weight'], [2, 'bias']] as const) {
      const [old, wanted] = [inputs[i], `${name}/${part}`]
      if (!old || before.has(old) || names.has(old) || !graph.constants.has(old) || taken.has(wanted)) continue
      names.set(old, wanted)
      taken.add(wanted)
    }
  }
  if (!names.size) return graph
  const renamed = (name: string): string => names.get(name) ?? name
  const constants = new Map([...graph.constants].map(([name, tensor]) => [renamed(name), tensor]))
  return { ...graph, constants, nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) })) }
}

/** Operators that multiply by weights. */
export const PRODUCTS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])
