import type { TypedArray } from '../dtype.js'
import type { Instance } from '../runtime/load.js'
import type { Operand } from '../runtime/operand.js'
import type { Tensor } from '../value.js'
import { Bound } from './bound.js'
import type { Pack, Plan } from './plan.js'
import type { SharedMemory } from './shared-memory.js'

/** A plan whose constants are host arrays: they are copied in, and packed by kernels. */
export class BoundPlan extends Bound<Plan> {
  /** @throws ARENA_EXHAUSTED; then everything taken so far has been given back */
  constructor(plan: Plan, instance: Instance, shared: SharedMemory) {
    super(plan, instance, shared, plan.storages.length)
    try {
      this.placeFixed()
      const base = this.activations(plan.activationBytes)
      plan.storages.forEach((s, i) => { if (s.kind === 'activation') this.addresses[i] = base + s.offset })
      for (const pack of plan.packs) this.pack(pack, base)
      this.writeBlocks()
    } catch (error) {
      this.release()
      throw error
    }
  }

  private copyIn(data: TypedArray, at: number): void {
    this.shared.arena.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
  }

  private placeFixed(): void {
    const reads = readsOf(this.plan)
    this.plan.storages.forEach((storage, i) => {
      if (storage.kind !== 'fixed' || !reads.has(i)) return
      const owner: Tensor | TypedArray = storage.tensor ?? storage.data
      this.addresses[i] = this.acquire(`f${this.shared.idOf(owner)}`, storage.bytes, (at) => this.copyIn(storage.data, at))
    })
  }

  private pack(pack: Pack, base: number): void {
    const { bytes } = this.plan.storages[pack.storage]!
    const key = `p${pack.sources.map((s) => this.shared.idOf(s)).join(',')}|${pack.key}`
    this.addresses[pack.storage] = this.acquire(key, bytes, (at) => {
      this.addresses[pack.storage] = at
      for (const index of pack.temporary) {
        const storage = this.plan.storages[index]!
        this.addresses[index] = base + ((storage as { offset?: number }).offset ?? 0)
        if (storage.kind === 'staged') this.copyIn(storage.data, this.addresses[index]!)
      }
      this.runOnce(pack.steps)
    })
  }
}

/** Storages that some step, pack or port names. A constant that was only packed stays out of the arena. */
export function readsOf(plan: Plan): Set<number> {
  const used = new Set<number>()
  const add = (value: unknown): void => { if (typeof value === 'object' && value !== null) used.add((value as Operand).storage) }
  for (const step of [...plan.steps, ...plan.packs.flatMap((p) => p.steps)]) Object.values(step.params).forEach(add)
  for (const port of plan.outputs) add(port.at)
  return used
}
