import type { TypedArray } from '../dtype.js'
import type { TensorType } from '../graph/graph.js'
import type { KernelName, ParamsOf } from '../runtime/abi.js'
import type { Operand } from '../runtime/operand.js'
import type { Tensor } from '../value.js'

/** One kernel call. */
export interface Step<K extends KernelName = KernelName> {
  readonly kernel: K
  readonly params: ParamsOf<K>
  /** Node it came from, for profiles and errors. */
  readonly node: string
  readonly op: string
  /** Multiply-accumulates (or inner-loop turns), 0 where nobody counted. */
  readonly macs: number
}

/**
 * A stretch of memory that operands name by index.
 *   activation  written by steps; `offset` is its place in the plan's activation block
 *   fixed       read-only bytes the plan carries: constants of the model, tables
 *   packed      computed once from constants by a pack's steps
 *   staged      a constant's bytes while a pack runs
 */
export type Storage =
  | { readonly kind: 'activation'; readonly bytes: number; offset: number }
  | { readonly kind: 'fixed'; readonly bytes: number; readonly data: TypedArray; readonly tensor?: Tensor }
  | { readonly kind: 'packed'; readonly bytes: number; readonly pack: Pack }
  | { readonly kind: 'staged'; readonly bytes: number; readonly data: TypedArray }

/** Packed weights and how to compute them. Plans of one session share what has the same sources and key. */
export interface Pack {
  readonly key: string
  readonly sources: readonly Tensor[]
  readonly storage: number
  /** Storages that only the steps below use; they share the activation block. */
  readonly temporary: readonly number[]
  readonly steps: readonly Step[]
}

/** A graph input or output and where it lies. */
export interface Port {
  readonly name: string
  readonly type: TensorType
  readonly at: Operand
  /** For a bounded type: an int32 that holds the real length of axis `type.bound` after a run. */
  readonly count?: Operand
}

/**
 * What runs: a flat list of steps over storages. It depends on the graph, the input shapes and the host's capabilities,
 * and on no memory; bind.ts gives it addresses.
 */
export interface Plan {
  readonly steps: readonly Step[]
  readonly packs: readonly Pack[]
  readonly storages: readonly Storage[]
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /** Size of the activation block. */
  readonly activationBytes: number
  readonly macs: number
}
