import { elementCount } from '../dtype.js'
import { OctavoError, invariant } from '../errors.js'
import type { Graph, TensorType } from '../graph/graph.js'
import { typesOf, type Typed } from '../graph/infer/types.js'
import { removeDeadCode } from '../graph/passes/dead-code.js'
import type { Pass } from '../graph/passes/pass.js'
import { LEGALISE, optimise, quantized } from '../graph/passes/pipeline.js'
import { specialise, type Evaluate, type ValueTable } from '../graph/specialise.js'
import { mib } from '../runtime/memory.js'
import type { Tensor } from '../value.js'
import { buildPlan, bytesOf } from './builder.js'
import type { Plan } from './plan.js'

/** What a plan is made for. */
export interface Request {
  readonly types: ReadonlyMap<string, TensorType>
  /** Contents of the inputs that decide shapes. */
  readonly known: ReadonlyMap<string, Tensor>
}

/** The graph a plan was made from, after all passes, with the types of its values: what `inspect` shows. */
export interface Prepared {
  readonly plan: Plan
  readonly graph: Graph
  readonly values: ValueTable
}

const WEIGHTS_STAY = new Set(['DequantizeLinear'])

/**
 * The middle of the flow: a graph as read → specialised → passes → plan.
 *
 * @param memoryLimit bytes that no single value may exceed: told before any rule works on its size
 * @throws every import and plan code, naming the node
 */
export function prepare(graph: Graph, request: Request, capabilities: number, memoryLimit: number, evaluate: Evaluate): Prepared {
  const first = specialise(graph, request.types, request.known, evaluate, WEIGHTS_STAY)
  const onCodes = applyPasses(quantized(graph.exact), removeDeadCode(first.graph), request.types)
  const folded = specialise(onCodes, request.types, request.known, evaluate)
  const legal = applyPasses([...optimise(graph.exact), ...LEGALISE], removeDeadCode(folded.graph), request.types)
  const last = specialise(legal, request.types, request.known, evaluate)
  const final = removeDeadCode(last.graph)
  requireSizes(final, last.values, memoryLimit)
  return { plan: buildPlan(final, last.values, capabilities), graph: final, values: last.values }
}

function requireSizes({ inputs, nodes }: Graph, values: ValueTable, limit: number): void {
  for (const name of [...inputs.map((i) => i.name), ...nodes.flatMap((n) => n.outputs)]) {
    const type = name && values.typeOf(name)
    const bytes = type ? bytesOf(type) : 0
    if (bytes > limit) throw new OctavoError('ARENA_EXHAUSTED', `value "${name}" alone needs ${mib(bytes)} MiB of memory, the limit is ${mib(limit)} MiB. Use smaller inputs or raise the option memoryLimit.`, { value: name, need: bytes, max: limit })
  }
}

/** A plan for one node on its own, without folding: how constants are computed. */
export function prepareNode(graph: Graph, capabilities: number): Plan {
  const legal = applyPasses(LEGALISE, graph, new Map())
  return buildPlan(legal, typesOf(legal, new Map()), capabilities)
}

/** The graph after these passes, what nothing reads dropped after each. */
export function applyPasses(passes: readonly Pass[], graph: Graph, inputs: ReadonlyMap<string, TensorType>): Graph {
  let before: Typed | undefined
  let values: ValueTable | undefined
  const typeOf = (name: string): TensorType => {
    const type = (values ??= typesOf(graph, inputs, before)).typeOf(name)
    invariant(type, `no type of "${name}"`)
    return type
  }
  for (const pass of passes) {
    const next = pass(graph, typeOf)
    if (next === graph) continue
    if (values) before = { nodes: new Set(graph.nodes), values }
    graph = removeDeadCode(next)
    values = undefined
  }
  return graph
}

/** Elements of all outputs: the least work a plan does where nobody counted. */
export const outputElements = (graph: Graph, values: ValueTable): number =>
  graph.nodes.reduce((sum, n) => sum + n.outputs.reduce((s, name) => s + (name ? elementCount(values.typeOf(name)!.dims) : 0), 0), 0)
