import { OctavoError } from '../errors.js'
import type { Graph, Node, TensorType } from '../graph/graph.js'
import type { Tensor } from '../value.js'
import { BoundPlan } from './bind.js'
import type { Plan } from './plan.js'
import { outputElements, prepare, prepareNode, type Prepared, type Request } from './prepare.js'
import { PlanRunner } from './runner.js'

/** A runner that makes its plans itself. */
export class Executor extends PlanRunner {
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
}
