import { Tensor } from '../autograd/tensor.js'
import { OctavoError } from '../errors.js'
import type { QConfig } from '../quantization/qconfig.js'
import { Parameter } from './parameter.js'
import { indented, snake } from './python.js'
import { isTensor, LoadReport, StateDict } from './state-dict.js'

type AnyModule = Module<any[], any>
/** Sees a module's arguments before forward; a list takes their place. */
export type ForwardPreHook = (module: AnyModule, args: any[]) => unknown[] | void
/** Sees what forward gave; a value other than undefined takes its place. */
export type ForwardHook = (module: AnyModule, args: any[], output: any) => unknown
/** Takes a hook away again. */
export interface RemovableHandle { remove(): void }

export interface HookOptions {
  /** Before the hooks that are there already. */
  readonly prepend?: boolean
}

/** What a module keeps beside its fields. */
interface Internals {
  readonly buffers: Map<string, { readonly persistent: boolean }>
  forwardHooks: Map<number, ForwardHook>
  forwardPreHooks: Map<number, ForwardPreHook>
}

const INTERNALS = Symbol('module')
let nextHook = 0

export interface Module<Args extends unknown[] = any[], Result = any> {
  /** Pre-hooks, forward, hooks. */
  (...args: Args): Result
}

/**
 * A part of a network: parameters, buffers, other modules, and what they do to an input. Instances are functions, called as PyTorch's modules are.
 *
 *     class M extends nn.Module<[Tensor], Tensor> {
 *       conv = new nn.Conv2d(1, 1, 1)
 *       forward(x: Tensor) { return this.conv(x) }
 *     }
 *
 * Fields that hold a Parameter or a Module belong to it, in the order of assignment. State dicts, names and String() call fields as Python would:
 * `fcLoc` is `fc_loc`.
 */
export abstract class Module<Args extends unknown[] = any[], Result = any> {
  /** Printed instead of the class's own name, which bundlers shorten. A subclass prints its own. */
  static readonly typeName: string | undefined = undefined

  /** Whether the module is being trained; train() and eval() say so. */
  declare training: boolean
  /** How this module and those inside are quantized: set before prepare() or quantizeDynamic(); null leaves them in float. */
  declare qconfig?: QConfig<unknown> | null

  constructor() {
    const self = callable<Module<Args, Result>>(new.target.prototype as object)
    self.training = true // a field would be set on the object that the function takes the place of
    return self
  }

  /** What the module computes. Call the module itself, so that hooks run. */
  abstract forward(...args: Args): Result

  // ── hooks

  /** Adds a hook that sees arguments and output of every call. */
  registerForwardHook(hook: ForwardHook, { prepend = false }: HookOptions = {}): RemovableHandle {
    return addHook(this, 'forwardHooks', hook, prepend)
  }

  /** Adds a hook that sees the arguments before every call. */
  registerForwardPreHook(hook: ForwardPreHook, { prepend = false }: HookOptions = {}): RemovableHandle {
    return addHook(this, 'forwardPreHooks', hook, prepend)
  }

  /** The hooks, in order, by number. */
  get forwardHooks(): Map<number, ForwardHook> {
    return internals(this).forwardHooks
  }

  get forwardPreHooks(): Map<number, ForwardPreHook> {
    return internals(this).forwardPreHooks
  }

  // ── members

  /** Adds a tensor that is state and not learned; null keeps the name free. One that is not persistent stays out of state dicts. */
  registerBuffer(name: string, tensor: Tensor | null, { persistent = true }: { readonly persistent?: boolean } = {}): void {
    internals(this).buffers.set(name, { persistent })
    setField(this, name, tensor)
    if (tensor) tensor.storage.held = true
  }

  registerParameter(name: string, parameter: Parameter | null): void {
    setField(this, name, parameter)
  }

  registerModule(name: string, module: AnyModule | null): void {
    setField(this, name, module)
  }

