import { elementCount, type DType } from '../dtype.js'
import { OctavoError, type ErrorCode } from '../errors.js'
import { toInts, type Tensor } from '../value.js'
import { opKey, type Attribute, type Graph, type Node, type TensorType } from './graph.js'

/** What a rule may ask about values: their types, and their contents where those are known before the plan runs. */
export interface Values {
  typeOf(value: string): TensorType | undefined
  constantOf(value: string): Tensor | undefined
}

/**
 * One node as the rules of graph/infer and plan/lower see it: typed access to inputs and attributes, each of which fails
 * with a coded error that names the node.
 */
export class NodeView {
  constructor(readonly node: Node, protected readonly values: Values) {}

  get op(): string {
    return this.node.op
  }

  /** Number of inputs written in the file, absent ones included. */
  get inputCount(): number {
    return this.node.inputs.length
  }

  /** Whether optional input `i` is given. */
  has(i: number): boolean {
    return !!this.node.inputs[i]
  }

  /** Whether output `o` is named, that is, asked for. */
  wants(o: number): boolean {
    return !!this.node.outputs[o]
  }

  /** Element type and dims of input `i`. @throws GRAPH_INVALID when it is absent */
  input(i: number): TensorType {
    const name = this.node.inputs[i]
    if (!name) this.fail('GRAPH_INVALID', `input ${i} is required but absent. Re-export the model`)
    const type = this.values.typeOf(name)
    if (!type) this.fail('GRAPH_INVALID', `input ${i} ("${name}") is not produced by any node before this one. Check the order of the nodes`)
    return type
  }

  /** Dims of input `i`. */
  dims(i: number): readonly number[] {
    return this.input(i).dims
  }

  /** The contents of input `i` when they are known before the plan runs. */
  constant(i: number): Tensor | undefined {
    const name = this.node.inputs[i]
    return name ? this.values.constantOf(name) : undefined
  }

  /** The contents of input `i`, which decides a shape and so must be known. @throws OP_UNSUPPORTED when it is computed from data */
  required(i: number, what: string): Tensor {
    this.input(i)
    return this.constant(i) ?? this.fail('OP_UNSUPPORTED', `input ${i} (${what}, "${this.node.inputs[i]}") depends on the data of a run, so no plan can be made. Make it a constant or a graph input`)
  }

  /** Input `i` as integers that decide a shape; `fallback` when the input is absent. */
  ints(i: number, what: string, fallback?: readonly number[]): readonly number[] {
    if (!this.has(i) && fallback) return fallback
    return toInts(this.required(i, what))
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes[name]
  }

  int(name: string, fallback?: number): number {
    return this.typed(name, 'an integer', (v): v is number => typeof v === 'number' && Number.isInteger(v), fallback)
  }

  float(name: string, fallback?: number): number {
    return this.typed(name, 'a number', (v): v is number => typeof v === 'number', fallback)
  }

  string(name: string, fallback?: string): string {
    return this.typed(name, 'a string', (v): v is string => typeof v === 'string', fallback)
  }

  intList(name: string, fallback?: readonly number[]): readonly number[] {
    return this.typed(name, 'a list of integers', (v): v is readonly number[] => Array.isArray(v) && v.every((x) => Number.isInteger(x)), fallback)
  }

  floatList(name: string, fallback?: readonly number[]): readonly number[] {
    return this.typed(name, 'a list of numbers', (v): v is readonly number[] => Array.isArray(v) && v.every((x) => typeof x === 'number'), fallback)
  }

  stringList(name: string, fallback?: readonly string[]): readonly string[] {
    return this.typed(name, 'a list of strings', (v): v is readonly string[] => Array.isArray(v) && v.every((x) => typeof x === 'string'), fallback)
  }

  subgraph(name: string): Graph {
    return this.typed(name, 'a graph', (v): v is Graph => typeof v === 'object' && 'nodes' in v)
  }

  private typed<T extends Attribute>(name: string, kind: string, is: (v: Attribute) => v is T, fallback?: T): T {
    const value = this.node.attributes[name]
    if (value === undefined) return fallback ?? this.fail('ATTRIBUTE_UNSUPPORTED', `attribute "${name}" is required but absent. Re-export the model`)
    return is(value) ? value : this.fail('ATTRIBUTE_UNSUPPORTED', `attribute "${name}" must be ${kind}, got ${describe(value)}`)
  }

  /** `axis` counted from the front. @throws ATTRIBUTE_UNSUPPORTED when it is outside [-rank, rank) */
  axis(axis: number, rank: number): number {
    const at = axis < 0 ? axis + rank : axis
    return at >= 0 && at < rank ? at : this.fail('ATTRIBUTE_UNSUPPORTED', `axis ${axis} is outside [${-rank}, ${rank - 1}] for a value of rank ${rank}`)
  }

  /** Checks that input `i` has one of these element types. @throws DTYPE_MISMATCH */
  expectDType(i: number, ...allowed: DType[]): DType {
    const { dtype } = this.input(i)
    return allowed.includes(dtype) ? dtype : this.fail('DTYPE_MISMATCH', `input ${i} ("${this.node.inputs[i]}"): expected ${allowed.join(' or ')}, got ${dtype}`)
  }

  /** Checks that input `i` has this rank. @throws SHAPE_MISMATCH */
  expectRank(i: number, ...ranks: number[]): readonly number[] {
    const dims = this.dims(i)
    return ranks.includes(dims.length) ? dims : this.fail('SHAPE_MISMATCH', `input ${i} ("${this.node.inputs[i]}"): expected rank ${ranks.join(' or ')}, got [${dims}]`)
  }

  /** A type, checked: dims must be non-negative integers whose product stays below 2³¹ bytes' worth of elements. */
  make(dtype: DType, dims: readonly number[]): TensorType {
    const count = elementCount(dims)
    if (!dims.every((d) => Number.isSafeInteger(d) && d >= 0) || !(count < 2 ** 31))
      this.fail('SHAPE_MISMATCH', `its output would have dims [${dims}]: each must be a non-negative integer and all together below 2^31 elements. Check the shapes it is given`)
    return { dtype, dims }
  }

  /** Raises a coded error that names the node. */
  fail(code: ErrorCode, what: string, details: Record<string, unknown> = {}): never {
    throw new OctavoError(code, `${opKey(this.node)} "${this.node.name}": ${what}.`, { node: this.node.name, op: opKey(this.node), ...details })
  }
}

const describe = (value: Attribute): string => (typeof value === 'object' && 'nodes' in value ? 'a graph' : JSON.stringify(value) ?? typeof value).slice(0, 60)
