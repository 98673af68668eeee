import { compilerFor, environment } from '../../platform/host.js'
import { useTrainModule } from '../../quantization/kernels.js'
import { chooseTier, type LoadedTier } from '../../runtime/load.js'
import { loadTrainModule, type TrainTier } from '../../runtime/train.js'
import type { Tier } from '../../runtime/tiers.js'
import type { HostOptions } from './options.js'

const ready = new Map<string, Promise<void>>()

/** The module that runs float graphs, after the one of observers was loaded too; both come from the same folder. @throws TIER_UNAVAILABLE, ABI_MISMATCH, SOURCE_UNREADABLE */
export async function loadModules({ tier, wasmFolder }: HostOptions): Promise<LoadedTier> {
  const asked = tier ?? (environment('OCTAVO_TIER') as Tier | undefined) ?? 'auto'
  const compile = compilerFor(wasmFolder)
  const train: TrainTier | 'auto' = asked === 'scalar' ? 'scalar' : 'auto'
  const key = `${train} ${String(wasmFolder ?? '')}`
  if (!ready.has(key)) {
    const loading = loadTrainModule(train, (file) => compile(file)).then(useTrainModule)
    ready.set(key, loading)
    loading.catch(() => ready.delete(key))
  }
  const [loaded] = await Promise.all([chooseTier(asked, compile), ready.get(key)])
  return loaded
}
