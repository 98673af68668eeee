import type { TypedArray } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { call, Op } from './dispatch.js'
import { kindOf, lastFormat, type Kind, type MemoryFormat } from './kind.js'
import * as elementwise from './ops/elementwise.js'
import * as products from './ops/matmul.js'
import * as movement from './ops/movement.js'
import * as reduce from './ops/reduce.js'
import type { Quantizer } from './quantizer.js'
import { recorder } from './recorder.js'
import { storageLength, type ScalarType } from './scalar-type.js'
import { axisOf, mismatch, resolveShape } from './shape.js'
import { Storage } from './storage.js'
import { useTensor } from './tensor-base.js'

/** Values as nested lists; a tensor without axes is a number (or boolean). */
export type NestedList = number | boolean | readonly NestedList[]
type Other = elementwise.Other
type Axes = reduce.Axes
/** A shape written as one list or as several arguments. */
type ShapeArguments = readonly [readonly number[]] | readonly number[]

/** What it computes comes with quantized tensors (addQuantizedKernel). */
const DEQUANTIZE = new Op<[]>('dequantize', (r) => [r.x(0)])

const shapeOf = (args: ShapeArguments): readonly number[] => (Array.isArray(args[0]) ? args[0] : args) as readonly number[]

/**
 * A tensor with PyTorch's words. Its elements lie in an ordinary array that the host collects: nothing is freed by hand.
 *
 * Storage is dense. `view`, `reshape`, `detach`, `select` and slices of rows share it; `transpose`, `permute`, `expand` and other slices, which are
 * views with strides in PyTorch, are new tensors here, so a write into them does not reach the tensor they come from.
 */
export class Tensor {
  /** Whether gradients are asked for. */
  requiresGrad = false
  private ownKey: string | undefined

  /** Tensors are made by `tensor`, `zeros`, `rand` and their like, and by operations. */
  constructor(readonly storage: Storage, readonly kind: Kind, readonly quantizer?: Quantizer, readonly offset = 0) {}

  get shape(): readonly number[] {
    return this.kind.shape
  }

  get dtype(): ScalarType {
    return this.kind.dtype
  }

  get ndim(): number {
    return this.kind.shape.length
  }

  /** Order of the elements in storage. */
  get memoryFormat(): MemoryFormat {
    return this.kind.format
  }

  get isQuantized(): boolean {
    return this.quantizer !== undefined
  }

  /** Names these elements in keys of plans that hold them. */
  get heldKey(): string {
    return (this.ownKey ??= `${this.kind.key}w${this.storage.id}.${this.offset}`)
  }

  /** The same storage without history. */
  get data(): Tensor {
    return this.detach()
  }

  /** All lengths, or that of one axis. */
  size(): readonly number[]
  size(dim: number): number
  size(dim?: number): number | readonly number[] {
    return dim === undefined ? this.shape : this.shape[axisOf(dim, this.ndim, 'size')]!
  }

  dim(): number {
    return this.ndim
  }

  /** Number of elements. */
  numel(): number {
    return this.kind.numel
  }

  isFloatingPoint(): boolean {
    return this.dtype.startsWith('float')
  }

  isContiguous(format: MemoryFormat = 'contiguous'): boolean {
    return this.kind.format === format
  }

  // ── elements

  /** The elements in storage order, as they are: not a copy. int64 is BigInt64Array, float16 raw bits, quantized types their codes. After writing here call `touch`. */
  elements(): TypedArray {
    recorder?.read(this)
    return this.raw()
  }

  private raw(): TypedArray {
    const { array } = this.storage
    const length = storageLength(this.dtype, this.numel())
    return this.offset === 0 && array.length === length ? array : array.subarray(this.offset, this.offset + length)
  }

  /** A row-major copy of the elements. */
  toArray(): TypedArray {
    return this.contiguous().elements().slice()
  }

  /** Says that the elements were written, so that what was derived from them is made anew. */
  touch(): this {
    this.storage.version++
    return this
  }

  /** The only element, as a number. @throws SHAPE_MISMATCH when there are more or none */
  item(): number {
    if (this.numel() !== 1) mismatch('item', 'a tensor of one element', this.shape)
    const plain = this.quantizer ? this.dequantize() : this
    return Number(plain.dtype === 'float16' ? plain.toType('float32').elements()[0] : plain.elements()[0])
  }

