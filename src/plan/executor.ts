import { DTYPES, arrayOf, elementCount, viewOf, type TypedArray } from '../dtype.js'
import { OctavoError } from '../errors.js'
import type { Graph, Node, TensorType } from '../graph/graph.js'
import { instantiate, type Instance, type LoadedTier } from '../runtime/load.js'
import { Arena } from '../runtime/memory.js'
import { Tensor } from '../value.js'
import { BoundPlan, SharedMemory } from './bind.js'
import type { Plan, Port } from './plan.js'
import { outputElements, prepare, prepareNode, type Prepared, type Request } from './prepare.js'

/** Limits against models that ask for far more than they bring; see docs/errors.md. */
export interface Limits {
  /** Bytes of wasm memory. */
  readonly memory: number
  /** Multiply-accumulates, or elements written, of one plan. */
  readonly work: number
}

/**
 * What a graph may take when the caller sets no limit: a fixed allowance plus a share for every byte that the caller
 * brought (model and feeds), so that a file of a kilobyte cannot ask for a gigabyte.
 */
export const defaultLimits = (bytesBrought: number): Limits => ({
  memory: Math.min(2 ** 32 - 65536, 256 * 2 ** 20 + 64 * bytesBrought),
  work: 2 ** 33 + 2 ** 16 * bytesBrought,
})

/** One instance with its memory: makes plans, binds them, runs them. A session owns one. */
export class Executor {
  readonly instance: Instance
  readonly arena: Arena
  private readonly shared: SharedMemory

  /** @param workspace see SharedMemory */
  constructor(readonly tier: LoadedTier, memoryLimit: number, workspace?: (bytes: number) => number) {
    this.instance = instantiate(tier.module)
    this.arena = new Arena(this.instance.memory, this.instance.heapBase, memoryLimit)
    this.shared = new SharedMemory(this.arena, workspace)
  }

  /** A plan for this request, with addresses. @throws import and plan codes; WORK_EXCESSIVE */
  plan(graph: Graph, request: Request, workLimit: number): { prepared: Prepared; bound: BoundPlan } {
    const prepared = prepare(graph, request, this.tier.capabilities, this.arena.limit, (node, inputs, types) => this.evaluate(node, inputs, types))
    const work = prepared.plan.macs + outputElements(prepared.graph, prepared.values)
    if (work > workLimit)
      throw new OctavoError('WORK_EXCESSIVE', `this graph would do ${work.toExponential(1)} operations a run for these shapes, the limit is ${workLimit.toExponential(1)}. Use smaller inputs or raise the option workLimit.`, { work, limit: workLimit })
    return { prepared, bound: this.bind(prepared.plan) }
  }

  bind(plan: Plan): BoundPlan {
    return new BoundPlan(plan, this.instance, this.shared)
  }

  /** Runs one node whose inputs are constants, in the arena it will later run in. */
  evaluate(node: Node, inputs: readonly (Tensor | undefined)[], types: readonly TensorType[]): Tensor[] {
    const names = node.outputs.filter(Boolean)
    const constants = new Map(node.inputs.flatMap((name, i) => (name ? [[name, inputs[i]!] as const] : [])))
    const outputs = names.map((name) => ({ name, dtype: types[node.outputs.indexOf(name)]!.dtype, dims: null }))
    const graph: Graph = { name: node.name, inputs: [], outputs, nodes: [node], constants }
    const bound = this.bind(prepareNode(graph, this.tier.capabilities))
    try {
      bound.run()
      const results = new Map(bound.plan.outputs.map((port) => [port.name, this.read(bound, port)]))
      return node.outputs.map((name) => results.get(name) as Tensor)
    } finally {
      bound.release()
    }
  }

  /** Copies data into an input's place. */
  write(bound: BoundPlan, port: Port, data: TypedArray): void {
    this.arena.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), bound.addressOf(port.at))
  }

  /** A copy of an output, cut to its real length where only a bound was known. */
  read(bound: BoundPlan, port: Port): Tensor {
    const { dtype, dims } = port.type
    const count = elementCount(dims)
    const from = bound.addressOf(port.at)
    const data = viewOf(dtype, this.arena.bytes.slice(from, from + count * DTYPES[dtype].bytes).buffer, 0, count)
    if (port.type.bound === undefined) return new Tensor(dtype, data, dims)
    const length = port.count && data.length ? this.arena.view.getInt32(bound.addressOf(port.count), true) : 0
    return trim(new Tensor(dtype, data, dims), port.type.bound, length)
  }
}

/** The first `length` entries along `axis`. */
function trim(tensor: Tensor, axis: number, length: number): Tensor {
  const dims = tensor.dims.map((d, i) => (i === axis ? length : d))
  const inner = elementCount(tensor.dims.slice(axis + 1))
  const [from, to] = [tensor.dims[axis]! * inner, length * inner]
  const data = arrayOf(tensor.dtype, elementCount(dims))
  for (let row = 0; to && row * to < data.length; row++) data.set(tensor.data.subarray(row * from, row * from + to) as never, row * to)
  return new Tensor(tensor.dtype, data, dims)
}
