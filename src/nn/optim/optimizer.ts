import { fromArray } from '../../autograd/create.js'
import { needTrainModule } from '../../autograd/train-module.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { snake } from '../python.js'
import { isTensor } from '../state-dict.js'

needTrainModule()

/** A parameter with the gradient that a step uses. */
export type Learned = Tensor & { grad?: Tensor | null }
/** Parameters that share their settings. */
export type ParamGroup<O> = O & { params: Learned[]; initialLr?: number }
/** What an optimizer is given: parameters, or groups of them with settings of their own. */
export type Params<O> = Iterable<Tensor> | Iterable<Partial<O> & { readonly params: Iterable<Tensor> }>
/** What an optimizer knows of a parameter: float32 tensors of its shape, and a count of steps. */
export type ParamState = Record<string, Tensor>
/** PyTorch's layout: state by the parameter's number, groups under Python's names. */
export interface OptimizerState {
  readonly state: ReadonlyMap<number, ParamState>
  readonly param_groups: readonly Readonly<Record<string, unknown>>[]
}

const invalid = (why: string): never => { throw new OctavoError('OPTION_INVALID', why) }
const mismatch = (why: string): never => { throw new OctavoError('STATE_DICT_MISMATCH', `optimizer state: ${why}. It belongs to another model or optimizer.`) }
const entries = (value: unknown): Map<unknown, unknown> => (value instanceof Map ? value : typeof value === 'object' && value ? new Map(Object.entries(value)) : mismatch('expected a dict'))

/** The elements of a tensor of float32, in its own order. @throws DTYPE_UNSUPPORTED */
export function floatsOf(x: Tensor): Float32Array {
  const elements = x.elements()
  return elements instanceof Float32Array ? elements : (() => { throw new OctavoError('DTYPE_UNSUPPORTED', `optimizers take float32, got ${x.dtype}.`) })()
}

/** The gradient's elements in the order of its parameter. @throws SHAPE_MISMATCH, DTYPE_UNSUPPORTED */
export function gradOf(param: Learned): Float32Array | undefined {
  const { grad } = param
  if (!grad) return undefined
  if (`${grad.shape}` !== `${param.shape}`) throw new OctavoError('SHAPE_MISMATCH', `a gradient of shape [${grad.shape}] for a parameter of [${param.shape}].`)
  return floatsOf(grad.contiguous(param.memoryFormat))
}

/** What optimizers have in common: groups of parameters with settings, and state by parameter. Source: torch.optim.Optimizer. */
export abstract class Optimizer<O extends { readonly lr: number } = { readonly lr: number }> {
  readonly paramGroups: ParamGroup<O>[] = []
  readonly state = new Map<Tensor, ParamState>()

  /** @throws OPTION_INVALID without parameters, or with one in two groups */
  constructor(params: Params<O>, readonly defaults: O) {
    const given = [...params] as (Tensor | (Partial<O> & { params: Iterable<Tensor> }))[]
    if (!given.length) invalid('an optimizer of no parameters.')
    if (isTensor(given[0])) this.addParamGroup({ params: given as Tensor[] } as never)
    else for (const group of given) this.addParamGroup(group as never)
  }

  /** Settings that Python's state dicts have beside those here. */
  protected abstract readonly pythonSettings: Readonly<Record<string, unknown>>
  /** Entries of a parameter's state that a group's settings ask for. */
  protected abstract stateNames(group: ParamGroup<O>): readonly string[]
  protected abstract check(settings: O): void
  protected abstract update(param: Learned, grad: Float32Array, group: ParamGroup<O>): void

  /** Adds parameters. @throws OPTION_INVALID for one that is there already, or a setting out of range */
  addParamGroup({ params, ...settings }: Partial<O> & { readonly params: Iterable<Tensor> }): void {
    const group = { ...this.defaults, ...settings, params: [...params] as Learned[] } as unknown as ParamGroup<O>
    this.check(group)
    const all = [...this.paramGroups.flatMap((g) => g.params), ...group.params]
    if (new Set(all).size !== all.length) invalid('a parameter is in two groups, or twice in one.')
    this.paramGroups.push(group)
  }

