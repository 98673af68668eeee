import { Tensor } from '../autograd/tensor.js'
import { Storage } from '../autograd/storage.js'
import { callable, internals, Module } from './module.js'

/**
 * A copy that shares nothing with `value`: modules with their parameters, buffers, hooks and other fields, tensors with their storage, lists, maps, objects. What occurs
 * twice is copied once, so that shared parameters stay shared. Functions (hooks, factories) and classes are taken as they are.
 */
export const deepCopy = <T>(value: T): T => copy(value, new Map()) as T

function copy(value: unknown, memo: Map<object, unknown>): unknown {
  if (typeof value === 'function' ? !(value instanceof Module) : typeof value !== 'object' || value === null) return value
  const object = value as object
  const known = memo.get(object)
  if (known !== undefined) return known
  return copyObject(object, memo, (made) => (memo.set(object, made), made))
}

function copyObject(object: object, memo: Map<object, unknown>, keep: <T>(made: T) => T): unknown {
  if (object instanceof Module) return copyModule(object, memo, keep)
  if (object instanceof Storage) {
    const storage = keep(new Storage(object.array.slice()))
    storage.held = object.held
    return storage
  }
  if (object instanceof Tensor) return withFields(object, keep(Object.create(Object.getPrototypeOf(object) as object) as object), memo, ['kind', 'quantizer'], ['ownKey'])
  if (ArrayBuffer.isView(object)) return keep((object as Uint8Array).slice())
  if (Array.isArray(object)) {
    const list: unknown[] = keep([])
    for (const item of object) list.push(copy(item, memo))
    return list
  }
  if (object instanceof Map) {
    const map = keep(new (object.constructor as MapConstructor)())
    for (const [key, item] of object) map.set(copy(key, memo), copy(item, memo))
    return withFields(object, map, memo)
  }
  if (object instanceof Set) {
    const set = keep(new Set())
    for (const item of object) set.add(copy(item, memo))
    return set
  }
  return withFields(object, keep(Object.create(Object.getPrototypeOf(object) as object) as object), memo)
}

/** `target` with copies of the own fields of `source`; those in `shared` as they are, those in `left` not at all. */
function withFields(source: object, target: object, memo: Map<object, unknown>, shared: readonly string[] = [], left: readonly string[] = []): object {
  for (const key of Object.keys(source)) {
    if (left.includes(key)) continue
    const value = (source as Record<string, unknown>)[key]
    ;(target as Record<string, unknown>)[key] = shared.includes(key) ? value : copy(value, memo)
  }
  return target
}

function copyModule(module: Module, memo: Map<object, unknown>, keep: <T>(made: T) => T): Module {
  const made = keep(callable<Module>(Object.getPrototypeOf(module) as object))
  const [from, to] = [internals(module), internals(made)]
  for (const [name, buffer] of from.buffers) to.buffers.set(name, buffer)
  for (const [id, hook] of from.forwardHooks) to.forwardHooks.set(id, hook)
  for (const [id, hook] of from.forwardPreHooks) to.forwardPreHooks.set(id, hook)
  withFields(module, made, memo)
  return made
}
