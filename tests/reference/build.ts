/** A tensor described index by index: the form of every slow reference here. */
import { DTYPES, arrayOf, elementCount, type DType } from '../../src/dtype.js'
import { Tensor } from '../../src/value.js'

/** A tensor of `dims` whose element at `index` is `value(index)`. */
export function build(dtype: DType, dims: readonly number[], value: (index: readonly number[]) => number | bigint): Tensor {
  const data = arrayOf(dtype, elementCount(dims))
  const index = dims.map(() => 0)
  for (let i = 0; i < data.length; i++) {
    data[i] = value(index) as never
    for (let a = dims.length - 1; a >= 0 && ++index[a]! === dims[a]; a--) index[a] = 0
  }
  return new Tensor(dtype, data, dims)
}

/** The element of `t` at `index`. */
export function pick(t: Tensor, index: readonly number[]): number | bigint {
  return t.data[index.reduce((at, i, a) => at * t.dims[a]! + i, 0)]!
}

/** Different values for every element as far as the type can tell them apart. */
export function painted(dtype: DType, dims: readonly number[]): Tensor {
  let i = 0
  const big = DTYPES[dtype].array === BigInt64Array || DTYPES[dtype].array === BigUint64Array
  return build(dtype, dims, () => (big ? BigInt(++i * 7919) : dtype === 'bool' ? ++i % 2 : (++i * 7) % 251))
}

/** An int64 vector, ONNX's way of giving shapes, axes and pads. */
export const ints = (...values: (number | bigint)[]): Tensor => new Tensor('int64', values.map(BigInt), [values.length])
