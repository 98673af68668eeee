import { OctavoError } from '../errors.js'
import { ABI, LAYOUTS, type KernelName, type ParamsOf } from './abi.train.js'
import { fieldsOf, writeFields } from './kernels.js'
import { Arena, aligned } from './memory.js'
import type { Operand } from './operand.js'
import { accepts } from './probe.js'

/** The compiled training modules, best first: nothing in them gains from relaxed instructions. */
export const TRAIN_TIERS = ['simd', 'scalar'] as const
export type TrainTier = (typeof TRAIN_TIERS)[number]

/** The module's exported `tier`, see assembly/index.train.ts. */
const BY_NUMBER: readonly TrainTier[] = ['scalar', 'simd']

const layouts = new Map(fieldsOf(LAYOUTS))
const largestBlock = 4 * Math.max(...[...layouts.values()].map((fields) => fields.length))
/** Scratch is a few histograms and one tensor; wasm's own limit is far away. */
const LIMIT = 2 ** 31

/** An address in the arena, as kernels' operands. */
export const address = (at: number): Operand => ({ storage: 0, offset: at })

/**
 * One instance of the training module (observers, later training) with a memory of its own. Calls are synchronous; operands are addresses that
 * `arena` handed out.
 */
export class TrainModule {
  readonly arena: Arena
  private readonly block: number

  private constructor(readonly tier: TrainTier, memory: WebAssembly.Memory, heapBase: number, private readonly kernels: Readonly<Record<string, (block: number) => void>>) {
    this.arena = new Arena(memory, heapBase, LIMIT)
    this.block = this.arena.allocate(aligned(largestBlock))
  }

  /** @throws ABI_MISMATCH when `module` is not a train.TIER.wasm of this version */
  static from(module: WebAssembly.Module): TrainModule {
    const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536 })
    try {
      const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, WebAssembly.Global | undefined>
      if (exports['abi']?.value !== ABI) throw new Error(`its abi is ${exports['abi']?.value as number}, expected ${ABI}`)
      return new TrainModule(BY_NUMBER[exports['tier']!.value as number]!, memory, exports['heapBase']!.value as number, exports as never)
    } catch (cause) {
      throw new OctavoError('ABI_MISMATCH', `the WebAssembly module is not a training module of this version of Octavo (${(cause as Error).message}). Use a train.TIER.wasm from the same package.`, {}, cause)
    }
  }

  /** Runs one kernel. What it may be given is in assembly/abi.train.ts; nothing is checked here. */
  call<K extends KernelName>(kernel: K, params: ParamsOf<K>): void {
    writeFields(this.arena.view, this.block, layouts.get(kernel)!, params as unknown as Record<string, number | Operand>, (operand) => operand.offset)
    this.kernels[kernel]!(this.block)
  }

  /** A float64 view of arena memory, good until the arena grows. */
  doubles(at: number, count: number): Float64Array {
    return new Float64Array(this.arena.memory.buffer, at, count)
  }

  /** A float32 view of arena memory, good until the arena grows. */
  floats(at: number, count: number): Float32Array {
    return new Float32Array(this.arena.memory.buffer, at, count)
  }
}

/**
 * The best training module this host can run, or exactly the tier asked for.
 *
 * @param compile how the host gets train.TIER.wasm: called with 'train.simd' or 'train.scalar'
 * @throws TIER_UNAVAILABLE, OPTION_INVALID, ABI_MISMATCH, and what `compile` throws
 */
export async function loadTrainModule(asked: TrainTier | 'auto', compile: (file: string) => Promise<WebAssembly.Module>): Promise<TrainModule> {
  if (asked !== 'auto' && !TRAIN_TIERS.includes(asked)) throw new OctavoError('OPTION_INVALID', `option tier: expected auto, ${TRAIN_TIERS.join(', ')}, got ${String(asked)}.`, { tier: asked })
  const tier = asked === 'auto' ? TRAIN_TIERS.find(accepts)! : asked
  if (!accepts(tier)) throw new OctavoError('TIER_UNAVAILABLE', `asked for tier ${tier} of the training module, this host does not accept its instructions. Leave the tier open, or use another host.`, { asked, tried: [tier] })
  return TrainModule.from(await compile(`train.${tier}`))
}
