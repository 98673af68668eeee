import { OctavoError } from '../../errors.js'
import { elementsOf, isFileType, malformed, type FileQuantizer, type StorageRecord, type TensorRecord } from '../records.js'
import { Global, type PickleWorld, type Stateful } from './pickle.js'
import { ScriptObject } from './script-object.js'
import { denseTensor, STORAGE_TYPES, type StorageType } from './storages.js'

/** What the values of a file become. */
export interface Builder {
  tensor(record: TensorRecord): object
  dict(): Map<unknown, unknown>
  /** Attributes that a dict brings, such as a state dict's `_metadata`. */
  attributes(dict: Map<unknown, unknown>, attributes: ReadonlyMap<unknown, unknown>): void
}

/** A class of storages, as persistent ids name it. */
class StorageClass extends Global {
  constructor(name: string, readonly type: StorageType) {
    super(name)
  }
}

/** Longest list of dims that is read. */
const MAX_RANK = 64

/** The allow-list: what pickles of state dicts may name, and what each becomes. */
export class TorchWorld implements PickleWorld {
  private readonly records = new WeakMap<object, TensorRecord>()
  private readonly functions: ReadonlyMap<string, Global>

  /**
   * @param storage the storage of a key; its own errors pass through
   * @param scan whether only storages are asked for, and tensors are left unmade
   */
  constructor(
    readonly name: string, readonly budget: PickleWorld['budget'], private readonly builder: Builder,
    private readonly storage: (key: string, type: StorageType, count: number, view?: unknown) => StorageRecord,
    private readonly scan = false,
  ) {
    const calls: Record<string, (args: readonly unknown[]) => unknown> = {
      'collections.OrderedDict': ([items]) => this.ordered(items),
      'torch._utils._rebuild_tensor': (args) => this.tensor([...args, false]),
      'torch._utils._rebuild_tensor_v2': (args) => this.tensor(args),
      'torch._utils._rebuild_qtensor': ([storage, offset, size, stride, quantizer, requiresGrad]) => this.tensor([storage, offset, size, stride, requiresGrad], this.quantizer(quantizer, size)),
      'torch._utils._rebuild_parameter': ([data, requiresGrad]) => this.parameter(data, requiresGrad),
      'torch.Size': ([size]) => (Array.isArray(size) ? size : this.wrong('a torch.Size')),
      'torch.device': ([kind]) => kind,
    }
    this.functions = new Map([
      ...Object.entries(calls).map(([path, call]) => [path, new Global(path, call)] as const),
      ['torch.ScriptObject', new Global('torch.ScriptObject', undefined, () => new ScriptObject())],
    ])
  }

  global(module: string, name: string): unknown {
    const path = `${module}.${name}`
    const known = this.functions.get(path)
    if (known) return known
    if (module === 'torch') {
      if (isFileType(name) || name === 'bfloat16' || name === 'per_tensor_affine' || name === 'per_channel_affine' || name === 'per_channel_affine_float_qparams') return name
      const dtype = Object.hasOwn(STORAGE_TYPES, name) ? STORAGE_TYPES[name] : undefined
      if (dtype) return new StorageClass(path, dtype === 'bfloat16' ? { dtype: 'float32', wide: true } : { dtype, wide: false })
    }
    if (path === 'torch._utils._rebuild_tensor_v3' || /^torch\.Complex\w*Storage$/.test(path)) throw new OctavoError('DTYPE_UNSUPPORTED', `${this.name}: it holds a tensor of an element type that Octavo does not have (complex, float8, or unsigned of 16 to 64 bits). Convert it before saving.`, { global: path })
    throw new OctavoError('PICKLE_REFUSED', `${this.name}: its pickle names ${path}, which is no part of a state dict. Nothing was executed. Save model.state_dict() (plain dicts, lists, numbers and tensors) instead.`, { global: path })
  }

  dict(): Map<unknown, unknown> {
    const dict = this.builder.dict() as Map<unknown, unknown> & Partial<Stateful>
    const { builder, name } = this
    Object.defineProperty(dict, 'setState', {
      configurable: true,
      value: (state: unknown) => (state instanceof Map ? builder.attributes(dict, state) : malformed(name, 'the attributes of a dict are no dict')),
    })
    return dict
  }

