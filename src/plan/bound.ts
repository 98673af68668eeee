import { OctavoError } from '../errors.js'
import { blockBytes, writeBlock } from '../runtime/kernels.js'
import type { Instance } from '../runtime/load.js'
import { aligned } from '../runtime/memory.js'
import { NULL, type Operand } from '../runtime/operand.js'
import type { Port, Step } from './plan.js'
import type { SharedMemory } from './shared-memory.js'

/** What of a plan a run needs. */
export interface Runnable {
  readonly steps: readonly Step[]
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly activationBytes: number
  readonly macs: number
}

/** What became of one step: a function and its block. */
type Kernel = (block: number) => void

/** A plan with addresses: runs by calling kernels in order, allocates nothing. Whoever derives from it places its storages. */
export class Bound<P extends Runnable = Runnable> {
  private readonly kernels: Kernel[] = []
  private readonly blocks: number[] = []
  /** Of each storage. */
  protected readonly addresses: number[]
  private readonly keys: string[] = []
  private readonly allocated: { at: number; bytes: number }[] = []

  constructor(readonly plan: P, protected readonly instance: Instance, protected readonly shared: SharedMemory, storages: number) {
    this.addresses = new Array<number>(storages).fill(0)
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

  /** A block of this plan's own. */
  protected take(bytes: number): number {
    const at = this.shared.arena.allocate(bytes)
    this.allocated.push({ at, bytes })
    return at
  }

  /** A block that plans share; `fill` writes it when it is new. */
  protected acquire(key: string, bytes: number, fill: (at: number) => void): number {
    const at = this.shared.acquire(key, bytes, fill)
    this.keys.push(key)
    return at
  }

  /** Block for the activations; each plan's own, unless plans that never run at once have one in common. */
  protected activations(bytes: number): number {
    const size = Math.max(1, bytes)
    return this.shared.workspace?.(size) ?? this.take(size)
  }

  /** Runs steps once and keeps nothing of them. */
  protected runOnce(steps: readonly Step[]): void {
    const { arena } = this.shared
    const bytes = blocksBytes(steps)
    const at = arena.allocate(bytes)
    let block = at
    for (const step of steps) {
      const kernel = this.write(step, block)
      kernel(block)
      block += aligned(blockBytes(step.kernel))
    }
    arena.free(at, bytes)
  }

  /** Writes the blocks of all steps: the last thing before the plan can run. @throws ABI_MISMATCH */
  protected writeBlocks(): void {
    let at = this.take(blocksBytes(this.plan.steps))
    for (const step of this.plan.steps) {
      this.kernels.push(this.write(step, at))
      this.blocks.push(at)
      at += aligned(blockBytes(step.kernel))
    }
  }

  private write(step: Step, at: number): Kernel {
    const kernel = this.instance.kernels[step.kernel]
    if (!kernel) throw new OctavoError('ABI_MISMATCH', `the WebAssembly module has no kernel ${step.kernel}. Use a TIER.wasm from the same package.`, { kernel: step.kernel })
    writeBlock(this.shared.arena.view, at, step.kernel, step.params, (operand) => this.addressOf(operand))
    return kernel
  }
}

const blocksBytes = (steps: readonly Step[]): number => steps.reduce((sum, s) => sum + aligned(blockBytes(s.kernel)), 64)
