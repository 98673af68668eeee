import { OctavoError } from '../../errors.js'
import { deepCopy } from '../../nn/deep-copy.js'
import { isFused } from '../../nn/intrinsic/fused.js'
import { nameOf, type Module } from '../../nn/module.js'
import { ActivationPostProcess } from '../../nn/observing/observer.js'
import { POST_PROCESS } from '../../nn/quantized/from-float.js'
import { getDefaultStaticQuantModuleMappings, UNSUPPORTED, type ModuleClass, type ModuleMapping } from './mappings.js'
import { observerForwardHook, observerForwardPreHook } from './prepare.js'

/**
 * The quantized module for one that has a qconfig and a counterpart in `mapping`; itself otherwise. Hooks move over, observers' stay behind.
 *
 * @throws OP_UNSUPPORTED for a layer in `refused`; as the counterpart's fromFloat
 */
export function swapModule(module: Module, mapping: ModuleMapping, refused: ReadonlySet<unknown> = UNSUPPORTED): Module {
  if (!module.qconfig) return module
  const quantized = mapping.get(module.constructor as unknown as ModuleClass)
  if (!quantized) {
    if (!refused.has(module.constructor)) return module
    throw new OctavoError('OP_UNSUPPORTED', `convert: ${nameOf(module)} has no quantized module. Leave it in float: set its qconfig to null, with DeQuantStub before and QuantStub after it.`, { module: nameOf(module) })
  }
  const made = quantized.fromFloat(module as never)
  made.training = module.training
  for (const hook of module.forwardPreHooks.values()) if (hook !== observerForwardPreHook) made.registerForwardPreHook(hook)
  for (const hook of module.forwardHooks.values()) if (hook !== observerForwardHook) made.registerForwardHook(hook)
  return made
}

function swapInside(module: Module, mapping: ModuleMapping, refused: ReadonlySet<unknown>): void {
  for (const [name, child] of [...module.namedChildren()]) {
    if (!isFused(child)) swapInside(child, mapping, refused)
    const made = swapModule(child, mapping, refused)
    if (made !== child) module.setSubmodule(name, made)
  }
}

function clean(module: Module): void {
  for (const child of module.children()) clean(child)
  delete module.qconfig
  const members = module as unknown as Record<string, unknown>
  if (members[POST_PROCESS] instanceof ActivationPostProcess) delete members[POST_PROCESS]
  for (const hooks of [module.forwardHooks, module.forwardPreHooks])
    for (const [id, hook] of hooks as Map<number, unknown>) if (hook === observerForwardHook || hook === observerForwardPreHook) hooks.delete(id)
}

export interface ConvertOptions {
  readonly mapping?: ModuleMapping
  /** Changes the model itself. */
  readonly inplace?: boolean
  /** Takes qconfigs, observers and their hooks off what stays [true]. */
  readonly removeQConfig?: boolean
  /** Layers that must not stay in float. */
  readonly refused?: ReadonlySet<unknown>
}

/**
 * A copy of a prepared and calibrated model with quantized modules in the places of those that have a qconfig, packed for the engine of
 * `backends.quantized.engine`. torch.ao.quantization.convert.
 *
 * @throws MODULE_INVALID for modules that were not observed, QPARAMS_INVALID, OP_UNSUPPORTED, ENGINE_UNKNOWN
 */
export function convert<M extends Module>(model: M, { mapping = getDefaultStaticQuantModuleMappings(), inplace = false, removeQConfig = true, refused = UNSUPPORTED }: ConvertOptions = {}): M {
  const target = inplace ? model : deepCopy(model)
  swapInside(target, mapping, refused)
  if (removeQConfig) clean(target)
  return target
}