  /** Own parameters (and those of modules inside), each once, with their names. */
  *namedParameters(prefix = '', recurse = true): Generator<[name: string, parameter: Parameter]> {
    yield* named(this, prefix, recurse, (module) => fields(module).filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter))
  }

  *parameters(recurse = true): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters('', recurse)) yield parameter
  }

  *namedBuffers(prefix = '', recurse = true): Generator<[name: string, buffer: Tensor]> {
    yield* named(this, prefix, recurse, buffersOf)
  }

  *buffers(recurse = true): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers('', recurse)) yield buffer
  }

  /** Modules directly inside, each once. */
  *namedChildren(): Generator<[name: string, module: AnyModule]> {
    const seen = new Set<AnyModule>()
    for (const [name, module] of childrenOf(this)) if (!seen.has(module)) seen.add(module), yield [name, module]
  }

  *children(): Generator<AnyModule> {
    for (const [, module] of this.namedChildren()) yield module
  }

  /** The module itself and all inside, each once, outer ones first. */
  *namedModules(prefix = '', seen: Set<AnyModule> = new Set()): Generator<[name: string, module: AnyModule]> {
    if (seen.has(this)) return
    seen.add(this)
    yield [prefix, this]
    for (const [name, module] of childrenOf(this)) yield* module.namedModules(prefix ? `${prefix}.${name}` : name, seen)
  }

  *modules(): Generator<AnyModule> {
    for (const [, module] of this.namedModules()) yield module
  }

  /** The module at a dotted path, by Python's names or the fields' own; '' is this one. @throws MODULE_INVALID */
  getSubmodule(path: string): AnyModule {
    let module: AnyModule = this
    for (const name of path ? path.split('.') : []) {
      const field = fieldOf(module, name)
      const inner = field === undefined ? undefined : (module as unknown as Record<string, unknown>)[field]
      if (!(inner instanceof Module)) throw new OctavoError('MODULE_INVALID', `getSubmodule("${path}"): ${nameOf(module)} has no module "${name}", it has ${childrenOf(module).map(([n]) => n).join(', ') || 'none'}.`, { path, name })
      module = inner
    }
    return module
  }

  /** Puts a module at a dotted path, in the place of the one there. @throws MODULE_INVALID */
  setSubmodule(path: string, module: AnyModule): void {
    const at = path.lastIndexOf('.')
    const owner = this.getSubmodule(path.slice(0, Math.max(0, at)))
    const field = fieldOf(owner, path.slice(at + 1))
    if (field === undefined) throw new OctavoError('MODULE_INVALID', `setSubmodule("${path}"): ${nameOf(owner)} has no module "${path.slice(at + 1)}".`, { path })
    setField(owner, field, module)
  }

  /** Runs `fn` on every module inside, then on this one. */
  apply(fn: (module: AnyModule) => void): this {
    for (const module of this.children()) module.apply(fn)
    fn(this)
    return this
  }

  train(mode = true): this {
    this.training = mode
    for (const module of this.children()) module.train(mode)
    return this
  }

  eval(): this {
    return this.train(false)
  }

  /** Says for every parameter whether gradients are asked for. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad)
    return this
  }

  // ── state

  /** Version of the entries that this class writes. */
  get stateVersion(): number {
    return 1
  }

  /** Parameters and persistent buffers by name: the tensors themselves, without history. */
  stateDict(destination: StateDict = new StateDict(), prefix = ''): StateDict {
    destination.metadata.set(prefix.slice(0, -1), { version: this.stateVersion })
    this.saveToStateDict(destination, prefix)
    for (const [name, module] of childrenOf(this)) module.stateDict(destination, `${prefix}${name}.`)
    return destination
  }

  /** Writes what is this module's own. Subclasses add their entries. */
  saveToStateDict(destination: StateDict, prefix: string): void {
    for (const [name, tensor] of stateOf(this)) destination.set(prefix + name, tensor.detach())
  }

  /**
   * Copies the entries of a state dict into parameters and buffers.
   *
   * @param strict whether names must agree exactly
   * @returns names that were missing, and names that nothing took
   * @throws STATE_DICT_MISMATCH listing what is missing, unexpected or of another shape; entries that fit have been copied then, as in PyTorch
   */
  loadStateDict(state: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>, { strict = true }: { readonly strict?: boolean } = {}): { missingKeys: string[]; unexpectedKeys: string[] } {
    const report = new LoadReport()
    const source = StateDict.of(state).copy() // older versions' entries are renamed there
    load(this, source, '', report)
    const { missing, unexpected, mismatched } = report
    const problems = [
      ...(strict && missing.length ? [`missing: ${missing.join(', ')}`] : []),
      ...(strict && unexpected.length ? [`unexpected: ${unexpected.join(', ')}`] : []),
      ...mismatched,
    ]
    if (problems.length) throw new OctavoError('STATE_DICT_MISMATCH', `loadStateDict of ${nameOf(this)}: ${problems.join('; ')}.`, { missing, unexpected, mismatched })
    return { missingKeys: missing, unexpectedKeys: unexpected }
  }

  /** Takes what is this module's own. Subclasses read older versions here. */
  loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    for (const [name, tensor] of stateOf(this)) {
      const value = source.get(prefix + name)
      if (value === undefined) report.missing.push(prefix + name)
      else copyInto(tensor, value, prefix + name, report)
    }
  }

  /** Names of entries that this module takes beside parameters and buffers. */
  extraStateKeys(): readonly string[] {
    return []
  }

  // ── printing

  /** What stands between the parentheses of String(), before modules inside. */
  extraRepr(): string {
    return ''
  }

  toString(): string {
    const extra = this.extraRepr() ? this.extraRepr().split('\n') : []
    const inner = childrenOf(this).map(([name, module]) => `(${name}): ${indented(String(module))}`)
    const lines = [...extra, ...inner]
    if (extra.length === 1 && !inner.length) return `${nameOf(this)}(${extra[0]})`
    return `${nameOf(this)}(${lines.length ? `\n  ${lines.join('\n  ')}\n` : ''})`
  }
}

