import { OctavoError } from '../../errors.js'
import { opKey, type Graph, type Node } from '../../graph/graph.js'
import { foldBatchNorm } from '../../graph/passes/fold-batch-norm.js'
import type { Pass } from '../../graph/passes/pass.js'
import { Executor } from '../../plan/executor.js'
import { defaultLimits } from '../../plan/limits.js'
import type { LoadedTier } from '../../runtime/load.js'
import { checkFeed } from '../../session.js'
import { capturedValues, foldConstants, handingOut, withoutDeadCode, type Typed } from './fold-constants.js'
import type { Batch } from './options.js'
import { dropCopies, matMulsAreGemms, meansArePools, nameWeights, takeBranches } from './simplify.js'

/** What a model that was quantized before holds. */
const QUANTIZED = /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear|MatMulInteger|ConvInteger|QLinear\w+|com\.microsoft:(Q\w+|DynamicQuantize\w+|MatMulInteger\w*|MatMulNBits|DequantizeLinear))$/

/** @throws ALREADY_QUANTIZED naming the first such node, in a branch too */
export function requireFloat(graph: Graph): void {
  const [node] = [...everyNode(graph)].filter((n) => QUANTIZED.test(opKey(n)))
  if (node) throw new OctavoError('ALREADY_QUANTIZED', `node "${node.name}" is a ${opKey(node)}: this model is quantized already. Quantize the float model it was made from.`, { node: node.name, op: opKey(node) })
}

/** The nodes of a graph, and after each those of the graphs inside it. */
export function* everyNode(graph: Graph): Iterable<Node> {
  for (const node of graph.nodes) {
    yield node
    for (const value of Object.values(node.attributes)) if (typeof value === 'object' && 'nodes' in value) yield* everyNode(value)
  }
}

/** What nodes of a cleaned graph were in the file: options name nodes and op types as they are there. */
export interface Origins {
  /** names of the nodes that one node stands for, its own among them */
  readonly names: ReadonlyMap<string, readonly string[]>
  /** what the node of that name was */
  readonly ops: ReadonlyMap<string, string>
  /** names of all nodes of the file, those among them that were computed away */
  readonly known: ReadonlySet<string>
}

export interface Cleaned extends Typed {
  readonly origins: Origins
}

/** A node stands for those whose results it now makes. */
function originsOf(before: Graph, after: Graph): Origins {
  const makers = new Map(after.nodes.flatMap((node) => node.outputs.map((value) => [value, node.name] as const)))
  const names = new Map<string, string[]>()
  for (const { name, outputs } of before.nodes) {
    const maker = makers.get(outputs.find((value) => makers.has(value)) ?? '')
    if (maker !== undefined) names.set(maker, [...(names.get(maker) ?? []), name])
  }
  return { names, ops: new Map(before.nodes.map(({ name, op }) => [name, op])), known: new Set(before.nodes.map((n) => n.name)) }
}

/**
 * A float graph as it is quantized and written: constants computed, copies gone, BatchNormalization and constant factors in the weights before
 * them, a product and its bias one node. Open dims stay open; what the graph means stays, but for rounding.
 *
 * @param batch one run's feeds, whose shapes say the types of values
 * @throws ALREADY_QUANTIZED; INPUT_MISSING, INPUT_MISMATCH and the codes of import
 */
export function cleanGraph(graph: Graph, batch: Batch, tier: LoadedTier): Cleaned {
  requireFloat(graph)
  for (const input of graph.inputs) checkFeed(input, batch[input.name])
  const executor = new Executor(tier, defaultLimits(bytesOf(graph)).memory)
  const sample = { batch, evaluate: executor.evaluate.bind(executor) }
  const before = new Set(graph.constants.keys())
  let typed = foldConstants(graph, sample)
  for (const pass of [takeBranches, dropCopies, meansArePools, foldBatchNorm, matMulsAreGemms]) typed = applyPass(pass, typed, sample)
  const named = nameWeights(typed.graph, before)
  return { graph: named, typeOf: (name) => named.constants.get(name) ?? typed.typeOf(name), origins: originsOf(graph, named) }
}

function applyPass(pass: Pass, { graph, typeOf }: Typed, sample: Parameters<typeof foldConstants>[1]): Typed {
  const open = handingOut(graph, capturedValues(graph))
  const made = pass(open, (name) => graph.constants.get(name) ?? typeOf(name)!)
  return made === open ? { graph, typeOf } : foldConstants(withoutDeadCode({ ...made, outputs: graph.outputs }), sample)
}

/** Bytes of a graph's constants: what limits are measured by. */
export const bytesOf = ({ constants }: Graph): number => [...constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