  /** Elements as nested lists (booleans where the type is bool, integers rounded to doubles). */
  toList(): NestedList {
    if (this.quantizer) return this.dequantize().toList()
    if (this.dtype === 'float16') return this.toType('float32').toList()
    const elements = this.contiguous().elements()
    const value = this.dtype === 'bool' ? (i: number) => elements[i] !== 0 : (i: number) => Number(elements[i])
    const list = (axis: number, from: number, count: number): NestedList => {
      if (axis === this.ndim) return value(from)
      const length = this.shape[axis]!
      return Array.from({ length }, (_, i) => list(axis + 1, from + (i * count) / length, count / length))
    }
    return list(0, 0, this.numel())
  }

  /** The real values of codes, as float32. */
  dequantize(): Tensor {
    return this.quantizer ? call(DEQUANTIZE, [this], []) : this.toType('float32')
  }

  // ── the same storage

  /** Another shape; −1 stands for what remains. Shares storage where the order allows. @throws SHAPE_MISMATCH */
  reshape(...shape: ShapeArguments): Tensor {
    const resolved = resolveShape(shapeOf(shape), this.numel(), 'reshape')
    const base = this.contiguous()
    return new Tensor(base.storage, kindOf(base.dtype, resolved), base.quantizer, base.offset)
  }

  /** As reshape, never a copy. @throws SHAPE_MISMATCH where the tensor lies channels-last */
  view(...shape: ShapeArguments): Tensor {
    if (!this.isContiguous()) mismatch('view', 'a contiguous tensor (use reshape)', this.memoryFormat)
    return this.reshape(shapeOf(shape))
  }

  /** Axes `start` to `end` as one. */
  flatten(start = 0, end = -1): Tensor {
    if (!this.ndim) return this.reshape(1)
    const [from, to] = [axisOf(start, this.ndim, 'flatten'), axisOf(end, this.ndim, 'flatten')]
    if (from > to) mismatch('flatten', 'a first axis before the last', [start, end])
    const count = this.shape.slice(from, to + 1).reduce((n, d) => n * d, 1)
    return from === to ? this : this.reshape([...this.shape.slice(0, from), count, ...this.shape.slice(to + 1)])
  }

  /** An axis cut into several. */
  unflatten(dim: number, sizes: readonly number[]): Tensor {
    const axis = axisOf(dim, this.ndim, 'unflatten')
    return this.reshape([...this.shape.slice(0, axis), ...resolveShape(sizes, this.shape[axis]!, 'unflatten'), ...this.shape.slice(axis + 1)])
  }

  /** Without axes of length 1, or without `dim` when its length is 1. */
  squeeze(dim?: number): Tensor {
    const axis = dim === undefined ? undefined : axisOf(dim, this.ndim, 'squeeze')
    return this.reshape(this.shape.filter((d, i) => d !== 1 || (axis !== undefined && i !== axis)))
  }

  /** With an axis of length 1 before axis `dim`. */
  unsqueeze(dim: number): Tensor {
    const axis = axisOf(dim, this.ndim + 1, 'unsqueeze')
    return this.reshape([...this.shape.slice(0, axis), 1, ...this.shape.slice(axis)])
  }

  /** Rows `from` to `from + count` of axis 0, over the same storage. */
  rows(from: number, count: number): Tensor {
    const [length, ...rest] = this.shape
    const row = storageLength(this.dtype, this.numel()) / (length || 1)
    if (!Number.isInteger(row)) return movement.slice(this.reshape([1, ...this.shape]), 1, from, from + count).reshape([count, ...rest])
    return new Tensor(this.storage, kindOf(this.dtype, [count, ...rest], this.memoryFormat), this.quantizer, this.offset + from * row)
  }

  /** Index `index` of axis `dim`, without that axis. Shares storage along axis 0. @throws INPUT_MISMATCH */
  select(dim: number, index: number): Tensor {
    const axis = axisOf(dim, this.ndim, 'select')
    const length = this.shape[axis]!
    const at = index < 0 ? index + length : index
    if (!(at >= 0 && at < length)) throw new OctavoError('INPUT_MISMATCH', `index ${index} is out of range for an axis of ${length}.`, { index, length })
    const rest = this.shape.filter((_, i) => i !== axis)
    return movement.slice(this, axis, at, at + 1).reshape(rest)
  }

  /** `length` indices of axis `dim` from `start` on. */
  narrow(dim: number, start: number, length: number): Tensor {
    const axis = axisOf(dim, this.ndim, 'narrow')
    if (!(start >= 0 && length >= 0 && start + length <= this.shape[axis]!)) mismatch('narrow', `a part of an axis of ${this.shape[axis]}`, [start, length])
    return movement.slice(this, axis, start, start + length)
  }

