import { compilerFor, environment } from '../../platform/host.js'
import { useTrainModule } from '../../quantization/kernels.js'
import { chooseTier, type LoadedTier } from '../../runtime/load.js'
import { loadTrainModule, type TrainTier } from '../../runtime/train.js'
import type { Tier } from '../../runtime/tiers.js'
import type { HostOptions } from './options.js'

const ready = new Map<string, Promise<void>>()

const tierOf = ({ tier }: HostOptions): Tier | 'auto' => tier ?? (environment('OCTAVO_TIER') as Tier | undefined) ?? 'auto'

/** Loads the module whose loops observers run; whoever makes observers by hand calls it first. @throws TIER_UNAVAILABLE, ABI_MISMATCH, SOURCE_UNREADABLE */
export function initObservers(options: HostOptions = {}): Promise<void> {
  const train: TrainTier | 'auto' = tierOf(options) === 'scalar' ? 'scalar' : 'auto' // there is no relaxed one
  const key = `${train} ${String(options.wasmFolder ?? '')}`
  let loading = ready.get(key)
  if (!loading) {
    loading = loadTrainModule(train, compilerFor(options.wasmFolder)).then(useTrainModule)
    ready.set(key, loading)
    loading.catch(() => ready.delete(key))
  }
  return loading
}

/** The module that runs float graphs, after the one of observers was loaded too; both come from the same folder. @throws as initObservers */
export async function loadModules(options: HostOptions): Promise<LoadedTier> {
  const [loaded] = await Promise.all([chooseTier(tierOf(options), compilerFor(options.wasmFolder)), initObservers(options)])
  return loaded
}
