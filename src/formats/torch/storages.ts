import { arrayOf, type TypedArray } from '../../dtype.js'
import { OctavoError } from '../../errors.js'
import { bytesPerElement, countOf, elementsFrom, HOST_TYPES, malformed, truncated, type Budget, type FileType, type StorageRecord, type TensorRecord } from '../records.js'

/** How a file's storages are typed. */
export interface StorageType {
  readonly dtype: FileType
  /** Whether the file holds bfloat16. */
  readonly wide: boolean
}

/** PyTorch's storage classes. */
export const STORAGE_TYPES: Readonly<Record<string, FileType | 'bfloat16'>> = {
  FloatStorage: 'float32', DoubleStorage: 'float64', HalfStorage: 'float16', BFloat16Storage: 'bfloat16', LongStorage: 'int64', IntStorage: 'int32', ShortStorage: 'int16',
  CharStorage: 'int8', ByteStorage: 'uint8', BoolStorage: 'bool', QUInt8Storage: 'quint8', QInt8Storage: 'qint8', QInt32Storage: 'qint32', QUInt4x2Storage: 'quint4x2',
}

export const storageBytes = ({ dtype, wide }: StorageType): number => (wide ? 2 : bytesPerElement(dtype))

/** Storages of a file by key, each read once. */
export class Storages {
  private readonly made = new Map<string, StorageRecord>()

  /** @param bytesOf the bytes of a storage by its key; undefined when the file has none */
  constructor(private readonly name: string, private readonly bytesOf: (key: string) => Uint8Array | undefined) {}

  /** @throws MODEL_MALFORMED for a key without storage, or a storage that two types share; MODEL_TRUNCATED */
  get(key: string, type: StorageType, count: number): StorageRecord {
    const known = this.made.get(key)
    if (known) {
      if (known.dtype !== type.dtype) malformed(this.name, `storage ${key} is used as ${known.dtype} and as ${type.dtype}`, { storage: key })
      return known
    }
    const bytes = this.bytesOf(key)
    if (!bytes) malformed(this.name, `storage ${key} is missing`, { storage: key })
    const need = count * storageBytes(type)
    if (bytes.length < need) truncated(this.name, `storage ${key}`, 0, need, bytes.length)
    const record = { dtype: type.dtype, data: elementsFrom(bytes.subarray(0, need), type.dtype, type.wide) }
    this.made.set(key, record)
    return record
  }
}

/** Elements that are asked for: of `storage`, from `offset` on, `strides` apart. */
export interface StridedView {
  readonly storage: StorageRecord
  readonly offset: number
  readonly dims: readonly number[]
  readonly strides: readonly number[]
  readonly requiresGrad: boolean
}

/** Whether elements lie row by row when axes are taken in this order; axes of length 1 have no say. */
function isDense(dims: readonly number[], strides: readonly number[], order: readonly number[]): boolean {
  let expected = 1
  for (const axis of [...order].reverse()) {
    if (dims[axis] !== 1 && strides[axis] !== expected) return false
    expected *= dims[axis]!
  }
  return true
}

/**
 * A dense tensor: over the file's storage where its elements lie row-major or channels-last there, else a row-major copy.
 *
 * @throws MODEL_MALFORMED where it reaches outside of its storage, or a copy would be out of all proportion; DTYPE_UNSUPPORTED for views of 4-bit codes
 */
export function denseTensor(view: StridedView, name: string, budget: Budget): TensorRecord {
  const { storage, offset, dims, strides, requiresGrad } = view
  const { dtype } = storage
  const count = countOf(dims)
  const order = dims.map((_, axis) => axis)
  const last = dims.length === 4 || dims.length === 5 ? [0, ...order.slice(2), 1] : undefined
  const dense = !count || isDense(dims, strides, order) ? 'contiguous' : last && isDense(dims, strides, last) ? 'channels_last' : undefined
  if (dtype === 'quint4x2') {
    if (dense !== 'contiguous' || offset || (dims.at(-1) ?? 0) % 2) throw new OctavoError('DTYPE_UNSUPPORTED', `${name}: a tensor of quint4x2 of shape [${dims}] that is a view, or has rows of an odd length, is not read.`, { dims, dtype })
    if (Math.ceil(count / 2) > storage.data.length) outside(name, view, Math.ceil(count / 2) - 1)
    return { dtype, dims, order: dense, storage, offset: 0, requiresGrad }
  }
  const reach = offset + dims.reduce((sum, d, axis) => sum + (d - 1) * strides[axis]!, 0)
  if (count ? !(reach < storage.data.length) : offset > storage.data.length) outside(name, view, reach)
  if (dense) return { dtype, dims, order: dense, storage, offset, requiresGrad }
  budget.spend(count * bytesPerElement(dtype), `a tensor of shape [${dims}]`)
  return { dtype, dims, order: 'contiguous', storage: { dtype, data: gathered(view, count) }, offset: 0, requiresGrad }
}

const outside = (name: string, { storage, offset, dims, strides }: StridedView, reach: number): never =>
  malformed(name, `a tensor of shape [${dims}] with strides [${strides}] from ${offset} on reaches element ${reach} of a storage of ${storage.data.length}`, { dims, strides, offset })

function gathered({ storage: { dtype, data }, offset, dims, strides }: StridedView, count: number): TypedArray {
  const out = arrayOf(HOST_TYPES[dtype], count)
  const index = dims.map(() => 0)
  const last = dims.length - 1
  for (let i = 0, row = offset; i < count;) {
    for (let k = 0, from = row; k < dims[last]!; k++, from += strides[last]!) out[i++] = data[from]!
    for (let axis = last - 1; axis >= 0; axis--) {
      row += strides[axis]!
      if (++index[axis]! < dims[axis]!) break
      row -= strides[axis]! * dims[axis]!
      index[axis] = 0
    }
  }
  return out
}
