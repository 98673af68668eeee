import type { Graph } from './graph/graph.js'
import { shapeInputs } from './graph/shape-inputs.js'
import type { BoundPlan } from './plan/bind.js'
import { Executor } from './plan/executor.js'
import { requireOperators } from './plan/operators.js'
import type { Prepared } from './plan/prepare.js'
import { PlanSession, type CachedPlan, type PlanRequest, type PlanSessionOptions } from './plan-session.js'
import type { LoadedTier } from './runtime/load.js'

export { checkFeed, type LogEvent, type RunOptions, type SessionInfo, type StepProfile, type Tensors, type ValueMetadata } from './plan-session.js'
export type GraphSessionOptions = PlanSessionOptions

interface PreparedPlan extends CachedPlan<BoundPlan> {
  readonly prepared: Prepared
}

/** A graph ready to run: plans are made for the shapes that come. Opening files is formats' business. */
export class GraphSession extends PlanSession<Executor, PreparedPlan> {
  /**
   * @param bytes size of the model, for the default limits
   * @throws OP_UNSUPPORTED, and for a model whose shapes are all fixed every code of planning
   */
  constructor(private readonly graph: Graph, tier: LoadedTier, bytes: number, options: GraphSessionOptions = {}) {
    requireOperators(graph)
    super(graph.inputs, graph.outputs, shapeInputs(graph), (limit) => new Executor(tier, limit), bytes, options)
    const fixed = graph.inputs.every(({ name, dims }) => !this.keyInputs.has(name) && dims?.every((d) => typeof d === 'number'))
    if (fixed) this.planFor(new Map(graph.inputs.map(({ name, dtype, dims }) => [name, { dtype, dims: dims as number[] }])), {}, 0)
  }

  /** The graph after all passes and the plan used last: what `inspect` shows. Undefined before the first plan. */
  get prepared(): Prepared | undefined {
    return this.latest?.prepared
  }

  protected newPlan(request: PlanRequest, workLimit: number): PreparedPlan {
    const { prepared, bound } = this.open().plan(this.graph, request, workLimit)
    return { bound, prepared, times: new Float64Array(bound.length), runs: 0 }
  }
}
