import { OctavoError } from '../../errors.js'
import { Sequential } from '../../nn/containers.js'
import { ConvTransposeBase } from '../../nn/conv-transpose.js'
import { deepCopy } from '../../nn/deep-copy.js'
import { Dropout } from '../../nn/dropout.js'
import { isFused } from '../../nn/intrinsic/fused.js'
import { nameOf, type ForwardHook, type ForwardPreHook, type Module } from '../../nn/module.js'
import { ActivationPostProcess, Observer, observerOf, perChannel, type AnyFactory } from '../../nn/observing/observer.js'
import { POST_PROCESS } from '../../nn/quantized/from-float.js'
import { FloatFunctional, QFunctional } from '../../nn/quantized/functional-modules.js'
import { DeQuantStub } from '../../nn/quantized/quantize.js'
import { QConfig } from '../../quantization/qconfig.js'
import { getDefaultQConfigPropagationList, SPECIAL_ACTIVATIONS, type ModuleClass } from './mappings.js'

type AnyQConfig = QConfig<unknown> | null
/** Rules by name of a module ('' is the model) or by its class. */
export type QConfigSpec = ReadonlyMap<string | ModuleClass, AnyQConfig>

/** @throws OPTION_INVALID */
function checkQConfig(qconfig: AnyQConfig | undefined, module: Module): void {
  if (qconfig === undefined || qconfig === null) return
  if (!(qconfig instanceof QConfig)) throw new OctavoError('OPTION_INVALID', `${nameOf(module)}.qconfig: expected a QConfig or null, got ${String(qconfig)}. Use getDefaultQConfig(engine).`, {})
  if (!(module instanceof ConvTransposeBase)) return
  const weight = observerOf(qconfig.weight)
  if (weight instanceof Observer && perChannel(weight.qscheme))
    throw new OctavoError('OPTION_INVALID', `${nameOf(module)}.qconfig: transposed convolutions take no per-channel weight observer. Set a qconfig with defaultWeightObserver on it.`, {})
}

/**
 * Gives every module inside a qconfig: its own, that of its name, of its class, or of the module around it. torch's propagate_qconfig_.
 *
 * @throws OPTION_INVALID for a qconfig that is none, or per-channel weights of a transposed convolution
 */
export function propagateQConfig(model: Module, spec: QConfigSpec = new Map()): void {
  const visit = (module: Module, parent: AnyQConfig | undefined, prefix: string): void => {
    const byType = spec.has(module.constructor as unknown as ModuleClass) ? spec.get(module.constructor as unknown as ModuleClass) : parent
    const found = spec.has(prefix) ? spec.get(prefix) : byType
    const qconfig = module.qconfig === undefined ? found : module.qconfig
    checkQConfig(qconfig, module)
    module.qconfig = qconfig ?? null
    for (const [name, child] of module.namedChildren()) visit(child, qconfig, prefix ? `${prefix}.${name}` : name)
  }
  visit(model, undefined, '')
}

const observer = (module: Module): ActivationPostProcess => (module as unknown as Record<string, ActivationPostProcess>)[POST_PROCESS]!
/** Shows a module's result to its observer. Known by identity, so that convert() finds it. */
export const observerForwardHook: ForwardHook = (module, _args, output) => observer(module)(output as never)
/** The same for its first argument, where each batch has qparams of its own. */
export const observerForwardPreHook: ForwardPreHook = (module, args) => [observer(module)(args[0] as never), ...args.slice(1)]

function observe(module: Module, special?: AnyFactory): void {
  const { qconfig } = module
  if (!qconfig || module instanceof DeQuantStub) return
  const made = observerOf(special ?? qconfig.activation)
  module.registerModule(POST_PROCESS, made)
  const own = observerOf(qconfig.activation)
  if (own instanceof ActivationPostProcess && own.isMemoryless) module.registerForwardPreHook(observerForwardPreHook, { prepend: true })
  else module.registerForwardHook(observerForwardHook, { prepend: true })
}

/**
 * Puts observers on the results of the layers inside that have a qconfig: what prepare() does once qconfigs are spread. torch's add_observer_.
 *
 * @param leaves classes that are observed where there are no modules inside
 * @param observed classes whose results are observed though there are modules inside
 */
export function addObserver(module: Module, leaves: ReadonlySet<unknown> = getDefaultQConfigPropagationList(), observed: ReadonlySet<unknown> = new Set()): void {
  const children = [...module.children()]
  for (const child of children) {
    const special = child.training ? SPECIAL_ACTIVATIONS.get(child.constructor) : undefined
    if ((child.constructor as unknown) === Dropout) continue
    if (child instanceof FloatFunctional || child instanceof QFunctional) {
      if (child.qconfig) child.activationPostProcess = observerOf(child.qconfig.activation)
    } else if (isFused(child) || observed.has(child.constructor)) observe(child)
    else if (special) observe(child, special)
    else addObserver(child, leaves, observed)
  }
  const whole = !children.length || 'weightFakeQuant' in module
  if (whole && !(module instanceof Sequential) && leaves.has(module.constructor)) observe(module)
}

export interface PrepareOptions {
  /** Changes the model itself. */
  readonly inplace?: boolean
  /** Classes of the leaf layers that are observed; those that convert() swaps unless said. */
  readonly allowList?: ReadonlySet<unknown>
  /** Classes whose results are observed as one layer's, though there are modules inside. */
  readonly observedModules?: ReadonlySet<unknown>
}

/**
 * A copy of a model with observers on the results of what convert() will swap: of leaf layers and fused modules that have a qconfig. Run examples
 * through it, then convert it. torch.ao.quantization.prepare.
 *
 * @throws OPTION_INVALID as propagateQConfig
 */
export function prepare<M extends Module>(model: M, { inplace = false, allowList = getDefaultQConfigPropagationList(), observedModules = new Set() }: PrepareOptions = {}): M {
  const target = inplace ? model : deepCopy(model)
  propagateQConfig(target)
  if (![...target.modules()].some((m) => m.qconfig)) console.warn('prepare: no module has a qconfig, nothing will be observed. Set model.qconfig = getDefaultQConfig(engine) first.')
  addObserver(target, allowList, observedModules)
  return target
}
