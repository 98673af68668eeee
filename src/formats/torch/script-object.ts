import { malformed } from '../records.js'
import type { Stateful } from './pickle.js'

/** A TorchScript object in a state dict, such as packed parameters: its class and what it was saved from, as data. */
export class ScriptObject implements Stateful {
  /** Such as `__torch__.torch.classes.rnn.CellParamsBase`. */
  className: string
  /** Of LinearPackedParamsBase (weight, bias); of CellParamsBase (kind, tensors, doubles, integers, packed weights). */
  state: unknown

  constructor(className = '', state?: unknown) {
    this.className = className
    this.state = state
  }

  setState(state: unknown): void {
    const [inner, className] = Array.isArray(state) && state.length === 2 && typeof state[1] === 'string' ? state : malformed('ScriptObject', 'its state is no pair of data and class name')
    this.state = inner
    this.className = className as string
  }
}