  /** Moves every parameter that has a gradient. @throws SHAPE_MISMATCH, DTYPE_UNSUPPORTED, KERNEL_MISSING before init() */
  step(): void {
    for (const group of this.paramGroups)
      for (const param of group.params) {
        const grad = gradOf(param)
        if (!grad) continue
        this.update(param, grad, group)
        param.touch()
      }
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const { params } of this.paramGroups) for (const param of params) param.grad = null
  }

  /** The state of a parameter's entry; zeros where there is none yet. */
  protected entry(param: Tensor, name: string): Float32Array {
    const state = this.stateOf(param)
    return floatsOf((state[name] ??= fromArray(new Float32Array(param.numel()), param.kind.physical)))
  }

  protected stateOf(param: Tensor): ParamState {
    const state = this.state.get(param) ?? {}
    this.state.set(param, state)
    return state
  }

  /** PyTorch's state dict: the tensors themselves, row-major ones as they are. */
  stateDict(): OptimizerState {
    const all = this.paramGroups.flatMap(({ params }) => params)
    const numbers = new Map(all.map((param, i) => [param as Tensor, i]))
    return {
      state: new Map([...this.state].map(([param, state]) => [numbers.get(param)!, state])),
      param_groups: this.paramGroups.map(({ params, ...settings }) => ({ ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [snake(key), value])), ...this.pythonSettings, params: params.map((p) => numbers.get(p)!) })),
    }
  }

  /**
   * Takes over a state dict: one of stateDict(), or what `torch.load` read of PyTorch's.
   *
   * @throws STATE_DICT_MISMATCH for other groups, shapes or entries; nothing has changed then
   */
  loadStateDict(saved: OptimizerState | ReadonlyMap<string, unknown>): void {
    const dict = entries(saved)
    const groups = dict.get('param_groups')
    if (!Array.isArray(groups) || groups.length !== this.paramGroups.length) return mismatch(`expected ${this.paramGroups.length} groups`)
    const state = new Map<Tensor, ParamState>()
    const byNumber = entries(dict.get('state'))
    const settings = groups.map((group, g) => {
      const own = this.paramGroups[g]!
      const read = entries(group)
      const numbers = read.get('params')
      if (!Array.isArray(numbers) || numbers.length !== own.params.length) return mismatch(`group ${g}: expected ${own.params.length} parameters`)
      const next = Object.fromEntries(Object.keys({ ...own, initialLr: 0 }).filter((key) => key !== 'params' && read.get(snake(key)) !== undefined).map((key) => [key, read.get(snake(key))]))
      const names = this.stateNames({ ...own, ...next } as ParamGroup<O>)
      numbers.forEach((number, i) => {
        const entry = byNumber.get(number) ?? byNumber.get(String(number))
        if (entry !== undefined) state.set(own.params[i]!, readState(entries(entry), names, own.params[i]!, `parameter ${number}`))
      })
      return next
    })
    const known = new Set(groups.flatMap((group) => entries(group).get('params') as unknown[]).map(String))
    for (const number of byNumber.keys()) if (!known.has(String(number))) mismatch(`there is no parameter ${String(number)}`)
    settings.forEach((next, g) => Object.assign(this.paramGroups[g]!, next))
    this.state.clear()
    for (const [param, entry] of state) this.state.set(param, entry)
  }
}

function readState(saved: Map<unknown, unknown>, names: readonly string[], param: Tensor, where: string): ParamState {
  const found = [...saved].filter(([, value]) => value !== null).map(([name]) => String(name))
  if (`${[...found].sort()}` !== `${[...names].sort()}`) mismatch(`${where} has ${found.join(', ') || 'nothing'}, expected ${names.join(', ') || 'nothing'}`)
  return Object.fromEntries(names.map((name) => {
    const value = saved.get(name)
    const shape = name === 'step' ? [] : param.kind.physical
    if (!isTensor(value) || value.dtype !== 'float32' || `${value.shape}` !== `${shape}`) mismatch(`${where}: ${name} is no float32 tensor of shape [${shape}]`)
    return [name, (value as Tensor).contiguous().clone()]
  }))
}

/** @throws OPTION_INVALID */
export function requireAtLeast0(where: string, settings: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(settings)) if (!(value >= 0 && value < Infinity)) invalid(`${where}: ${name} is ${value}, expected a number of at least 0.`)
}
