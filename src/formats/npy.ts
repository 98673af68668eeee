import { DTYPES, arrayOf, elementCount, viewOf, type DType, type TypedArray } from '../dtype.js'
import { OctavoError } from '../errors.js'
import { Tensor } from '../value.js'

const MAGIC = '\x93NUMPY'
const HEADER = 10

/** NumPy's type characters, by element type; 4-bit codes are written a byte each. */
const DESCR: Readonly<Record<DType, string>> = {
  float32: '<f4', float64: '<f8', float16: '<f2', int8: '|i1', uint8: '|u1', int16: '<i2', uint16: '<u2', int32: '<i4', uint32: '<u4', int64: '<i8', uint64: '<u8',
  bool: '|b1', int4: '|i1', uint4: '|u1',
}
const DTYPE_OF = new Map((Object.entries(DESCR) as [DType, string][]).filter(([dtype]) => !dtype.endsWith('t4')).map(([dtype, descr]) => [descr, dtype]))

/**
 * Reads a .npy file (format 1 to 3, little-endian) as a row-major tensor; Fortran order is transposed. The tensor views `bytes`
 * where order and alignment allow. `name` is for messages.
 *
 * @throws FILE_UNREADABLE, DTYPE_UNSUPPORTED (big-endian, complex, strings, records)
 * Source: NumPy's numpy.lib.format.
 */
export function readNpy(bytes: Uint8Array, name = 'npy'): Tensor {
  const { header, start } = headerOf(bytes, name)
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1]
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1]
  const shape = /'shape'\s*:\s*\(((?:\s*\d+\s*,?)*)\s*\)/.exec(header)?.[1]
  if (order === undefined || shape === undefined) unreadable(name, `its header is not NumPy's: ${header.slice(0, 100)}`)
  const dtype = DTYPE_OF.get(descr ?? '')
  if (!dtype) throw new OctavoError('DTYPE_UNSUPPORTED', `${name}: expected one of ${[...DTYPE_OF.keys()].join(' ')}, got ${descr ?? 'records'}. Convert it with astype.`, { file: name, descr })
  const dims = shape.split(',').filter((d) => d.trim()).map(Number)
  const count = dims.includes(0) ? 0 : elementCount(dims)
  const need = count * DTYPES[dtype].bytes
  if (bytes.length - start !== need) unreadable(name, `its shape (${dims}) of ${descr} needs ${need} bytes, the file holds ${bytes.length - start}`)
  const data = elements(dtype, bytes, start, count)
  return new Tensor(dtype, order === 'True' && dims.length > 1 ? rowMajor(dtype, data, dims) : data, dims)
}

function headerOf(bytes: Uint8Array, name: string): { header: string; start: number } {
  const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to))
  if (text(0, MAGIC.length) !== MAGIC) unreadable(name, 'it does not begin as a .npy file')
  const wide = bytes[6]! > 1
  const from = wide ? HEADER + 2 : HEADER
  const length = bytes.length < from ? Infinity : bytes[8]! + bytes[9]! * 2 ** 8 + (wide ? bytes[10]! * 2 ** 16 + bytes[11]! * 2 ** 24 : 0)
  if (from + length > bytes.length || length > 2 ** 16) unreadable(name, `its header of ${length} bytes does not fit the file of ${bytes.length}`)
  return { header: text(from, from + length), start: from + length }
}

function elements(dtype: DType, bytes: Uint8Array, start: number, count: number): TypedArray {
  const aligned = (bytes.byteOffset + start) % DTYPES[dtype].bytes === 0
  return aligned ? viewOf(dtype, bytes.buffer, bytes.byteOffset + start, count) : viewOf(dtype, new Uint8Array(bytes.subarray(start)).buffer, 0, count)
}

/** Elements whose first axis runs fastest, with the last one fastest. */
function rowMajor(dtype: DType, data: TypedArray, dims: readonly number[]): TypedArray {
  const out = arrayOf(dtype, data.length)
  const strides = dims.map((_, axis) => elementCount(dims.slice(0, axis)))
  const index = dims.map(() => 0)
  for (let i = 0, from = 0; i < data.length; i++) {
    out[i] = data[from] as never
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < dims[axis]!) break
      from -= strides[axis]! * dims[axis]!
      index[axis] = 0
    }
  }
  return out
}

/** Writes a tensor as a .npy file, format 1.0, C order. int4 and uint4 become int8 and uint8. */
export function writeNpy({ dtype, dims, data }: Tensor): Uint8Array {
  const dict = `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': (${dims.join(', ')}${dims.length === 1 ? ',' : ''}), }`
  const length = Math.ceil((HEADER + dict.length + 1) / 64) * 64 - HEADER
  const out = new Uint8Array(HEADER + length + data.byteLength)
  const head = `${MAGIC}\x01\x00${String.fromCharCode(length & 255, length >> 8)}${dict.padEnd(length - 1)}\n`
  for (let i = 0; i < head.length; i++) out[i] = head.charCodeAt(i)
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), HEADER + length)
  return out
}

function unreadable(name: string, why: string): never {
  throw new OctavoError('FILE_UNREADABLE', `${name}: ${why}. Write it again with numpy.save.`, { file: name })
}
