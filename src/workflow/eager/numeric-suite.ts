import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { ScriptObject } from '../../formats/torch/script-object.js'
import { Identity } from '../../nn/identity.js'
import { Module } from '../../nn/module.js'
import { Logger, OutputLogger, ShadowLogger, type LoggerClass, type LoggerStats } from '../../nn/observing/loggers.js'
import type { FloatFunctional } from '../../nn/quantized/functional-modules.js'
import { Linear as DynamicLinear } from '../../nn/quantized/dynamic/linear.js'
import { LSTM as DynamicLSTM } from '../../nn/quantized/dynamic/rnn.js'
import { Linear as QuantizedLinear } from '../../nn/quantized/linear.js'
import { DeQuantize } from '../../nn/quantized/quantize.js'
import { LSTM } from '../../nn/rnn.js'
import { isTensor, StateDict } from '../../nn/state-dict.js'
import { factory } from '../../quantization/observer-base.js'
import { QConfig } from '../../quantization/qconfig.js'
import { getDefaultCompareOutputModuleList, type ModuleClass } from './mappings.js'
import { prepare } from './prepare.js'

type State = ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>
/** Classes of float modules. */
export type ModuleSwapList = Iterable<ModuleClass>

const stem = (key: string, left: number): string => key.split('.').slice(0, -left).join('')

/** The first of `keys` that names the same module as `key`, or what is one step inside it. */
const sameModule = (keys: readonly string[], key: string, left: number): string | undefined => keys.find((other) => stem(other, 1) === stem(key, left) || stem(other, 2) === stem(key, left))

function findMatch(keys: readonly string[], key: string, postfix: string): string | undefined {
  if (key.split('.').at(-1) !== postfix) return undefined
  return sameModule(keys, key, 1) ?? (postfix === '_packed_params' && stem(key, 2) ? sameModule(keys, key, 2) : undefined)
}

/** A weight of a float model and what it has become. */
export interface WeightPair { float: Tensor; quantized: Tensor }

/**
 * Weights of a quantized model beside those of the float one, by the quantized state dict's keys. Of an LSTM the recurrent weight, as in PyTorch.
 * torch.ao.ns._numeric_suite.compare_weights.
 */
export function compareWeights(floatDict: State, quantizedDict: State): Record<string, WeightPair> {
  const [float, quantized] = [StateDict.of(floatDict), StateDict.of(quantizedDict)]
  const keys = [...float.keys()]
  const pairs: Record<string, WeightPair> = {}
  const pair = (key: string, from: string | undefined, value: unknown): void => {
    const weight = from === undefined ? undefined : float.get(from)
    if (isTensor(weight) && isTensor(value)) pairs[key] = { float: weight, quantized: value }
  }
  for (const [key, value] of quantized) {
    const [inner, layer, name] = key.split('.').slice(-3) as [string, string?, string?]
    if (inner === '_all_weight_values' && name === 'param') pair(key, `${key.split('.').slice(0, -3).join('.')}.weight_hh_l${layer}`, recurrentWeight(value))
    else if (Array.isArray(value)) pair(key, findMatch(keys, key, '_packed_params'), (value as unknown[])[0])
    else pair(key, findMatch(keys, key, 'weight'), value)
  }
  return pairs
}

/** W_hh of the packed parameters of one direction of one layer: ScriptObjects within a ScriptObject. */
function recurrentWeight(value: unknown): unknown {
  const inside = (object: unknown): readonly unknown[] => (object instanceof ScriptObject && Array.isArray(object.state) ? (object.state as unknown[]) : [])
  const packed = inside(value)[4]
  return inside(Array.isArray(packed) ? (packed as unknown[])[1] : undefined)[0]
}

