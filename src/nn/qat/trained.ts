import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import type { QConfig } from '../../quantization/qconfig.js'
import { nameOf, type Module } from '../module.js'
import { observerOf } from '../observing/observer.js'

/** What passes weights through on their way into a layer: a fake-quantize, an observer, an identity. */
export type WeightFakeQuant = Module<[x: Tensor], Tensor>

/** What modules of quantization-aware training take beside their layer's settings, by name. */
export interface QatOptions {
  /** Whose `weight` makes the fake-quantize of the layer's weight. */
  readonly qconfig: QConfig<unknown>
}

/** A class of float modules, as fromFloat takes them. */
export interface FloatClass {
  readonly prototype: Module
  readonly typeName: string | undefined
}

/** @throws MODULE_INVALID without a qconfig */
export function weightFakeQuantOf(module: Module, qconfig: QConfig<unknown> | null | undefined): WeightFakeQuant {
  if (!qconfig) throw new OctavoError('MODULE_INVALID', `${nameOf(module)}: a module of quantization-aware training needs a qconfig. Give { qconfig: getDefaultQatQConfig(engine) }.`, {})
  module.qconfig = qconfig
  return observerOf(qconfig.weight)
}

/** The qconfig of a float module of exactly the class that `made` takes the place of. @throws MODULE_INVALID for another class, or without one */
export function qconfigOf(made: string | undefined, expected: FloatClass, module: Module): QConfig<unknown> {
  if ((module.constructor as unknown) !== expected) throw new OctavoError('MODULE_INVALID', `qat.${made}.fromFloat: expected ${expected.typeName}, got ${nameOf(module)}.`, { expected: expected.typeName })
  if (!module.qconfig) throw new OctavoError('MODULE_INVALID', `qat.${made}.fromFloat: ${nameOf(module)} has no qconfig. Set model.qconfig = getDefaultQatQConfig(engine) first.`, {})
  return module.qconfig
}

/** Options of the last argument apart from the qconfig, which no position holds. */
export function withoutQConfig<O extends object>(rest: readonly unknown[]): { readonly qconfig: QConfig<unknown> | undefined; readonly rest: [options: O] } {
  const last = rest.at(-1)
  const named = typeof last === 'object' && last !== null && !Array.isArray(last)
  const { qconfig, ...options } = (named ? last : {}) as Partial<QatOptions> & O
  return { qconfig, rest: [...rest.slice(0, named ? -1 : rest.length), options] as unknown as [options: O] }
}
