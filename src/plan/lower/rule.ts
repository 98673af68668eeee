import type { TypedArray } from '../../dtype.js'
import type { TensorType } from '../../graph/graph.js'
import type { NodeView } from '../../graph/node-view.js'
import type { KernelName, ParamsOf } from '../../runtime/abi.js'
import type { Operand } from '../../runtime/operand.js'

/**
 * One node while it becomes steps. Rules describe; they never touch memory. Inference has already checked types and
 * shapes, and a node whose outputs are all empty is never lowered.
 */
export interface Lowering extends NodeView {
  /** Type of output `o`. */
  output(o?: number): TensorType
  /** Address of input `i`. A constant is placed in the arena once, as it is in the file. */
  in(i: number): Operand
  /** Address of output `o`. */
  out(o?: number): Operand
  /** Appends a step. `macs`: multiply-accumulates it does, for reports. */
  emit<K extends KernelName>(kernel: K, params: ParamsOf<K>, macs?: number): void
  /** Bits of Capability: what the relaxed instructions mean on this host; 0 in the other tiers. */
  readonly capabilities: number
  /** Address of an int32 where a step writes the real length of output `o` along its `bound` axis. */
  count(o: number): Operand
  /** Bytes that live through this node's steps only (64-byte aligned, not zeroed). */
  scratch(bytes: number): Operand
  /** Read-only data that the plan carries: strides, tables, multipliers. */
  table(data: TypedArray): Operand
  /**
   * Memory that is computed once, when the plan is loaded, by the steps that `fill` emits: packed weights. While `fill`
   * runs, `emit` appends to the plan's prologue and `in(i)` of a constant gives a staging copy that is freed afterwards.
   * `key` names the content within the session (operator, packing, everything that changes the bytes; the constants named by
   * `sources` are part of it already), so that plans for other shapes share it. When an input listed in `sources` is not a
   * constant, the same steps run in every run and the memory is scratch of this node.
   */
  pack(key: string, bytes: number, sources: readonly number[], fill: (target: Operand) => void): Operand
  /** Output `o` is input `i`'s bytes under another shape; no step is needed. */
  alias(o: number, i: number): void
  /** Says that output `o` may be written over input `i` (same byte size, elementwise); the planner does so when nobody else reads `i`. Call before in()/out(). */
  mayOverwrite(o: number, i: number): void
}

export type LowerRule = (l: Lowering) => void
export type LowerTable = Readonly<Record<string, LowerRule>>
