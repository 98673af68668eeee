import { OctavoError } from '../errors.js'
import { Budget, bytesPerElement, countOf, elementsFrom, elementsOf, malformed, truncated, type FileType, type TensorRecord } from './records.js'

const TYPES: Readonly<Record<string, FileType>> = { F64: 'float64', F32: 'float32', F16: 'float16', I64: 'int64', I32: 'int32', I16: 'int16', I8: 'int8', U8: 'uint8', BOOL: 'bool' }
const NAMES = new Map(Object.entries(TYPES).map(([name, dtype]) => [dtype, name]))
const LENGTH = 8
const MAX_HEADER = 100_000_000

export interface SafeTensors {
  readonly tensors: Map<string, TensorRecord>
  readonly metadata: Readonly<Record<string, string>>
}

interface Entry { readonly dtype?: unknown; readonly shape?: unknown; readonly data_offsets?: unknown }

/**
 * The tensors of a .safetensors file, in the header's order; BF16 becomes float32.
 *
 * @throws MODEL_TRUNCATED, MODEL_MALFORMED (holes and overlaps included), DTYPE_UNSUPPORTED
 * Source: the safetensors format: 8 bytes of little-endian length, a JSON header, the elements.
 */
export function readSafeTensors(bytes: Uint8Array, name = 'safetensors'): SafeTensors {
  const budget = new Budget(name, bytes.length)
  if (bytes.length < LENGTH) truncated(name, 'the length of its header', 0, LENGTH, bytes.length)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, LENGTH).getBigUint64(0, true))
  if (length > MAX_HEADER) malformed(name, `its header would be ${length} bytes, at most ${MAX_HEADER} are allowed. Is it a .safetensors file?`)
  if (LENGTH + length > bytes.length) truncated(name, 'its header', LENGTH, length, bytes.length - LENGTH)
  const { __metadata__: metadata = {}, ...entries } = headerOf(bytes.subarray(LENGTH, LENGTH + length), name)
  if (!isObject(metadata) || !Object.values(metadata).every((v) => typeof v === 'string')) malformed(name, '__metadata__ is no object of strings')
  const data = bytes.subarray(LENGTH + length)
  const tensors = new Map<string, TensorRecord>()
  const spans: [from: number, to: number, key: string][] = []
  for (const [key, entry] of Object.entries(entries)) {
    const { dtype, dims, wide, from, to } = entryOf(entry as Entry, key, name)
    if (to > data.length) truncated(name, `tensor ${key}`, from, to - from, Math.max(0, data.length - from))
    budget.spend(2 * (to - from), `tensor ${key}`)
    tensors.set(key, { dtype, dims, order: 'contiguous', storage: { dtype, data: elementsFrom(data.subarray(from, to), dtype, wide) }, offset: 0, requiresGrad: false })
    spans.push([from, to, key])
  }
  let end = 0
  for (const [from, to, key] of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end) malformed(name, `tensor ${key} begins at byte ${from}, expected ${end}: tensors overlap or leave a hole`)
    end = to
  }
  if (end !== data.length) malformed(name, `its tensors fill ${end} of ${data.length} bytes`)
  return { tensors, metadata: metadata as Record<string, string> }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function headerOf(bytes: Uint8Array, name: string): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    malformed(name, `its header is no JSON: ${(cause as Error).message.slice(0, 100)}`, {}, cause)
  }
  return isObject(header) ? header : malformed(name, 'its header is no JSON object')
}

function entryOf({ dtype, shape, data_offsets: span }: Entry, key: string, name: string): { dtype: FileType; dims: readonly number[]; wide: boolean; from: number; to: number } {
  const counts = (value: unknown): value is number[] => Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)
  if (typeof dtype !== 'string' || !counts(shape) || shape.length > 64 || !counts(span) || span.length !== 2) malformed(name, `tensor ${key}: expected dtype, shape and two data_offsets`)
  const wide = dtype === 'BF16'
  const known = wide ? 'float32' : Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined
  if (!known) throw new OctavoError('DTYPE_UNSUPPORTED', `${name}: tensor ${key} is ${dtype.slice(0, 40)}, expected one of ${Object.keys(TYPES).join(', ')}, BF16.`, { tensor: key, dtype })
  const [from, to] = span as [number, number]
  const need = countOf(shape) * (wide ? 2 : bytesPerElement(known))
  if (to - from !== need) malformed(name, `tensor ${key} of ${dtype} [${shape}] needs ${need} bytes, its offsets give ${to - from}`)
  return { dtype: known, dims: shape, wide, from, to }
}

/**
 * A .safetensors file of row-major tensors, wider elements first, so that each is aligned.
 *
 * @throws DTYPE_UNSUPPORTED for quantized types, which the format does not have
 */
export function writeSafeTensors(tensors: ReadonlyMap<string, TensorRecord>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length ? [['__metadata__', metadata]] : []
  const ordered = [...tensors].sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype))
  let at = 0
  const parts = ordered.map(([key, record]) => {
    const dtype = NAMES.get(record.dtype)
    if (!dtype || record.order !== 'contiguous') throw new OctavoError('DTYPE_UNSUPPORTED', `safetensors: tensor ${key} is ${record.dtype}${dtype ? ' in channels-last order' : ', which the format does not have'}.`, { tensor: key, dtype: record.dtype })
    const elements = elementsOf(record)
    header.push([key, { dtype, shape: record.dims, data_offsets: [at, (at += elements.byteLength)] }])
    return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)
  })
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const start = LENGTH + Math.ceil(json.length / 8) * 8
  const out = new Uint8Array(start + at).fill(0x20, LENGTH, start)
  new DataView(out.buffer).setBigUint64(0, BigInt(start - LENGTH), true)
  out.set(json, LENGTH)
  let to = start
  for (const part of parts) out.set(part, to), (to += part.length)
  return out
}
