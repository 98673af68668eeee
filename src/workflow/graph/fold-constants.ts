import { OctavoError } from '../../errors.js'
import type { Graph, Node, TensorType } from '../../graph/graph.js'
import { removeDeadCode } from '../../graph/passes/dead-code.js'
import { shapeInputs } from '../../graph/shape-inputs.js'
import { specialise, type Evaluate, type ValueTable } from '../../graph/specialise.js'
import type { Batch } from './options.js'

/** A graph that keeps its open dims, and the types its values have for one batch. */
export interface Typed {
  readonly graph: Graph
  /** undefined for values inside branches */
  typeOf(value: string): TensorType | undefined
}

/** What a fold looks at: one batch, and how a node over constants is computed. */
export interface Sample {
  readonly batch: Batch
  readonly evaluate: Evaluate
}

/**
 * Computes every value that is the same for all inputs the graph declares, and types the rest for one batch. A value that
 * follows from dims counts as the same when it stays so while each open dim is one longer.
 *
 * @param batch every input
 * @throws as `specialise`
 */
export function foldConstants(graph: Graph, sample: Sample): Typed {
  const values = valuesFor(graph, sample, 0)
  const longer = isOpen(graph) ? attempt(() => valuesFor(graph, sample, 1)) : values
  const closed = closedValues(graph)
  const fixed = [...values.constants].filter(([name, tensor]) => closed.has(name) || (longer && closed.openTo(name) && sameTensor(tensor, longer.constants.get(name))))
  const constants = new Map([...graph.constants, ...fixed])
  const nodes = graph.nodes.filter((node) => !node.outputs.every((name) => !name || constants.has(name)))
  return { graph: withoutDeadCode({ ...graph, nodes, constants }), typeOf: (name) => values.typeOf(name) }
}

function valuesFor(graph: Graph, { batch, evaluate }: Sample, more: number): ValueTable {
  const longer = (dim: number | string | null, have: number): number => (typeof dim === 'number' ? have : have + more)
  const types = new Map(graph.inputs.map(({ name, dims }) => {
    const { dtype, dims: have } = batch[name]!
    return [name, { dtype, dims: have.map((d, i) => longer(dims ? dims[i] ?? null : null, d)) }]
  }))
  const known = new Map([...shapeInputs(graph)].map((name) => [name, batch[name]!]))
  return specialise(graph, types, known, evaluate).values
}

const isOpen = ({ inputs }: Graph): boolean => inputs.some(({ dims }) => !dims?.every((d) => typeof d === 'number'))

/** A longer dim may not go together with what else the graph fixes: then only what follows from constants alone is known. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof OctavoError) return undefined
    throw error
  }
}

const sameTensor = (a: ValueTable['constants'] extends Map<string, infer T> ? T : never, b: typeof a | undefined): boolean =>
  b !== undefined && a.dtype === b.dtype && a.dims.length === b.dims.length && a.dims.every((d, i) => d === b.dims[i]) && a.data.every((v: number | bigint, i: number) => Object.is(v, b.data[i]))

const TYPES_ONLY = new Set(['Shape', 'Size'])

/** Values that follow from constants alone, and those that follow from constants and dims (`openTo`). */
function closedValues(graph: Graph): { has(name: string): boolean; openTo(name: string): boolean } {
  const closed = new Set(graph.constants.keys())
  const fromDims = new Set(graph.constants.keys())
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    const captured = Object.values(attributes).flatMap((v) => (typeof v === 'object' && 'nodes' in v ? [...readByBranch(v)] : []))
    const reads = [...inputs, ...captured].filter(Boolean)
    if (reads.every((name) => closed.has(name))) outputs.forEach((name) => closed.add(name))
    if (TYPES_ONLY.has(op) || reads.every((name) => fromDims.has(name))) outputs.forEach((name) => fromDims.add(name))
  }
  return { has: (name) => closed.has(name), openTo: (name) => fromDims.has(name) }
}

/** Names that the nodes of a branch read, its own values among them. */
function* readByBranch(graph: Graph): Iterable<string> {
  for (const { name } of graph.outputs) yield name
  for (const node of graph.nodes) {
    yield* node.inputs
    yield* readByBranches(node)
  }
}

function* readByBranches({ attributes }: Node): Iterable<string> {
  for (const value of Object.values(attributes)) if (typeof value === 'object' && 'nodes' in value) yield* readByBranch(value)
}

/** Values of a graph that branches inside it read. */
export function capturedValues(graph: Graph): ReadonlySet<string> {
  return new Set(graph.nodes.flatMap((node) => [...readByBranches(node)]))
}

/** As the pass, but for graphs with branches: what they read is needed. */
export function withoutDeadCode(graph: Graph): Graph {
  return { ...removeDeadCode(handingOut(graph, capturedValues(graph))), outputs: graph.outputs }
}

/** The graph with more outputs, which passes then leave alone. */
export function handingOut(graph: Graph, names: Iterable<string>): Graph {
  const outputs = [...names].map((name) => ({ name, dtype: 'float32' as const, dims: null }))
  return { ...graph, outputs: [...graph.outputs, ...outputs] }
}
