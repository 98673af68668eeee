import { engineOf } from './engines/engine.js'
import { defaultFixedQParamsRange0to1Observer, defaultFixedQParamsRangeNeg1to1Observer, defaultPlaceholderObserver, defaultWeightObserver } from './observers.js'
import type { ObserverFactory } from './observer-base.js'
import { QConfig, defaultQuint8WeightQConfig, defaultReuseInputQConfig, getDefaultQConfig, weightObserverOf, type QConfigAny } from './qconfig.js'

/** A class of layers, an ONNX op type, or PyTorch's name of a function ('nn.Conv2d', 'F.layer_norm', 'torch.sigmoid', 'reshape'). */
export type ObjectType = string | (abstract new (...args: never[]) => unknown)

/** Where a layer is: what the rules of a mapping ask. */
export interface LayerPlace {
  /** dotted path of the layer, or the node's name */
  readonly name: string
  readonly objectType: ObjectType
  /** dotted path of the module that calls it, and which of its calls of this type this is [name, 0] */
  readonly parent?: string
  readonly index?: number
}

/** One rule of each kind, as saved by toDict. */
export interface QConfigDict<C = QConfigAny> {
  readonly '': C
  readonly object_type: readonly (readonly [ObjectType, C])[]
  readonly module_name_regex: readonly (readonly [string, C])[]
  readonly module_name: readonly (readonly [string, C])[]
  readonly module_name_object_type_order: readonly (readonly [string, ObjectType, number, C])[]
}

/**
 * Which layers are observed how. Rules of a later kind are stronger: global, object type, name by pattern, name (of the layer or of a module around
 * it, the nearest first), name with type and order. A layer that no rule names is left in float.
 */
export class QConfigMapping<C extends QConfig<unknown> = QConfig> {
  globalQConfig: C | null = null
  private readonly types = new Map<ObjectType, C | null>()
  private readonly patterns = new Map<string, C | null>()
  private readonly names = new Map<string, C | null>()
  private readonly orders: [name: string, type: ObjectType, index: number, config: C | null][] = []

  /** Everything that no other rule names. */
  setGlobal(config: C | null): this {
    this.globalQConfig = config
    return this
  }

  /** Layers of one type; a second rule for the same type replaces the first. */
  setObjectType(type: ObjectType, config: C | null): this {
    this.types.set(type, config)
    return this
  }

  /** Layers whose name begins with a match, as Python's re.match; of several patterns, the one set first wins. */
  setModuleNameRegex(pattern: string, config: C | null): this {
    new RegExp(pattern) // a pattern that is none fails here, not in the middle of a model
    this.patterns.set(pattern, config)
    return this
  }

  /** One layer, or everything inside one module. */
  setModuleName(name: string, config: C | null): this {
    this.names.set(name, config)
    return this
  }

  /** The index-th call of `type` inside the module `name`. */
  setModuleNameObjectTypeOrder(name: string, type: ObjectType, index: number, config: C | null): this {
    const old = this.orders.find((o) => o[0] === name && o[1] === type && o[2] === index)
    if (old) old[3] = config
    else this.orders.push([name, type, index, config])
    return this
  }

  /** The config of one layer, null for float. */
  configOf(layer: LayerPlace): C | null {
    const [parent, index] = [layer.parent ?? layer.name, layer.index ?? 0]
    const order = this.orders.find((o) => o[0] === parent && o[1] === layer.objectType && o[2] === index)
    if (order) return order[3]
    for (const rule of [this.byName(layer.name), this.byPattern(layer.name)]) if (rule !== undefined) return rule // null is a rule: float
    return this.byType(layer.objectType)
  }

  private byName(name: string): C | null | undefined {
    for (let at = name; ; at = at.slice(0, at.lastIndexOf('.'))) {
      if (this.names.has(at)) return this.names.get(at)!
      if (!at.includes('.')) return undefined
    }
  }

  private byPattern(name: string): C | null | undefined {
    for (const [pattern, config] of this.patterns) if (new RegExp(`^(?:${pattern})`).test(name)) return config
    return undefined
  }

  private byType(type: ObjectType): C | null {
    return this.types.has(type) ? this.types.get(type)! : this.globalQConfig
  }

  /** The rules as data; factories stay functions. */
  toDict(): QConfigDict<C | null> {
    return {
      '': this.globalQConfig, object_type: [...this.types], module_name_regex: [...this.patterns], module_name: [...this.names],
      module_name_object_type_order: this.orders.map((o) => [...o] as const),
    }
  }

  static fromDict<C extends QConfig<unknown> = QConfig>(dict: Partial<QConfigDict<C | null>>): QConfigMapping<C> {
    const mapping = new QConfigMapping<C>().setGlobal(dict[''] ?? null)
    for (const [type, config] of dict.object_type ?? []) mapping.setObjectType(type, config)
    for (const [pattern, config] of dict.module_name_regex ?? []) mapping.setModuleNameRegex(pattern, config)
    for (const [name, config] of dict.module_name ?? []) mapping.setModuleName(name, config)
    for (const [name, type, index, config] of dict.module_name_object_type_order ?? []) mapping.setModuleNameObjectTypeOrder(name, type, index, config)
    return mapping
  }
}

const TRANSPOSED = ['nn.ConvTranspose1d', 'nn.ConvTranspose2d', 'nn.ConvTranspose3d', 'F.conv_transpose1d', 'F.conv_transpose2d', 'F.conv_transpose3d']
const RANGE_0_TO_1 = ['nn.Hardsigmoid', 'F.hardsigmoid', 'hardsigmoid', 'hardsigmoid_', 'nn.Sigmoid', 'torch.sigmoid', 'sigmoid', 'sigmoid_', 'nn.Softmax']
const RANGE_NEG1_TO_1 = ['nn.Tanh', 'torch.tanh', 'tanh', 'tanh_']

/** What a default mapping is made of. */
interface Defaults<C> {
  readonly config: C
  readonly transposed: C
  readonly layerNorm: C
  /** For functions whose results lie in the range of this observer. */
  fixed(observer: ObserverFactory): C
}

/** A default mapping: the types that differ from the rest, by PyTorch's names. */
export function defaultMapping<C extends QConfig<unknown>>({ config, transposed, layerNorm, fixed }: Defaults<C>): QConfigMapping<C> {
  const mapping = new QConfigMapping<C>().setGlobal(config).setObjectType('reshape', defaultReuseInputQConfig as C)
  const set = (types: readonly string[], value: C): void => types.forEach((type) => mapping.setObjectType(type, value))
  set(TRANSPOSED, transposed)
  set(['F.layer_norm', 'nn.LayerNorm'], layerNorm)
  set(['nn.PReLU'], defaultQuint8WeightQConfig as C)
  set(RANGE_0_TO_1, fixed(defaultFixedQParamsRange0to1Observer))
  set(RANGE_NEG1_TO_1, fixed(defaultFixedQParamsRangeNeg1to1Observer))
  return mapping
}

/**
 * The mapping PyTorch makes for an engine, after training (get_default_qconfig_mapping): types by PyTorch's names.
 *
 * @throws ENGINE_UNKNOWN
 */
export function getDefaultQConfigMapping(engine = 'x86'): QConfigMapping {
  const config = getDefaultQConfig(engine), { activation } = config
  return defaultMapping<QConfig>({
    config, transposed: new QConfig(activation, weightObserverOf(engineOf(engine).transposedWeightScheme)), layerNorm: new QConfig(activation, defaultPlaceholderObserver),
    fixed: (observer) => new QConfig(observer, defaultWeightObserver),
  })
}
