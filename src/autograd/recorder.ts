import type { Attribute, Op } from './dispatch.js'
import type { Tensor } from './tensor-base.js'

/** Sees what happens to tensors while a module is traced. */
export interface Recorder {
  /** An operation gave `results`. */
  operation<A extends readonly Attribute[]>(op: Op<A>, attributes: A, inputs: readonly (Tensor | undefined)[], results: readonly Tensor[]): void
  /** The elements of `target` become those of `source`, which lie in the same order. Throws where that cannot be written down. */
  written(target: Tensor, source: Tensor): void
  /** The host reads (or writes) elements. Throws where they follow from what is traced. */
  read(tensor: Tensor): void
  /** Random numbers are drawn. Throws. */
  random(): void
}

/** Who watches now. */
export let recorder: Recorder | undefined

/** Runs `body` with `by` watching; undefined: nobody. */
export function recording<T>(by: Recorder | undefined, body: () => T): T {
  const before = recorder
  recorder = by
  try {
    return body()
  } finally {
    recorder = before
  }
}
