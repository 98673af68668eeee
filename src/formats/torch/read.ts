import { Budget, malformed, truncated } from '../records.js'
import { TorchWorld, type Builder } from './globals.js'
import { readPickle } from './pickle.js'
import { storageBytes, Storages, type StorageType } from './storages.js'
import { Archive } from './zip.js'

/** What the first pickle of the older format holds. */
const MAGIC = 0x1950a86a20f9469cfc6cn
const LEGACY_VERSION = 1001

/**
 * What `torch.save` wrote, in either of its formats, made of `builder`'s tensors and dicts. Lists are arrays, tuples frozen arrays, element types and
 * schemes their names. Nothing of the file is executed; memory stays within 64 MiB and 16 bytes for each of the file's.
 *
 * @param name for messages
 * @throws MODEL_TRUNCATED, MODEL_MALFORMED, DTYPE_UNSUPPORTED, PICKLE_REFUSED (`details.global`)
 */
export function readTorch(bytes: Uint8Array, builder: Builder, name = 'file'): unknown {
  const budget = new Budget(name, bytes.length)
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return readZip(bytes, builder, name, budget)
  if (bytes[0] === 0x80) return readLegacy(bytes, builder, name, budget)
  if (bytes.length < 2) truncated(name, 'a file of PyTorch', 0, 2, bytes.length)
  return malformed(name, `it begins neither as a zip archive nor as a pickle (0x${bytes[0]!.toString(16)}). Expected what torch.save writes; for .safetensors use safetensors.load`)
}

function readZip(bytes: Uint8Array, builder: Builder, name: string, budget: Budget): unknown {
  const archive = new Archive(bytes, name, budget)
  const pickles = [...archive.names].filter((path) => /^[^/]*\/data\.pkl$/.test(path))
  if (pickles.length !== 1) malformed(name, `its zip archive holds ${pickles.length} files data.pkl, expected one`)
  const folder = pickles[0]!.slice(0, -'data.pkl'.length)
  if (archive.has(`${folder}constants.pkl`)) malformed(name, 'it is a TorchScript model, which is a program. Save the state_dict() of its eager model')
  const order = archive.read(`${folder}byteorder`)
  const endian = order && new TextDecoder().decode(order).trim()
  if (endian !== undefined && endian !== 'little') malformed(name, `its byte order is ${JSON.stringify(endian.slice(0, 20))}, expected little. Save it again on a little-endian machine`, { byteorder: endian })
  const storages = new Storages(name, (key) => archive.read(`${folder}data/${key}`))
  return readPickle(archive.read(pickles[0]!)!, new TorchWorld(name, budget, builder, (key, type, count) => storages.get(key, type, count))).value
}

/** Four pickles (magic, version, machine, the value), a fifth with the storages' keys, then each storage: its length in elements, its bytes. */
function readLegacy(bytes: Uint8Array, builder: Builder, name: string, budget: Budget): unknown {
  const plain = new TorchWorld(name, budget, PLAIN, () => malformed(name, 'a storage is named before the value'))
  const magic = readPickle(bytes, plain)
  if (magic.value !== MAGIC) malformed(name, 'its first pickle is not the magic number of torch.save. Pickles of other programs are not read')
  const version = readPickle(bytes, plain, magic.end)
  if (version.value !== LEGACY_VERSION) malformed(name, `its format has version ${String(version.value)}, expected ${LEGACY_VERSION}`)
  const machine = readPickle(bytes, plain, version.end)
  if (!(machine.value instanceof Map) || machine.value.get('little_endian') !== true) malformed(name, 'it was written on a big-endian machine. Save it again on another')

  // The storages come last, so the value is read twice: for their types first.
  const types = new Map<string, StorageType>()
  const first = readPickle(bytes, new TorchWorld(name, budget, PLAIN, (key, type, _, view) => {
    if (view !== undefined && view !== null) malformed(name, `storage ${key} is a view of another, as before PyTorch 0.4. Save it again with a newer one`)
    types.set(key, type)
    return { dtype: type.dtype, data: new Uint8Array(0) }
  }, true), machine.end)
  const keys = readPickle(bytes, plain, first.end)
  const found = legacyStorages(bytes, keys, types, name)
  const storages = new Storages(name, (key) => found.get(key))
  return readPickle(bytes, new TorchWorld(name, budget, builder, (key, type, count) => storages.get(key, type, count)), machine.end).value
}

function legacyStorages(bytes: Uint8Array, keys: { readonly value: unknown; readonly end: number }, types: ReadonlyMap<string, StorageType>, name: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  if (!Array.isArray(keys.value)) malformed(name, 'the list of its storages is no list')
  let at = keys.end
  for (const key of keys.value as unknown[]) {
    const type = typeof key === 'string' ? types.get(key) : undefined
    if (!type || found.has(key as string)) malformed(name, `it lists storage ${String(key)}, which the value does not use once`, { storage: key })
    if (at + 8 > bytes.length) truncated(name, `the length of storage ${String(key)}`, at, 8, bytes.length - at)
    const count = Number(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true))
    const need = count * storageBytes(type)
    if (at + 8 + need > bytes.length) truncated(name, `storage ${String(key)}`, at + 8, need, bytes.length - at - 8)
    found.set(key as string, bytes.subarray(at + 8, at + 8 + need))
    at += 8 + need
  }
  return found
}

const PLAIN: Builder = { tensor: () => ({}), dict: () => new Map(), attributes: () => {} }
