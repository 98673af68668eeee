import { OctavoError } from '../errors.js'
import type { Graph } from '../graph/graph.js'
import type { BoundPlan } from '../plan/bind.js'
import { Executor } from '../plan/executor.js'
import type { Plan } from '../plan/plan.js'
import type { Request } from '../plan/prepare.js'
import type { LoadedTier } from '../runtime/load.js'

/** Bytes of wasm memory: all that 32 bits address, but its last page. */
const MEMORY_LIMIT = 2 ** 32 - 65536
/** The first block that plans share; a larger one takes its place when one needs more. */
const FIRST_WORKSPACE = 1 << 20

/** A plan of one operation, and where it is bound. */
export interface EagerPlan {
  readonly plan: Plan
  bound: BoundPlan
  /** Move of the workspace that the addresses belong to. */
  epoch: number
}

/**
 * The one executor of the eager door. Its operations run one at a time, so their plans lie over each other in one workspace; what
 * a plan has for itself is its packed weights and its parameter blocks.
 */
export class EagerExecutor extends Executor {
  private readonly space: Workspace

  constructor(tier: LoadedTier) {
    const space = new Workspace()
    super(tier, MEMORY_LIMIT, (bytes) => space.at(bytes))
    this.space = space
    space.arena = this.arena
  }

  /** @throws import and plan codes */
  planFor(graph: Graph, request: Request): EagerPlan {
    const { bound } = this.plan(graph, request, Infinity)
    return { plan: bound.plan, bound, epoch: this.space.epoch }
  }

  /** The plan with addresses that hold now. */
  current(plan: EagerPlan): BoundPlan {
    if (plan.epoch !== this.space.epoch) this.rebind(plan)
    return plan.bound
  }

  /** Binds anew before the old binding goes, so that packed weights stay where they are. */
  private rebind(plan: EagerPlan): void {
    const old = plan.bound
    plan.bound = this.bind(plan.plan)
    plan.epoch = this.space.epoch
    old.release()
  }
}

class Workspace {
  arena!: Executor['arena']
  epoch = 0
  private address = 0
  private bytes = 0

  /** Address of a block of at least `bytes`. @throws ARENA_EXHAUSTED */
  at(bytes: number): number {
    if (bytes <= this.bytes) return this.address
    if (this.bytes) this.arena.free(this.address, this.bytes)
    this.bytes = 0
    this.epoch++
    const wanted = Math.max(bytes, FIRST_WORKSPACE)
    this.address = this.allocate(wanted, bytes)
    return this.address
  }

  /** Half more than is asked for, where memory allows. */
  private allocate(wanted: number, least: number): number {
    try {
      const bytes = Math.ceil(wanted * 1.5)
      const address = this.arena.allocate(bytes)
      this.bytes = bytes
      return address
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error
      const address = this.arena.allocate(least)
      this.bytes = least
      return address
    }
  }
}
