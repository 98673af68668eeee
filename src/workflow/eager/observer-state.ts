import { OctavoError } from '../../errors.js'
import type { Module } from '../../nn/module.js'
import { ActivationPostProcess } from '../../nn/observing/observer.js'
import { POST_PROCESS } from '../../nn/quantized/from-float.js'
import { LoadReport, StateDict } from '../../nn/state-dict.js'

const KEY = 'activation_post_process'

/** What the observers of a prepared model have seen: the entries of its state dict that are theirs. torch's get_observer_state_dict. */
export function getObserverStateDict(model: Module): StateDict {
  const all = model.stateDict()
  const state = new StateDict([...all].filter(([key]) => key.includes(KEY)))
  for (const [name, version] of all.metadata) state.metadata.set(name, version)
  return state
}

/**
 * Puts such a state into the observers of a model prepared alike; entries of other models are left alone, as in PyTorch. torch's load_observer_state_dict.
 *
 * @throws STATE_DICT_MISMATCH for entries that are missing or do not fit
 */
export function loadObserverStateDict(model: Module, state: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>): void {
  const report = new LoadReport()
  const source = StateDict.of(state)
  for (const [name, module] of model.namedModules()) if (module instanceof ActivationPostProcess) module.loadFromStateDict(source, name ? `${name}.` : '', report)
  const { missing, mismatched } = report
  if (missing.length || mismatched.length)
    throw new OctavoError('STATE_DICT_MISMATCH', `loadObserverStateDict: ${[...(missing.length ? [`missing: ${missing.join(', ')}`] : []), ...mismatched].join('; ')}. Load the state of a model that was prepared alike.`, { missing, mismatched })
}

/** What observes results in a prepared model, by name: `conv.activation_post_process`. torch's _get_observer_dict. */
export function getObserverDict(model: Module, prefix = ''): Map<string, Module> {
  const observers = new Map<string, Module>()
  for (const [name, module] of model.namedModules(prefix)) {
    const observer = (module as unknown as Record<string, unknown>)[POST_PROCESS]
    if (observer) observers.set(`${name ? `${name}.` : ''}${KEY}`, observer as Module)
  }
  return observers
}
