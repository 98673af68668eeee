import { DTYPES, elementCount, type TypedArray } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { kindOf } from './kind.js'
import { arrayFor, SCALAR_TYPES, scalarRow, type ScalarType } from './scalar-type.js'
import { mismatch, resolveShape } from './shape.js'
import { Storage } from './storage.js'
import { Tensor } from './tensor.js'

export interface TensorOptions {
  readonly dtype?: ScalarType
  readonly requiresGrad?: boolean
}

/** What a tensor is made from: numbers, booleans or bigints in nested lists of one shape, or a typed array. */
export type TensorData = number | boolean | bigint | TypedArray | readonly TensorData[]

const typeOfArray = (array: TypedArray): ScalarType => {
  const type = (['float32', 'uint8', 'int8', 'int16', 'int32', 'int64', 'float64'] as const).find((t) => array instanceof DTYPES[t].array)
  if (!type) throw new OctavoError('DTYPE_UNSUPPORTED', `tensor: no element type for ${array.constructor.name}.`)
  return type
}

const finish = (tensor: Tensor, requiresGrad = false): Tensor => (requiresGrad ? tensor.requiresGrad_() : tensor)

/**
 * A tensor of these values. Numbers are float32 unless `dtype` says otherwise (JavaScript does not tell 1 from 1.0), bigints int64, booleans bool; typed
 * arrays keep their type and are copied.
 *
 * @throws SHAPE_MISMATCH when lists of one level differ in length; DTYPE_UNSUPPORTED
 */
export function tensor(data: TensorData, { dtype, requiresGrad }: TensorOptions = {}): Tensor {
  if (ArrayBuffer.isView(data)) return finish(fromArray(data.slice() as TypedArray, [data.length]).toType(dtype ?? typeOfArray(data)), requiresGrad)
  const shape: number[] = []
  for (let level: TensorData | undefined = data; Array.isArray(level); level = (level as readonly TensorData[])[0]) shape.push(level.length)
  const flat: (number | boolean | bigint)[] = []
  collect(data, shape, 0, flat)
  const kind = dtype ?? (flat.length && typeof flat[0] === 'boolean' ? 'bool' : typeof flat[0] === 'bigint' ? 'int64' : 'float32')
  if (scalarRow(kind).quantized) throw new OctavoError('DTYPE_UNSUPPORTED', `tensor: a tensor of ${kind} needs a scale. Use quantizePerTensor.`)
  const array = arrayFor(kind === 'float16' ? 'float32' : kind, flat.length)
  const convert = array instanceof BigInt64Array ? (v: number | boolean | bigint) => BigInt(typeof v === 'number' ? Math.trunc(v) : v) : kind === 'bool' ? (v: number | boolean | bigint) => Number(Boolean(v)) : Number
  flat.forEach((v, i) => { array[i] = convert(v) as never })
  const made = new Tensor(new Storage(array), kindOf(kind === 'float16' ? 'float32' : kind, shape))
  return finish(made.toType(kind), requiresGrad)
}

function collect(data: TensorData, shape: readonly number[], level: number, flat: (number | boolean | bigint)[]): void {
  if (level === shape.length) {
    if (typeof data === 'object') mismatch('tensor', `a number at depth ${level}`, 'a list')
    return void flat.push(data as number)
  }
  if (!Array.isArray(data) || data.length !== shape[level]) mismatch('tensor', `lists of ${shape[level]} at depth ${level}`, Array.isArray(data) ? data.length : typeof data)
  for (const item of data as readonly TensorData[]) collect(item, shape, level + 1, flat)
}

/**
 * A tensor over an array that exists, row-major, without copying.
 *
 * @param dtype where the array's own type does not say it: bool or float16
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH
 */
export function fromArray(array: TypedArray, shape: readonly number[] = [array.length], dtype: ScalarType = typeOfArray(array)): Tensor {
  if (!(array instanceof DTYPES[scalarRow(dtype).host].array)) throw new OctavoError('DTYPE_MISMATCH', `fromArray: ${dtype} expected a ${DTYPES[SCALAR_TYPES[dtype].host].array.name}, got ${(array as object).constructor.name}.`)
  return new Tensor(new Storage(array), kindOf(dtype, resolveShape(shape, array.length, 'fromArray')))
}

/** Zeros. @throws DTYPE_UNSUPPORTED for quantized types */
export function zeros(shape: readonly number[], { dtype = 'float32', requiresGrad }: TensorOptions = {}): Tensor {
  if (scalarRow(dtype).quantized) throw new OctavoError('DTYPE_UNSUPPORTED', `a tensor of ${dtype} needs a scale. Use quantizePerTensor.`)
  const kind = kindOf(dtype, shape)
  return finish(new Tensor(new Storage(arrayFor(dtype, elementCount(shape))), kind), requiresGrad)
}

/** A tensor whose contents nobody relies on (zeros). */
export const empty = zeros
export const full = (shape: readonly number[], value: number, options: TensorOptions = {}): Tensor => zeros(shape, options).fill_(value)
export const ones = (shape: readonly number[], options: TensorOptions = {}): Tensor => full(shape, 1, options)
export const zerosLike = (x: Tensor, { dtype = x.dtype, ...options }: TensorOptions = {}): Tensor => zeros(x.shape, { dtype, ...options })
export const onesLike = (x: Tensor, { dtype = x.dtype, ...options }: TensorOptions = {}): Tensor => ones(x.shape, { dtype, ...options })
export const fullLike = (x: Tensor, value: number, { dtype = x.dtype, ...options }: TensorOptions = {}): Tensor => full(x.shape, value, { dtype, ...options })

/** Values of an index: for what is a list of settings more than a tensor. */
function generate(length: number, value: (i: number) => number, { dtype = 'float32', requiresGrad }: TensorOptions): Tensor {
  const wide = scalarRow(dtype).floating ? 'float64' : 'int64'
  const array = arrayFor(wide, length)
  for (let i = 0; i < length; i++) array[i] = (wide === 'int64' ? BigInt(Math.trunc(value(i))) : value(i)) as never
  return finish(new Tensor(new Storage(array), kindOf(wide, [length])).toType(dtype), requiresGrad)
}

/** start, start + step, … below `end`: int64 where all three are whole, as in PyTorch. One argument is the end. @throws OPTION_INVALID */
export function arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end]
  const length = Math.ceil((to - from) / step)
  if (!(length >= 0 && Number.isFinite(length))) throw new OctavoError('OPTION_INVALID', `arange: a step of ${step} does not lead from ${from} to ${to}.`)
  return generate(length, (i) => from + i * step, { dtype: [from, to, step].every(Number.isInteger) ? 'int64' : 'float32', ...options })
}

/** `steps` values from `start` to `end`, both included. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  const f = Math.fround
  const step = steps > 1 ? f(f(end - start) / (steps - 1)) : 0
  return generate(steps, (i) => (i < steps / 2 ? f(f(start) + f(step * i)) : f(f(end) - f(step * (steps - i - 1)))), options)
}

/** The identity matrix. */
export function eye(n: number, m = n, options: TensorOptions = {}): Tensor {
  const { dtype = 'float32' } = options
  const matrix = zeros([n, m], options)
  const one = (dtype === 'int64' ? 1n : 1) as never
  for (let i = 0; i < Math.min(n, m); i++) matrix.storage.array[i * m + i] = one
  return matrix
}
