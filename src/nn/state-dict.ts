import type { Tensor } from '../autograd/tensor.js'

/**
 * What a module consists of, by PyTorch's names: tensors, and of quantized modules other values. `metadata` tells the version of each
 * module's entries, by the module's name.
 */
export class StateDict extends Map<string, unknown> {
  readonly metadata = new Map<string, { readonly version: number }>()

  /** A StateDict of entries; of an object's, in its order. */
  static of(entries: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>): StateDict {
    if (entries instanceof StateDict) return entries
    const state = new StateDict()
    for (const [name, value] of entries instanceof Map ? (entries as ReadonlyMap<string, unknown>) : Object.entries(entries)) state.set(name, value)
    return state
  }

  /** Another dictionary of the same values. */
  copy(): StateDict {
    const made = new StateDict(this)
    for (const [name, value] of this.metadata) made.metadata.set(name, value)
    return made
  }
}

/** What loading found wrong, gathered over all modules. */
export class LoadReport {
  readonly missing: string[] = []
  readonly unexpected: string[] = []
  /** What fits by name and not otherwise: one line each. */
  readonly mismatched: string[] = []
}

/** Whether a value of a state dict is a tensor. */
export const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'storage' in value && 'kind' in value