  /** ('storage', class, key, device, count[, view]) */
  persistent(id: unknown): StorageRecord {
    const [tag, type, key, , count, view] = Array.isArray(id) ? (id as unknown[]) : []
    if (tag !== 'storage' || !(type instanceof StorageClass) || typeof key !== 'string' || !isCount(count)) this.wrong('a reference to a storage')
    return this.storage(key, type.type, count, view)
  }

  private ordered(items: unknown): Map<unknown, unknown> {
    const dict = this.dict()
    if (items === undefined) return dict
    if (!Array.isArray(items)) this.wrong('an OrderedDict')
    this.budget.spend(64 * items.length, 'an OrderedDict')
    for (const item of items as unknown[]) Array.isArray(item) && item.length === 2 ? dict.set(item[0], item[1]) : this.wrong('an OrderedDict')
    return dict
  }

  private tensor([storage, offset, size, stride, requiresGrad]: readonly unknown[], quantizer?: FileQuantizer): object {
    if (this.scan) return {}
    if (!isStorage(storage) || !isCount(offset) || !isCounts(size) || !isCounts(stride) || size.length !== stride.length || size.length > MAX_RANK) this.wrong('a tensor (storage, offset, size, strides)')
    const codes = storage.dtype.startsWith('q')
    if (codes !== (quantizer !== undefined)) malformed(this.name, `a tensor of ${storage.dtype} ${codes ? 'has no scale' : 'has a scale'}`)
    const dense = denseTensor({ storage, offset, dims: size, strides: stride, requiresGrad: requiresGrad === true }, this.name, this.budget)
    const record = quantizer ? { ...dense, quantizer } : dense
    const tensor = this.builder.tensor(record)
    this.records.set(tensor, record)
    return tensor
  }

  private parameter(data: unknown, requiresGrad: unknown): object {
    if (this.scan) return {}
    const record = typeof data === 'object' && data ? this.records.get(data) : undefined
    if (!record) this.wrong('a parameter')
    const own = { ...record, requiresGrad: requiresGrad === true }
    const tensor = this.builder.tensor(own)
    this.records.set(tensor, own)
    return tensor
  }

  /** (scheme, scale, zero point), or (scheme, scales, zero points, axis): zero points that are floats say what PyTorch's scheme does not. */
  private quantizer(params: unknown, size: unknown): FileQuantizer | undefined {
    if (this.scan) return undefined
    const [qscheme, scale, zeroPoint, axis] = Array.isArray(params) ? (params as unknown[]) : []
    if (qscheme === 'per_tensor_affine') {
      if (typeof scale !== 'number' || typeof zeroPoint !== 'number') this.wrong('a scale and a zero point')
      return { qscheme, scale, zeroPoint }
    }
    if (qscheme !== 'per_channel_affine' && qscheme !== 'per_channel_affine_float_qparams') this.wrong('a quantizer')
    const [scales, zeroPoints] = [this.vector(scale), this.vector(zeroPoint)]
    const length = isCounts(size) && isCount(axis) ? size[axis] : undefined
    if (scales.values.length !== length || zeroPoints.values.length !== length) malformed(this.name, `scales and zero points for axis ${String(axis)}: expected ${String(length)}, got ${scales.values.length} and ${zeroPoints.values.length}`)
    return { qscheme: zeroPoints.floating ? 'per_channel_affine_float_qparams' : 'per_channel_affine', scales: scales.values, zeroPoints: zeroPoints.values, axis: axis as number }
  }

  private vector(tensor: unknown): { values: Float64Array; floating: boolean } {
    const record = typeof tensor === 'object' && tensor ? this.records.get(tensor) : undefined
    if (!record || record.dims.length !== 1 || record.dtype === 'float16' || record.quantizer) this.wrong('a vector of scales or zero points')
    this.budget.spend(8 * record.dims[0]!, 'a quantizer')
    return { values: Float64Array.from(elementsOf(record) as ArrayLike<number | bigint>, Number), floating: record.dtype.startsWith('float') }
  }

  private wrong(what: string): never {
    return malformed(this.name, `its pickle makes ${what} of something else`)
  }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isCounts = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isCount)
const isStorage = (value: unknown): value is StorageRecord => typeof value === 'object' && value !== null && 'dtype' in value && 'data' in value && ArrayBuffer.isView(value.data)
