import { OctavoError } from '../errors.js'
import { ABI } from './abi.js'
import { accepts } from './probe.js'
import { TIERS, type Tier } from './tiers.js'

/** A compiled module of one tier, and how it came to be chosen. Modules are shared by every session that uses the tier. */
export interface LoadedTier {
  readonly tier: Tier
  readonly module: WebAssembly.Module
  /** One line: "asked for", "best this host accepts", or why better tiers were passed over. */
  readonly reason: string
  /** Bits of Capability, learned by running the module. */
  readonly capabilities: number
}

/** How a host gets a tier's module: compiled bytes of TIER.wasm. */
export type Compile = (tier: Tier) => Promise<WebAssembly.Module>

/** An instance with a memory of its own. */
export interface Instance {
  readonly memory: WebAssembly.Memory
  readonly heapBase: number
  readonly tier: Tier
  readonly kernels: Readonly<Record<string, (block: number) => void>>
}

/** The module's exported `tier`, see assembly/index.ts. */
const BY_NUMBER: readonly Tier[] = ['scalar', 'simd', 'relaxed']

/** Instantiates a tier's module with a fresh memory. @throws ABI_MISMATCH when it is not one of Octavo's */
export function instantiate(module: WebAssembly.Module): Instance {
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536 })
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } })
    const { abi, heapBase, tier } = exports as Record<string, WebAssembly.Global | undefined>
    if (abi?.value !== ABI) throw new Error(`its abi is ${abi?.value as number}, expected ${ABI}`)
    return { memory, heapBase: heapBase!.value as number, tier: BY_NUMBER[tier!.value as number]!, kernels: exports as never }
  } catch (cause) {
    throw new OctavoError('ABI_MISMATCH', `the WebAssembly module is not one of this version of Octavo (${(cause as Error).message}). Use a TIER.wasm from the same package.`, {}, cause)
  }
}

/**
 * Runs the relaxed dot product on known operands, both before and after the host's optimising compiler has had the
 * chance to replace the code, and returns the Capability bits that hold. A module validates on hosts whose baseline compiler
 * computes it wrongly, so acceptance is not enough.
 */
export function knownAnswers(instance: Instance): number {
  const probe = instance.kernels['relaxed_probe']
  if (!probe) return 0
  const at = instance.heapBase + 64 - (instance.heapBase % 64)
  const word = at + 64
  const view = new DataView(instance.memory.buffer)
  view.setUint32(at, word, true)
  let bits = ~0
  for (let i = 0; i < 64; i++) {
    probe(at)
    bits &= view.getUint32(word, true)
  }
  return bits
}

/** The tier of a module that the caller compiled: what it computes decides. @throws TIER_UNAVAILABLE, ABI_MISMATCH */
export function adopt(module: WebAssembly.Module): LoadedTier {
  const instance = instantiate(module)
  const capabilities = knownAnswers(instance)
  if (instance.tier === 'relaxed' && !capabilities) throw unavailable('relaxed', ['relaxed: its known-answer test failed on this host'])
  return { tier: instance.tier, module, reason: 'module given by the caller', capabilities }
}

const unavailable = (asked: string, tried: readonly string[]): OctavoError =>
  new OctavoError('TIER_UNAVAILABLE', `asked for tier ${asked}, this host cannot run it: ${tried.join('; ')}. Leave the tier open, or use another host.`, { asked, tried })

const loaded = new Map<Compile, Map<Tier, Promise<LoadedTier | string>>>()

/** Loads a tier once per way of compiling; a string says why it cannot be used here. */
function load(tier: Tier, compile: Compile): Promise<LoadedTier | string> {
  let tiers = loaded.get(compile)
  if (!tiers) loaded.set(compile, (tiers = new Map()))
  let result = tiers.get(tier)
  if (!result) {
    result = attempt(tier, compile)
    tiers.set(tier, result)
    result.catch(() => tiers.delete(tier))
  }
  return result
}

async function attempt(tier: Tier, compile: Compile): Promise<LoadedTier | string> {
  if (!accepts(tier)) return `${tier}: this host does not accept its instructions`
  const module = await compile(tier)
  const capabilities = knownAnswers(instantiate(module))
  if (tier === 'relaxed' && !capabilities) return `${tier}: its known-answer test failed on this host`
  return { tier, module, reason: '', capabilities }
}

/**
 * The best tier this host can run, or exactly the one asked for.
 *
 * @param asked 'auto', or a tier's name: then there is no fallback
 * @throws TIER_UNAVAILABLE (asked, tried and why), OPTION_INVALID, SOURCE_UNREADABLE from `compile`
 */
export async function chooseTier(asked: Tier | 'auto', compile: Compile): Promise<LoadedTier> {
  if (asked !== 'auto' && !TIERS.includes(asked)) throw new OctavoError('OPTION_INVALID', `option tier: expected auto, ${TIERS.join(', ')}, got ${String(asked)}.`, { tier: asked })
  const tried: string[] = []
  for (const tier of asked === 'auto' ? TIERS : [asked]) {
    const result = await load(tier, compile)
    if (typeof result !== 'string') return { ...result, reason: [asked === 'auto' ? 'best this host runs' : 'asked for', ...tried].join('; ') }
    tried.push(result)
  }
  throw unavailable(asked, tried)
}
