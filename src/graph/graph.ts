import type { DType } from '../dtype.js'
import type { Tensor } from '../value.js'

/**
 * The graph both doors end in: ONNX's vocabulary at its newest opset (formats/ upgrade older forms while reading), nodes
 * in topological order, every value named and written once. Nothing here is changed after it is built; a pass returns a
 * new graph that shares what it kept.
 */
export interface Graph {
  readonly name: string
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly nodes: readonly Node[]
  /** Values known before any input is: initializers and, after folding, whatever follows from them. */
  readonly constants: ReadonlyMap<string, Tensor>
  /** What the file says about itself, for people and tools (labels, author, licence). */
  readonly metadata?: ReadonlyMap<string, string>
  /**
   * Set for graphs of traced modules, whose bits are those of the modules: every rounding stays where the nodes say it. These operators (op_type) add up
   * elements in the order that the graph has, and keep it.
   */
  readonly exact?: ReadonlySet<string>
}

export interface Node {
  /** Unique within its graph; made up from the operator and the position where the file gives none. */
  readonly name: string
  /** ONNX op_type. */
  readonly op: string
  /** '' for ai.onnx, 'com.microsoft' for ONNX Runtime's contributed operators. */
  readonly domain: string
  /** Names of values; '' for an optional input that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** Integers are numbers (int64 beyond ±2⁵³ clamped there); a subgraph sees the values of the graph around it. */
export type Attribute = number | string | readonly number[] | readonly string[] | Tensor | Graph

/** What a file declares of an input or output: a dim is a number, a symbol, or null where it says nothing; dims is null when even the rank is open. A subgraph may leave its types to inference: float32 and null then. */
export interface ValueInfo {
  readonly name: string
  readonly dtype: DType
  readonly dims: readonly (number | string | null)[] | null
  /** Of an output: its elements may be given in any order, under another name (passes/layout.ts). */
  readonly anyOrder?: boolean
}

/**
 * A value's element type and dims when a plan is made: always concrete. `bound` marks an axis whose length is an upper
 * bound until the plan has run (NonZero, NonMaxSuppression).
 */
export interface TensorType {
  readonly dtype: DType
  readonly dims: readonly number[]
  readonly bound?: number
}

/** The key of a rule table: `Conv`, `com.microsoft:QLinearAdd`. */
export const opKey = (node: Pick<Node, 'op' | 'domain'>): string => (node.domain ? `${node.domain}:${node.op}` : node.op)
