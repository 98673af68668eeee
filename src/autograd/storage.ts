import type { TypedArray } from '../dtype.js'
import type { Tensor as Constant } from '../value.js'

let next = 0

/** The elements that one tensor or several views of it share: an ordinary array, which the host collects. */
export class Storage {
  readonly id = next++
  /** Grows with every write. */
  version = 0
  /** A parameter or buffer of a module: its contents are taken into plans, where weights are packed once. */
  held = false
  /** What plans call these elements, by version. */
  constant: { readonly version: number; readonly offset: number; readonly kind: number; readonly tensor: Constant } | undefined

  constructor(readonly array: TypedArray) {}
}
