import { OctavoError } from '../errors.js'
import type { LoadedTier } from '../runtime/load.js'
import { CallCache } from './call-cache.js'
import { EagerExecutor } from './eager-executor.js'

/** What every eager operation runs on. */
export interface EagerRuntime {
  readonly tier: LoadedTier
  readonly executor: EagerExecutor
  readonly calls: CallCache
}

let current: EagerRuntime | undefined

/** Makes `tier` the one that eager operations run on from now on. */
export function startEager(tier: LoadedTier): EagerRuntime {
  const executor = new EagerExecutor(tier)
  return (current = { tier, executor, calls: new CallCache(executor) })
}

/** Whether init() has been awaited. */
export const isStarted = (): boolean => current !== undefined

/** @throws NOT_INITIALIZED */
export function eager(): EagerRuntime {
  if (!current) throw new OctavoError('NOT_INITIALIZED', 'no operation on tensors can run yet: `await torch.init()` once, first.')
  return current
}
