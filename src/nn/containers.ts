import { OctavoError } from '../errors.js'
import { Module, nameOf } from './module.js'
import { indented } from './python.js'

type AnyModule = Module<any[], any>

const at = (container: object, key: string): AnyModule => (container as Record<string, AnyModule>)[key]!
const keysOf = (container: AnyModule): string[] => Object.keys(container).filter((key) => (container as unknown as Record<string, unknown>)[key] instanceof Module)

function indexOf(index: number, length: number, where: string): number {
  const i = index < 0 ? index + length : index
  if (!(Number.isInteger(i) && i >= 0 && i < length)) throw new OctavoError('MODULE_INVALID', `${where}: index ${index} is out of range, there are ${length} modules.`, { index, length })
  return i
}

/** One module after another, each taking what the one before gave. Made of modules, or of an object or map of names and modules. */
export class Sequential extends Module<[input: any], any> {
  static override readonly typeName: string = 'Sequential';
  readonly [index: number]: AnyModule

  constructor(...modules: readonly AnyModule[] | [named: ReadonlyMap<string, AnyModule> | Readonly<Record<string, AnyModule>>]) {
    super()
    const [first] = modules
    if (modules.length === 1 && !(first instanceof Module)) {
      for (const [name, module] of first instanceof Map ? (first as ReadonlyMap<string, AnyModule>) : Object.entries(first as object)) this.registerModule(name, module as AnyModule)
    } else (modules as readonly AnyModule[]).forEach((module, i) => this.registerModule(String(i), module))
  }

  override get length(): number {
    return keysOf(this).length
  }

  /** The module at a position; negative ones count from the end. @throws MODULE_INVALID */
  at(index: number): AnyModule {
    const keys = keysOf(this)
    return at(this, keys[indexOf(index, keys.length, 'Sequential')]!)
  }

  append(module: AnyModule): this {
    this.registerModule(String(this.length), module)
    return this
  }

  *[Symbol.iterator](): Generator<AnyModule> {
    for (const key of keysOf(this)) yield at(this, key)
  }

  forward(input: unknown): unknown {
    let value = input
    for (const key in this) {
      const module = at(this, key)
      if (module instanceof Module) value = module(value)
    }
    return value
  }
}

/** Modules in a list, for a forward of its owner's. */
export class ModuleList extends Module<never, never> {
  static override readonly typeName: string = 'ModuleList';
  readonly [index: number]: AnyModule

  constructor(modules: Iterable<AnyModule> = []) {
    super()
    this.extend(modules)
  }

  override get length(): number {
    return keysOf(this).length
  }

  /** The module at a position; negative ones count from the end. @throws MODULE_INVALID */
  at(index: number): AnyModule {
    return at(this, String(indexOf(index, this.length, 'ModuleList')))
  }

  append(module: AnyModule): this {
    this.registerModule(String(this.length), module)
    return this
  }

  extend(modules: Iterable<AnyModule>): this {
    for (const module of modules) this.append(module)
    return this
  }

  insert(index: number, module: AnyModule): void {
    for (let i = this.length; i > index; i--) this.registerModule(String(i), at(this, String(i - 1)))
    this.registerModule(String(index), module)
  }

  *[Symbol.iterator](): Generator<AnyModule> {
    for (let i = 0; i < this.length; i++) yield at(this, String(i))
  }

  forward(): never {
    throw new OctavoError('MODULE_INVALID', 'a ModuleList is not called: call the modules in it.')
  }

  /** Neighbours that print alike are printed once. */
  override toString(): string {
    const blocks: { from: number; to: number; text: string }[] = []
    let i = 0
    for (const module of this) {
      const text = String(module)
      const last = blocks.at(-1)
      if (last?.text === text) last.to = i
      else blocks.push({ from: i, to: i, text })
      i++
    }
    const lines = blocks.map(({ from, to, text }) => indented(from === to ? `(${from}): ${text}` : `(${from}-${to}): ${to - from + 1} x ${text}`))
    return `${nameOf(this)}(${lines.length ? `\n  ${lines.join('\n  ')}\n` : ''})`
  }
}
