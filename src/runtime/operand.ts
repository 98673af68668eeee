/**
 * An address in a plan, before the plan is bound to memory: a named storage (a value's, a packed weight's, a static
 * table's) plus a byte offset. `NULL` is address 0, for operands a kernel does not use.
 */
export interface Operand {
  readonly storage: number
  readonly offset: number
}

export const NULL: Operand = { storage: -1, offset: 0 }

/** The same storage, `bytes` further on. */
export const at = (operand: Operand, bytes: number): Operand => ({ storage: operand.storage, offset: operand.offset + bytes })
