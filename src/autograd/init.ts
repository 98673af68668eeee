import { OctavoError } from '../errors.js'
import { compilerFor, environment } from '../platform/host.js'
import { adopt, chooseTier } from '../runtime/load.js'
import type { Tier } from '../runtime/tiers.js'
import { eager, isStarted, startEager } from './runtime.js'

export interface InitOptions {
  /** 'auto' (the default), or a tier by name: then there is no fallback. Node, Deno and Bun also read OCTAVO_TIER. */
  readonly tier?: Tier | 'auto'
  /** A compiled TIER.wasm, for hosts that forbid compiling; it decides the tier. */
  readonly module?: WebAssembly.Module
  /** Folder (path or URL) that holds the TIER.wasm files; beside this module by default. */
  readonly wasmFolder?: string | URL
}

/** What eager operations run on. */
export interface InitInfo {
  readonly tier: Tier
  readonly reason: string
}

type Loader = (options: InitOptions) => Promise<void>
const loaders: Loader[] = []

/** Lets init() load something else, too: called by modules that need it. */
export function alsoLoad(loader: Loader): void {
  loaders.push(loader)
}

/**
 * Loads what operations on tensors run on: once, before the first. Later calls tell what is loaded.
 *
 * @throws TIER_UNAVAILABLE, OPTION_INVALID (another tier than the one that runs already), ABI_MISMATCH, SOURCE_UNREADABLE
 */
export async function init(options: InitOptions = {}): Promise<InitInfo> {
  const { tier, module, wasmFolder } = options
  if (!isStarted()) {
    const asked = tier ?? (environment('OCTAVO_TIER') as Tier | undefined) ?? 'auto'
    const loaded = module ? adopt(module) : await chooseTier(asked, compilerFor(wasmFolder))
    if (!isStarted()) startEager(loaded)
  }
  for (const load of loaders) await load(options)
  const running = eager().tier
  if (tier && tier !== 'auto' && tier !== running.tier) throw new OctavoError('OPTION_INVALID', `init: tier ${running.tier} runs already, ${tier} was asked for. Ask for it in the first call.`, { running: running.tier, asked: tier })
  return { tier: running.tier, reason: running.reason }
}
