import { DTYPES, arrayOf } from '../../dtype.js'
import { OctavoError } from '../../errors.js'
import { Tensor } from '../../value.js'
import type { SparseProto } from './schema.js'
import { checkedDims, DENSE_BYTES, malformed, tensorOf, type TensorSource } from './tensor.js'

/** A SparseTensorProto made dense. @throws as tensorOf; ARENA_EXHAUSTED when it is too large for that */
export function denseOf({ values, indices, dims: given }: SparseProto, where: string, source: TensorSource): Tensor {
  const filled = tensorOf(values ?? {}, `${where} values`, source)
  const at = tensorOf(indices ?? {}, `${where} indices`, source)
  const { dims, count } = checkedDims(given, where)
  source.denseBytesLeft -= count * DTYPES[filled.dtype].bytes
  if (source.denseBytesLeft < 0)
    throw new OctavoError('ARENA_EXHAUSTED', `${where}: sparse tensors of more than ${DENSE_BYTES} bytes in all cannot be made dense. Store it as a dense initializer.`, { where, dims })
  const perValue = at.dims.length === 2 ? dims.length : 1
  if (at.dtype !== 'int64' || at.size !== filled.size * perValue)
    malformed(where, `${filled.size} values of rank ${dims.length} with ${at.size} indices of ${at.dtype}`)
  const data = arrayOf(filled.dtype, count)
  for (let i = 0; i < filled.size; i++) data[linearIndex(at.data as BigInt64Array, i, perValue, dims, count, where)] = filled.data[i] as never
  return new Tensor(filled.dtype, data, dims)
}

function linearIndex(indices: BigInt64Array, i: number, perValue: number, dims: readonly number[], count: number, where: string): number {
  const limits = perValue === 1 ? [count] : dims
  return limits.reduce((sum, limit, d) => {
    const index = Number(indices[i * perValue + d])
    if (!(index >= 0 && index < limit)) malformed(where, `index ${index} of value ${i} is outside [0, ${limit - 1}]`)
    return sum * limit + index
  }, 0)
}
