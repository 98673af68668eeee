import type { Kind } from './kind.js'
import type { Quantizer } from './quantizer.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

export type { Tensor }

let make: ((storage: Storage, kind: Kind, quantizer?: Quantizer, offset?: number) => Tensor) | undefined

/** Tensor's file gives its constructor here: operations make tensors, and tensors' methods are operations. */
export function useTensor(constructor: NonNullable<typeof make>): void {
  make = constructor
}

/** A tensor of kind `kind` over `storage` from element `offset` on. */
export const newTensor = (storage: Storage, kind: Kind, quantizer?: Quantizer, offset = 0): Tensor => make!(storage, kind, quantizer, offset)