/** A function that is a module of the class with this prototype, without fields yet. */
export function callable<M extends AnyModule>(prototype: object): M {
  const self = ((...args: unknown[]) => {
    const { forwardHooks, forwardPreHooks } = internals(self)
    return forwardHooks.size || forwardPreHooks.size ? callHooked(self, args) : self.forward(...args)
  }) as unknown as M
  Object.setPrototypeOf(self, prototype)
  // A function's own name and length would hide a class's.
  delete (self as { name?: string }).name
  delete (self as { length?: number }).length
  Object.defineProperty(self, INTERNALS, { value: { buffers: new Map(), forwardHooks: new Map(), forwardPreHooks: new Map() } satisfies Internals })
  return self
}

export const internals = (module: AnyModule): Internals => (module as unknown as { [INTERNALS]: Internals })[INTERNALS]

function callHooked(module: AnyModule, args: unknown[]): unknown {
  const { forwardHooks, forwardPreHooks } = internals(module)
  let given = args
  for (const hook of [...forwardPreHooks.values()]) {
    const changed = hook(module, given)
    if (changed !== undefined) given = Array.isArray(changed) ? changed : [changed]
  }
  let output: unknown = module.forward(...given)
  for (const hook of [...forwardHooks.values()]) {
    const changed = hook(module, given, output)
    if (changed !== undefined) output = changed
  }
  return output
}

function addHook(module: AnyModule, kind: 'forwardHooks' | 'forwardPreHooks', hook: ForwardHook | ForwardPreHook, prepend: boolean): RemovableHandle {
  const hooks = internals(module)[kind] as Map<number, unknown>
  const id = nextHook++
  const others = prepend ? [...hooks] : []
  for (const [other] of others) hooks.delete(other)
  hooks.set(id, hook)
  for (const [other, value] of others) hooks.set(other, value)
  return { remove: () => void hooks.delete(id) }
}