  /** The same storage without history. */
  detach(): Tensor {
    return new Tensor(this.storage, this.kind, this.quantizer, this.offset)
  }

  /** Says whether gradients are asked for. */
  requiresGrad_(requiresGrad = true): this {
    if (requiresGrad && !this.isFloatingPoint()) throw new OctavoError('DTYPE_MISMATCH', `only tensors of floats can require gradients, this one is ${this.dtype}.`)
    this.requiresGrad = requiresGrad
    return this
  }

  // ── new tensors

  /** A copy with storage of its own. */
  clone(): Tensor {
    const copy = new Tensor(new Storage(this.raw().slice()), this.kind, this.quantizer)
    recorder?.written(copy, this)
    return copy
  }

  /** Elements in this order of storage; itself where they are. @throws SHAPE_MISMATCH for a rank without that format */
  contiguous(format: MemoryFormat = 'contiguous'): Tensor {
    if (format !== 'contiguous' && lastFormat(this.ndim) !== format) mismatch(`contiguous(${format})`, `a tensor of ${format === 'channels_last' ? 4 : 5} axes`, this.shape)
    return movement.inFormat(this, format)
  }

  /** Another element type or memory format. */
  to(target: ScalarType | { readonly dtype?: ScalarType; readonly memoryFormat?: MemoryFormat }): Tensor {
    const { dtype, memoryFormat } = typeof target === 'string' ? { dtype: target, memoryFormat: undefined } : target
    const typed = dtype === undefined ? this : this.toType(dtype)
    return memoryFormat === undefined ? typed : typed.contiguous(memoryFormat)
  }

  toType(dtype: ScalarType): Tensor {
    return elementwise.toType(this, dtype)
  }

  float(): Tensor { return this.toType('float32') }
  double(): Tensor { return this.toType('float64') }
  int(): Tensor { return this.toType('int32') }
  long(): Tensor { return this.toType('int64') }
  bool(): Tensor { return this.toType('bool') }

  permute(...dims: ShapeArguments): Tensor { return movement.permute(this, shapeOf(dims)) }
  transpose(a: number, b: number): Tensor { return movement.transpose(this, a, b) }
  /** A matrix with its axes exchanged. */
  t(): Tensor { return this.ndim < 2 ? this : movement.transpose(this, 0, 1) }
  slice(dim: number, start?: number, end?: number, step?: number): Tensor { return movement.slice(this, dim, start, end, step) }
  split(size: number | readonly number[], dim?: number): Tensor[] { return movement.split(this, size, dim) }
  chunk(count: number, dim?: number): Tensor[] { return movement.chunk(this, count, dim) }
  expand(...shape: ShapeArguments): Tensor { return movement.expand(this, shapeOf(shape)) }
  repeat(...repeats: ShapeArguments): Tensor { return movement.repeat(this, shapeOf(repeats)) }
  flip(...dims: ShapeArguments): Tensor { return movement.flip(this, shapeOf(dims)) }
  indexSelect(dim: number, index: Tensor): Tensor { return movement.take(this, dim, index) }

  add(other: Other, { alpha = 1 }: { readonly alpha?: number } = {}): Tensor { return elementwise.add(this, other, alpha) }
  sub(other: Other, { alpha = 1 }: { readonly alpha?: number } = {}): Tensor { return elementwise.sub(this, other, alpha) }
  mul(other: Other): Tensor { return elementwise.mul(this, other) }
  div(other: Other): Tensor { return elementwise.div(this, other) }
  pow(other: Other): Tensor { return elementwise.pow(this, other) }
  maximum(other: Tensor): Tensor { return elementwise.maximum(this, other) }
  minimum(other: Tensor): Tensor { return elementwise.minimum(this, other) }
  eq(other: Other): Tensor { return elementwise.eq(this, other) }
  ne(other: Other): Tensor { return elementwise.ne(this, other) }
  lt(other: Other): Tensor { return elementwise.lt(this, other) }
  le(other: Other): Tensor { return elementwise.le(this, other) }
  gt(other: Other): Tensor { return elementwise.gt(this, other) }
  ge(other: Other): Tensor { return elementwise.ge(this, other) }
  neg(): Tensor { return elementwise.neg(this) }
  abs(): Tensor { return elementwise.abs(this) }
  exp(): Tensor { return elementwise.exp(this) }
  log(): Tensor { return elementwise.log(this) }
  sqrt(): Tensor { return elementwise.sqrt(this) }
  rsqrt(): Tensor { return elementwise.rsqrt(this) }
  reciprocal(): Tensor { return elementwise.reciprocal(this) }
  floor(): Tensor { return elementwise.floor(this) }
  ceil(): Tensor { return elementwise.ceil(this) }
  round(): Tensor { return elementwise.round(this) }
  sign(): Tensor { return elementwise.sign(this) }
  sigmoid(): Tensor { return elementwise.sigmoid(this) }
  tanh(): Tensor { return elementwise.tanh(this) }
  relu(): Tensor { return elementwise.relu(this) }
  clamp(min?: number, max?: number): Tensor { return elementwise.clamp(this, min, max) }