/** What the loggers in a model have seen, by the path of the module that each is on: `conv1.stats`. */
export function getLoggerDict(model: Module, prefix = ''): Record<string, LoggerStats> {
  const found: Record<string, LoggerStats> = {}
  const visit = (module: Module, path: string): void => {
    const logger = [...module.children()].find((child) => child instanceof Logger) as Logger | undefined
    if (logger) found[path ? `${path}.stats` : 'stats'] = logger.stats
    for (const [name, child] of module.namedChildren()) visit(child, path ? `${path}.${name}` : name)
  }
  visit(model, prefix)
  return found
}

const dequantized = (value: unknown): unknown => (Array.isArray(value) ? value.map(dequantized) : isTensor(value) && value.isQuantized ? value.dequantize() : value)

/** A quantized module with its float original beside it: both are given the same input, the quantized result goes on, a logger sees both. */
export class Shadow extends Module<any[], any> {
  static override readonly typeName: string = 'Shadow'
  readonly origModule: Module
  readonly shadowModule: Module
  readonly dequant = new DeQuantize()
  readonly logger: Logger

  constructor(qModule: Module, floatModule: Module, loggerClass: LoggerClass) {
    super()
    this.origModule = qModule
    this.shadowModule = floatModule
    this.logger = new loggerClass()
  }

  forward(...args: unknown[]): unknown {
    return this.both((module, given) => module(...given) as unknown, args)
  }

  // A functional is not called: its operations are, and here both of each.
  add(x: Tensor, y: Tensor): Tensor { return this.operation('add', x, y) }
  addScalar(x: Tensor, y: number): Tensor { return this.operation('addScalar', x, y) }
  mul(x: Tensor, y: Tensor): Tensor { return this.operation('mul', x, y) }
  mulScalar(x: Tensor, y: number): Tensor { return this.operation('mulScalar', x, y) }
  cat(tensors: readonly Tensor[], dim = 0): Tensor { return this.operation('cat', tensors, dim) }
  addRelu(x: Tensor, y: Tensor): Tensor { return this.operation('addRelu', x, y) }
  matmul(x: Tensor, y: Tensor): Tensor { return this.operation('matmul', x, y) }

  private operation(name: 'add' | 'addScalar' | 'mul' | 'mulScalar' | 'cat' | 'addRelu' | 'matmul', ...args: unknown[]): Tensor {
    return this.both((module, given) => ((module as unknown as FloatFunctional)[name] as (...given: unknown[]) => Tensor)(...given), args)
  }

  private both<T>(run: (module: Module, args: unknown[]) => T, args: unknown[]): T {
    const output = run(this.origModule, args)
    this.logger(output, run(this.shadowModule, args.map(dequantized)))
    return output
  }
}

const classesIn = (module: Module): unknown[] => [...module.modules()].map((m) => m.constructor)

/** Whether two modules consist of the same classes. */
function alike(a: Module, b: Module): boolean {
  const [ours, theirs] = [classesIn(a), classesIn(b)]
  return ours.length === theirs.length && ours.every((c, i) => c === theirs[i])
}

/**
 * Puts a Shadow in the place of every module of `qModel` whose float original in `floatModel` is of a class in `moduleSwapList`, unless both are
 * alike. Changes `qModel`.
 */
export function prepareModelWithStubs(floatModel: Module, qModel: Module, moduleSwapList: ModuleSwapList, loggerClass: LoggerClass): void {
  const swapped: ReadonlySet<unknown> = new Set(moduleSwapList)
  const floats = new Map(floatModel.namedChildren())
  for (const [name, module] of [...qModel.namedChildren()]) {
    const float = floats.get(name)
    if (!float) continue
    if (!swapped.has(float.constructor)) prepareModelWithStubs(float, module, moduleSwapList, loggerClass)
    else if (!alike(module, float)) qModel.setSubmodule(name, new Shadow(module, float, loggerClass))
  }
}

export interface SuiteOptions {
  /** What looks at results. */
  readonly loggerCls?: LoggerClass
  /** Classes of modules whose results are compared. */
  readonly allowList?: ReadonlySet<unknown>
}

