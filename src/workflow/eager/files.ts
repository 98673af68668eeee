import { kindOf } from '../../autograd/kind.js'
import { Storage } from '../../autograd/storage.js'
import { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import type { FileQuantizer, StorageRecord, TensorRecord } from '../../formats/records.js'
import { readSafeTensors, writeSafeTensors } from '../../formats/safetensors.js'
import type { Builder } from '../../formats/torch/globals.js'
import { readTorch } from '../../formats/torch/read.js'
import { isTensor, StateDict } from '../../nn/state-dict.js'
import { readSource } from '../../platform/host.js'
import type { Source } from '../../platform/source.js'

/** Tensors of records; those that share a storage in the file share it here. */
function tensorMaker(): (record: TensorRecord) => Tensor {
  const storages = new Map<StorageRecord, Storage>()
  return ({ dtype, dims, order, storage, offset, quantizer, requiresGrad }) => {
    let shared = storages.get(storage)
    if (!shared) storages.set(storage, (shared = new Storage(storage.data)))
    const format = order === 'contiguous' ? order : dims.length === 4 ? 'channels_last' : 'channels_last_3d'
    const tensor = new Tensor(shared, kindOf(dtype, dims, format), quantizer, offset)
    return requiresGrad && tensor.isFloatingPoint() ? tensor.requiresGrad_() : tensor
  }
}

const builder = (): Builder => ({
  tensor: tensorMaker(),
  dict: () => new StateDict(),
  attributes: (dict, attributes) => {
    const versions = attributes.get('_metadata')
    if (!(dict instanceof StateDict) || !(versions instanceof Map)) return
    for (const [path, entry] of versions as Map<unknown, unknown>) {
      const version = entry instanceof Map ? (entry as Map<unknown, unknown>).get('version') : undefined
      if (typeof path === 'string' && typeof version === 'number') dict.metadata.set(path, { version })
    }
  },
})

/**
 * What `torch.save` wrote: a .pt, .pth or .th file, zip or the older format. Dicts are StateDicts (with the versions of a module's entries), lists arrays,
 * tuples frozen arrays, element types their names, packed parameters ScriptObjects; bfloat16 is read as float32, float16 stays. The pickle inside is
 * parsed by an allow-list and never executed. Tensors are copies of the file's bytes; those that share a storage there share one here.
 *
 * @param T what the file is known to hold; a state dict unless said
 * @throws SOURCE_UNREADABLE, MODEL_TRUNCATED, MODEL_MALFORMED, DTYPE_UNSUPPORTED, PICKLE_REFUSED
 */
export async function load<T = StateDict>(source: Source): Promise<T> {
  return readTorch(await readSource(source), builder(), nameOf(source)) as T
}

const nameOf = (source: Source): string => (typeof source === 'string' ? source.slice(0, 200) : source instanceof URL ? source.href.slice(0, 200) : 'torch.load')

/** Where a tensor's quantizer is kept in a .safetensors file. */
const QUANTIZER = 'octavo.quantizer.'

/** A .safetensors file, by the safetensors package's names. Quantized tensors are kept as integers, their quantizers in the metadata. */
export const safetensors = {
  /** Tensors by name, from bytes. @throws MODEL_TRUNCATED, MODEL_MALFORMED, DTYPE_UNSUPPORTED */
  load(bytes: Uint8Array, name?: string): StateDict {
    const { tensors, metadata } = readSafeTensors(bytes, name)
    const make = tensorMaker()
    const state = new StateDict()
    for (const [key, record] of tensors) state.set(key, make(Object.hasOwn(metadata, QUANTIZER + key) ? quantized(record, metadata[QUANTIZER + key]!, key) : record))
    return state
  },
  /** load from a path, URL, Response, Blob or stream. @throws SOURCE_UNREADABLE */
  async loadFile(source: Source): Promise<StateDict> {
    return safetensors.load(await readSource(source), nameOf(source))
  },
  /** The bytes of a file. Reordering channels-last tensors needs `torch.init()`. @throws DTYPE_UNSUPPORTED for entries that are no tensors, and 4-bit codes */
  save(state: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const records = new Map<string, TensorRecord>()
    const described: Record<string, string> = { ...metadata }
    for (const [key, value] of StateDict.of(state)) {
      if (!isTensor(value)) throw new OctavoError('DTYPE_UNSUPPORTED', `safetensors.save: ${key} is no tensor, and the format holds nothing else. Take it out, or save the tensors in it.`, { key })
      const { storage, offset, dtype, shape, quantizer } = value.contiguous()
      const plain = dtype === 'qint8' ? 'int8' : dtype === 'quint8' ? 'uint8' : dtype === 'qint32' ? 'int32' : dtype
      if (quantizer) described[QUANTIZER + key] = JSON.stringify({ dtype, ...quantizer, ...(quantizer.qscheme !== 'per_tensor_affine' && { scales: [...quantizer.scales], zeroPoints: [...quantizer.zeroPoints] }) })
      records.set(key, { dtype: plain, dims: shape, order: 'contiguous', storage: { dtype: plain, data: storage.array }, offset, requiresGrad: false })
    }
    return writeSafeTensors(records, described)
  },
}

function quantized(record: TensorRecord, json: string, key: string): TensorRecord {
  const bad = (): never => { throw new OctavoError('MODEL_MALFORMED', `safetensors: the quantizer of ${key} is not what safetensors.save writes.`, { key }) }
  let value: { dtype?: unknown; qscheme?: unknown; scale?: unknown; zeroPoint?: unknown; scales?: unknown; zeroPoints?: unknown; axis?: unknown }
  try {
    value = (JSON.parse(json) as typeof value | null) ?? bad()
  } catch {
    return bad()
  }
  const { qscheme, scale, zeroPoint, scales, zeroPoints, axis } = value
  const dtype = ({ int8: 'qint8', uint8: 'quint8', int32: 'qint32' } as const)[record.dtype as 'int8'] as 'qint8' | undefined
  if (!dtype || value.dtype !== dtype) return bad()
  let quantizer: FileQuantizer
  if (qscheme === 'per_tensor_affine') {
    if (typeof scale !== 'number' || typeof zeroPoint !== 'number') return bad()
    quantizer = { qscheme, scale, zeroPoint }
  } else {
    const vector = (v: unknown): v is number[] => Array.isArray(v) && v.length === record.dims[axis as number] && v.every((n) => typeof n === 'number')
    if ((qscheme !== 'per_channel_affine' && qscheme !== 'per_channel_affine_float_qparams') || !vector(scales) || !vector(zeroPoints)) return bad()
    quantizer = { qscheme, scales: Float64Array.from(scales), zeroPoints: Float64Array.from(zeroPoints), axis: axis as number }
  }
  return { ...record, dtype, storage: { dtype, data: record.storage.data }, quantizer }
}