/** The class's name as it is printed. */
export function nameOf(module: AnyModule): string {
  const type = module.constructor as typeof Module
  return Object.hasOwn(type, 'typeName') && type.typeName !== undefined ? type.typeName : type.name
}

const setField = (module: AnyModule, name: string, value: unknown): void => void ((module as unknown as Record<string, unknown>)[name] = value)

/** Own fields under Python's names. */
const fields = (module: AnyModule): [name: string, value: unknown][] => Object.keys(module).map((key) => [snake(key), (module as unknown as Record<string, unknown>)[key]])
/** The field that `name` means. */
const fieldOf = (module: AnyModule, name: string): string | undefined => Object.keys(module).find((key) => key === name || snake(key) === name)

/** Modules directly inside, with repetitions. */
export const childrenOf = (module: AnyModule): [name: string, module: AnyModule][] => fields(module).filter((entry): entry is [string, AnyModule] => entry[1] instanceof Module)

const buffersOf = (module: AnyModule): [name: string, buffer: Tensor][] =>
  [...internals(module).buffers.keys()].flatMap((key) => {
    const value = (module as unknown as Record<string, unknown>)[key]
    return value instanceof Tensor ? [[snake(key), value] as [string, Tensor]] : []
  })

/** Own parameters, then own persistent buffers. */
function stateOf(module: AnyModule): [name: string, tensor: Tensor][] {
  const { buffers } = internals(module)
  const left = new Set([...buffers].filter(([, { persistent }]) => !persistent).map(([key]) => snake(key)))
  const parameters = fields(module).filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter)
  return [...parameters, ...buffersOf(module).filter(([name]) => !left.has(name))]
}

/** Members of a module and of those inside, each once. */
function* named<T>(module: AnyModule, prefix: string, recurse: boolean, members: (module: AnyModule) => readonly [name: string, member: T][]): Generator<[name: string, member: T]> {
  const seen = new Set<T>()
  for (const [path, inner] of recurse ? module.namedModules(prefix) : ([[prefix, module]] as const))
    for (const [name, member] of members(inner)) {
      if (seen.has(member)) continue
      seen.add(member)
      yield [path ? `${path}.${name}` : name, member]
    }
}

function load(module: AnyModule, source: StateDict, prefix: string, report: LoadReport): void {
  module.loadFromStateDict(source, prefix, report)
  const children = childrenOf(module)
  for (const [name, inner] of children) load(inner, source, `${prefix}${name}.`, report)
  const known = new Set([...stateOf(module).map(([name]) => name), ...module.extraStateKeys()])
  for (const key of source.keys()) {
    if (!key.startsWith(prefix)) continue
    const rest = key.slice(prefix.length)
    const [first] = rest.split('.') as [string]
    if (known.has(rest) || (rest.includes('.') && (children.some(([name]) => name === first) || known.has(first)))) continue
    report.unexpected.push(key)
  }
}

/** Copies an entry, checked; a scalar takes a vector of one, as old files have them. */
export function copyInto(tensor: Tensor, value: unknown, key: string, report: LoadReport): void {
  if (!isTensor(value)) return void report.mismatched.push(`${key}: expected a tensor, got ${typeof value}`)
  const fitted = !tensor.ndim && value.ndim === 1 && value.numel() === 1 ? value.reshape([]) : value
  if (`${fitted.shape}` !== `${tensor.shape}`) return void report.mismatched.push(`${key}: expected shape [${tensor.shape}], got [${value.shape}]`)
  if (fitted.isQuantized !== tensor.isQuantized) return void report.mismatched.push(`${key}: expected ${tensor.dtype}, got ${value.dtype}`)
  tensor.copy_(fitted)
}