/** Arguments of a model, and options when an object that is none of them comes last. */
function withOptions(rest: readonly unknown[]): [data: readonly unknown[], options: SuiteOptions] {
  const last = rest.at(-1)
  const named = typeof last === 'object' && last !== null && Object.getPrototypeOf(last) === Object.prototype
  return named ? [rest.slice(0, -1), last] : [rest, {}]
}

/**
 * Runs a quantized model with the float originals of its modules beside them, each given what the quantized one is given, and tells what both made
 * of it: the error of each layer alone. Changes `qModel`. torch.ao.ns._numeric_suite.compare_model_stub.
 *
 * @param moduleSwapList classes of float modules that are compared
 * @param data arguments of the model, and after them options: `{ loggerCls }`
 * @returns by path, `{ float: [...], quantized: [...] }`
 */
export function compareModelStub(floatModel: Module, qModel: Module, moduleSwapList: ModuleSwapList, ...data: readonly unknown[]): Record<string, LoggerStats> {
  const [args, { loggerCls = ShadowLogger }] = withOptions(data)
  prepareModelWithStubs(floatModel, qModel, [...moduleSwapList], loggerCls)
  qModel(...args)
  return getLoggerDict(qModel)
}

/** What loggers saw in both models at the same places. @throws MODULE_INVALID for loggers that keep no `tensor_val` */
export function getMatchingActivations(floatModel: Module, qModel: Module): Record<string, { float: any[]; quantized: any[] }> {
  const float = getLoggerDict(floatModel)
  const keys = Object.keys(float).sort().reverse()
  const matching: Record<string, { float: any[]; quantized: any[] }> = {}
  for (const [key, stats] of Object.entries(getLoggerDict(qModel))) {
    const match = valuesOf(stats, key).length ? findMatch(keys, key, 'stats') : undefined
    if (match !== undefined) matching[key] = { float: valuesOf(float[match]!, match), quantized: valuesOf(stats, key) }
  }
  return matching
}

function valuesOf(stats: LoggerStats, key: string): any[] {
  const { tensor_val: values } = stats
  if (!values) throw new OctavoError('MODULE_INVALID', `${key}: its logger keeps no tensor_val, it has ${Object.keys(stats).join(', ') || 'nothing'}. Use OutputLogger, or a class derived from it.`, { key })
  return values
}

/** Classes that are observed as a whole. */
const WHOLE: ReadonlySet<unknown> = new Set<unknown>([DynamicLinear, QuantizedLinear, DynamicLSTM, LSTM])

/** Puts loggers on the results of both models' layers. Changes both. */
export function prepareModelOutputs(floatModel: Module, qModel: Module, loggerCls: LoggerClass = OutputLogger, allowList: ReadonlySet<unknown> = getDefaultCompareOutputModuleList()): void {
  const qconfig = new QConfig<Module>(factory<Module>(loggerCls, {}, {}), factory<Module>(Identity, {}, {}))
  for (const model of [floatModel, qModel]) {
    model.qconfig = qconfig
    prepare(model, { inplace: true, allowList, ...(model === qModel && { observedModules: WHOLE }) })
  }
}

/**
 * Runs both models on the same input and tells what their layers gave at the same places: how errors grow along the way. Changes both.
 * torch.ao.ns._numeric_suite.compare_model_outputs.
 *
 * @param data arguments of the models, and after them options: `{ loggerCls, allowList }`
 * @returns by the quantized model's paths, `{ float: [...], quantized: [...] }`
 */
export function compareModelOutputs(floatModel: Module, qModel: Module, ...data: readonly unknown[]): Record<string, { float: any[]; quantized: any[] }> {
  const [args, { loggerCls, allowList }] = withOptions(data)
  prepareModelOutputs(floatModel, qModel, loggerCls, allowList)
  floatModel(...args)
  qModel(...args)
  return getMatchingActivations(floatModel, qModel)
}