  matmul(other: Tensor): Tensor { return products.matmul(this, other) }
  mm(other: Tensor): Tensor { return products.matmul(this, other) }
  bmm(other: Tensor): Tensor { return products.matmul(this, other) }

  sum(dim?: Axes, keepdim?: boolean): Tensor { return reduce.sum(this, dim, keepdim) }
  mean(dim?: Axes, keepdim?: boolean): Tensor { return reduce.mean(this, dim, keepdim) }
  prod(dim?: Axes, keepdim?: boolean): Tensor { return reduce.prod(this, dim, keepdim) }
  amax(dim?: Axes, keepdim?: boolean): Tensor { return reduce.amax(this, dim, keepdim) }
  amin(dim?: Axes, keepdim?: boolean): Tensor { return reduce.amin(this, dim, keepdim) }
  var(dim?: Axes, keepdim?: boolean, correction?: number): Tensor { return reduce.variance(this, dim, keepdim, correction) }
  std(dim?: Axes, keepdim?: boolean, correction?: number): Tensor { return reduce.std(this, dim, keepdim, correction) }
  argmax(dim?: number, keepdim?: boolean): Tensor { return reduce.argmax(this, dim, keepdim) }
  argmin(dim?: number, keepdim?: boolean): Tensor { return reduce.argmin(this, dim, keepdim) }

  /** The largest element; with `dim` the largest along it and their indices. */
  max(): Tensor
  max(dim: number, keepdim?: boolean): { values: Tensor; indices: Tensor }
  max(dim?: number, keepdim?: boolean): Tensor | { values: Tensor; indices: Tensor } {
    return dim === undefined ? reduce.amax(this) : reduce.extremes(this, 'max', dim, keepdim)
  }

  /** The smallest element; with `dim` the smallest along it and their indices. */
  min(): Tensor
  min(dim: number, keepdim?: boolean): { values: Tensor; indices: Tensor }
  min(dim?: number, keepdim?: boolean): Tensor | { values: Tensor; indices: Tensor } {
    return dim === undefined ? reduce.amin(this) : reduce.extremes(this, 'min', dim, keepdim)
  }

  // ── in place

  /** Takes over the elements of `source`, which broadcasts to this shape, as this element type. @throws SHAPE_MISMATCH */
  copy_(source: Tensor): this {
    const { dtype, shape, format } = this.kind
    const same = `${source.shape}` === `${shape}` ? source : movement.expand(source, shape)
    const typed = this.quantizer || source.quantizer ? same : same.toType(dtype)
    if (typed.dtype !== dtype) throw new OctavoError('DTYPE_MISMATCH', `copy_: expected ${dtype}, got ${typed.dtype}.`, { expected: dtype, got: typed.dtype })
    const written = typed.contiguous(format)
    recorder?.written(this, written)
    this.raw().set(written.raw() as never)
    return this.touch()
  }

  fill_(value: number): this {
    const elements = this.elements()
    if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) elements.fill(BigInt(Math.trunc(value)))
    else elements.fill(this.dtype === 'bool' ? Number(value !== 0) : value)
    return this.touch()
  }

  zero_(): this { return this.fill_(0) }
  add_(other: Other, options?: { readonly alpha?: number }): this { return this.copy_(this.add(other, options)) }
  sub_(other: Other, options?: { readonly alpha?: number }): this { return this.copy_(this.sub(other, options)) }
  mul_(other: Other): this { return this.copy_(this.mul(other)) }
  div_(other: Other): this { return this.copy_(this.div(other)) }
  clamp_(min?: number, max?: number): this { return this.copy_(this.clamp(min, max)) }
}

useTensor((storage, kind, quantizer, offset) => new Tensor(storage, kind, quantizer, offset))
