import type { TypedArray } from '../dtype.js'
import { blockBytes, writeBlock } from '../runtime/kernels.js'
import type { Instance } from '../runtime/load.js'
import { aligned, type Arena } from '../runtime/memory.js'
import { NULL, type Operand } from '../runtime/operand.js'
import type { Tensor } from '../value.js'
import { OctavoError } from '../errors.js'
import type { Pack, Plan, Step } from './plan.js'

/** Bytes in the arena that several plans may use: a model's constant, or packed weights. */
interface Shared {
  readonly at: number
  readonly bytes: number
  users: number
}

/**
 * The read-only part of a session's arena. What two plans both need (the model's own constants, weights packed alike) is
 * there once and is freed with its last plan.
 */
export class SharedMemory {
  private readonly entries = new Map<string, Shared>()
  private readonly ids = new WeakMap<object, number>()
  private nextId = 0

  /** @param workspace a block that plans which never run at once have in common for their activations, at least so large; without it each plan has its own */
  constructor(readonly arena: Arena, readonly workspace?: (bytes: number) => number) {}

  /** Address of what `key` names; `fill` writes it when it is new. */
  acquire(key: string, bytes: number, fill: (at: number) => void): number {
    let entry = this.entries.get(key)
    if (!entry) {
      entry = { at: this.arena.allocate(bytes), bytes, users: 0 }
      fill(entry.at)
      this.entries.set(key, entry)
    }
    entry.users++
    return entry.at
  }

  release(key: string): void {
    const entry = this.entries.get(key)
    if (!entry || --entry.users) return
    this.entries.delete(key)
    this.arena.free(entry.at, entry.bytes)
  }

  /** A number that stands for this object as long as it lives. */
  idOf(object: object): number {
    let id = this.ids.get(object)
    if (id === undefined) this.ids.set(object, (id = this.nextId++))
    return id
  }
}

/** What became of one step: a function and its block. */
type Kernel = (block: number) => void

/** A plan with addresses: runs by calling kernels in order, allocates nothing. */
export class BoundPlan {
  private readonly kernels: Kernel[] = []
  private readonly blocks: number[] = []
  private readonly addresses: number[]
  private readonly keys: string[] = []
  private readonly allocated: { at: number; bytes: number }[] = []

  /** @throws ARENA_EXHAUSTED; then everything taken so far has been given back */
  constructor(readonly plan: Plan, private readonly instance: Instance, private readonly shared: SharedMemory) {
    this.addresses = new Array<number>(plan.storages.length).fill(0)
    try {
      this.placeFixed()
      const size = Math.max(1, plan.activationBytes)
      const base = shared.workspace?.(size) ?? this.take(size)
      plan.storages.forEach((s, i) => { if (s.kind === 'activation') this.addresses[i] = base + s.offset })
      for (const pack of plan.packs) this.pack(pack, base)
      this.writeBlocks(plan.steps, this.take(blocksBytes(plan.steps)))
    } catch (error) {
      this.release()
      throw error
    }
  }

  /** Number of steps. */
  get length(): number {
    return this.kernels.length
  }

  /** Address of an operand of this plan. */
  addressOf(operand: Operand): number {
    return operand === NULL ? 0 : this.addresses[operand.storage]! + operand.offset
  }

  /** Runs steps from `from` up to `to`. @throws INTERNAL when a kernel traps */
  run(from = 0, to = this.kernels.length): void {
    const { kernels, blocks } = this
    let i = from
    try {
      for (; i < to; i++) kernels[i]!(blocks[i]!)
    } catch (cause) {
      const step = this.plan.steps[i]!
      throw new OctavoError('INTERNAL', `kernel ${step.kernel} of ${step.op} "${step.node}" trapped (${(cause as Error).message}). This is a bug in Octavo; please report it with the model.`, { node: step.node, kernel: step.kernel }, cause)
    }
  }

  /** Gives every byte back to the arena. The plan cannot run afterwards. */
  release(): void {
    for (const key of this.keys.splice(0)) this.shared.release(key)
    for (const { at, bytes } of this.allocated.splice(0)) this.shared.arena.free(at, bytes)
  }

  private take(bytes: number): number {
    const at = this.shared.arena.allocate(bytes)
    this.allocated.push({ at, bytes })
    return at
  }

  private acquire(key: string, bytes: number, fill: (at: number) => void): number {
    const at = this.shared.acquire(key, bytes, fill)
    this.keys.push(key)
    return at
  }

  private write(data: TypedArray, at: number): void {
    this.shared.arena.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
  }

  private placeFixed(): void {
    const reads = readsOf(this.plan)
    this.plan.storages.forEach((storage, i) => {
      if (storage.kind !== 'fixed' || !reads.has(i)) return
      const owner: Tensor | TypedArray = storage.tensor ?? storage.data
      this.addresses[i] = this.acquire(`f${this.shared.idOf(owner)}`, storage.bytes, (at) => this.write(storage.data, at))
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
        if (storage.kind === 'staged') this.write(storage.data, this.addresses[index]!)
      }
      const bytes = blocksBytes(pack.steps)
      const blocks = this.shared.arena.allocate(bytes)
      const { view } = this.shared.arena
      let block = blocks
      for (const step of pack.steps) {
        writeBlock(view, block, step.kernel, step.params, (operand) => this.addressOf(operand))
        this.instance.kernels[step.kernel]!(block)
        block += aligned(blockBytes(step.kernel))
      }
      this.shared.arena.free(blocks, bytes)
    })
  }

  private writeBlocks(steps: readonly Step[], at: number): void {
    const { view } = this.shared.arena
    for (const step of steps) {
      const kernel = this.instance.kernels[step.kernel]
      if (!kernel) throw new OctavoError('ABI_MISMATCH', `the WebAssembly module has no kernel ${step.kernel}. Use a TIER.wasm from the same package.`, { kernel: step.kernel })
      writeBlock(view, at, step.kernel, step.params, (operand) => this.addressOf(operand))
      this.kernels.push(kernel)
      this.blocks.push(at)
      at += aligned(blockBytes(step.kernel))
    }
  }
}

const blocksBytes = (steps: readonly Step[]): number => steps.reduce((sum, s) => sum + aligned(blockBytes(s.kernel)), 64)

/** Storages that some step, pack or port names. A constant that was only packed stays out of the arena. */
function readsOf(plan: Plan): Set<number> {
  const used = new Set<number>()
  const add = (value: unknown): void => { if (typeof value === 'object' && value !== null) used.add((value as Operand).storage) }
  for (const step of [...plan.steps, ...plan.packs.flatMap((p) => p.steps)]) Object.values(step.params).forEach(add)
  for (const port of plan.outputs) add(port.at)
  return used
}
