import type { DType } from '../dtype.js'
import { invariant } from '../errors.js'
import type { Attribute, Graph, Node, TensorType } from '../graph/graph.js'
import { Tensor as Constant } from '../value.js'
import { lastFormat, type Kind, type MemoryFormat } from './kind.js'
import type { Quantizer } from './quantizer.js'
import { SCALAR_TYPES, storageLength, type ScalarType } from './scalar-type.js'

/** One operand of an operation while it is planned: what it is, and its contents where they are taken into the plan. */
export interface Operand {
  readonly kind: Kind
  readonly quantizer: Quantizer | undefined
  readonly constant: Constant | undefined
}

/** A result: a value of the graph, and what a tensor of it is called where that does not follow from the value's own type and dims. */
export interface Result {
  readonly value: string
  readonly shape?: readonly number[]
  readonly dtype?: ScalarType
  readonly format?: MemoryFormat
  readonly quantizer?: Quantizer
}

/** Writes down the graph of one operation for operands of given types: ONNX's operators, with names made up here. */
export class Recipe {
  readonly nodes: Node[] = []
  readonly constants = new Map<string, Constant>()
  /** Types of the operands that are read, by name; operand i is x{i}. */
  readonly types = new Map<string, TensorType>()
  private made = 0

  constructor(readonly operands: readonly (Operand | undefined)[]) {}

  has(i: number): boolean {
    return this.operands[i] !== undefined
  }

  operand(i: number): Operand {
    const operand = this.operands[i]
    invariant(operand, `an operation reads operand ${i}, which was not given`)
    return operand
  }

  /** Shape of operand `i`, channels first. */
  shape(i: number): readonly number[] {
    return this.operand(i).kind.shape
  }

  dtype(i: number): ScalarType {
    return this.operand(i).kind.dtype
  }

  /** Whether operand `i` lies channels-last. */
  isLast(i: number): boolean {
    return this.operand(i).kind.format !== 'contiguous'
  }

  /** Operand `i` as its storage has it, channels-last where it is that. `dims`: another shape of as many elements. */
  stored(i: number, dims?: readonly number[]): string {
    const name = `x${i}`
    const { kind, constant } = this.operand(i)
    const own = kind.dtype === 'quint4x2' ? [storageLength(kind.dtype, kind.numel)] : kind.physical
    const type: TensorType = { dtype: SCALAR_TYPES[kind.dtype].host, dims: dims ?? own }
    const before = this.constants.get(name) ?? this.types.get(name)
    invariant(!before || `${before.dims}` === `${type.dims}`, `an operation reads operand ${i} under two shapes`)
    if (constant) this.constants.set(name, before ? this.constants.get(name)! : dims ? new Constant(type.dtype, constant.data, dims) : constant)
    else this.types.set(name, type)
    return name
  }

  /** Operand `i` channels first. `dims`: another shape of as many elements. '' when it was not given, as ONNX leaves operands out. */
  x(i: number, dims?: readonly number[]): string {
    if (!this.has(i)) return ''
    if (!this.isLast(i)) return this.stored(i, dims)
    const rank = this.shape(i).length
    const first = this.node('Transpose', [this.stored(i)], { perm: [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, a) => a + 1)] })
    return dims ? this.reshape(first, dims) : first
  }

  /** Operand `i`, an image, channels last. */
  last(i: number): string {
    if (this.isLast(i)) return this.stored(i)
    const rank = this.shape(i).length
    return this.node('Transpose', [this.stored(i)], { perm: [0, ...Array.from({ length: rank - 2 }, (_, a) => a + 2), 1] })
  }

  /** A result that lies channels-last. */
  lastResult(value: string, rank: number, rest: Omit<Result, 'value' | 'format'> = {}): Result {
    const format = lastFormat(rank)
    invariant(format, `a value of rank ${rank} has no channels-last format`)
    return { value, format, ...rest }
  }

  /** One node with one output. `op` is an opKey: `Conv`, `com.microsoft:QLinearAdd`. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute | undefined>> = {}): string {
    return this.outputs(1, op, inputs, attributes)[0]!
  }

  /** One node with `count` outputs. */
  outputs(count: number, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute | undefined>> = {}): string[] {
    const colon = op.indexOf(':')
    const name = `${op}#${this.made++}`
    const outputs = Array.from({ length: count }, (_, o) => `${name}.${o}`)
    const given = Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, Attribute] => entry[1] !== undefined))
    this.nodes.push({ name, op: op.slice(colon + 1), domain: colon < 0 ? '' : op.slice(0, colon), inputs: trimmed(inputs), outputs, attributes: given })
    return outputs
  }

  reshape(value: string, dims: readonly number[]): string {
    return this.node('Reshape', [value, this.ints(dims)], { allowzero: 1 })
  }

  constant(dtype: DType, data: ConstructorParameters<typeof Constant>[1], dims?: readonly number[]): string {
    const name = `c${this.made++}`
    this.constants.set(name, new Constant(dtype, data, dims))
    return name
  }

  /** An int64 vector. */
  ints(values: readonly number[]): string {
    return this.constant('int64', values.map(BigInt), [values.length])
  }

  floats(values: ArrayLike<number>, dims: readonly number[] = [values.length]): string {
    return this.constant('float32', Float32Array.from(values), dims)
  }

  /** One number of a type that a graph has. */
  scalar(dtype: DType, value: number): string {
    return this.constant(dtype, dtype === 'int64' ? [BigInt(Math.trunc(value))] : [value], [])
  }

  /** The graph whose outputs are these values. */
  graph(name: string, results: readonly Result[]): Graph {
    const inputs = [...this.types].map(([input, { dtype, dims }]) => ({ name: input, dtype, dims }))
    const outputs = results.map(({ value }) => ({ name: value, dtype: 'float32' as const, dims: null }))
    return { name, inputs, outputs, nodes: this.nodes, constants: this.constants }
  }
}

/** Operands that are left out at the end are not written. */
function trimmed(inputs: readonly string[]): string[] {
  let count = inputs.length
  while (count && !inputs[count - 1]) count--
  return inputs.slice(0, count)
}
