import { fromArray } from '../../autograd/create.js'
import { needTrainModule } from '../../autograd/train-module.js'
import { isTensor, LoadReport, StateDict } from '../state-dict.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { ObserverBase, type ObserverFactory } from '../../quantization/observer-base.js'
import { PlaceholderObserver } from '../../quantization/plain-observers.js'
import type { QParams, QRange } from '../../quantization/qparams.js'
import { isPerChannel, type QScheme } from '../../quantization/qscheme.js'
import { Tensor as Value } from '../../value.js'
import { Module } from '../module.js'
import { bool, float, indented, vectorText } from '../python.js'

needTrainModule()

/** What a module's result or weight passes through while a model is observed: an observer, or a fake-quantize. */
export abstract class ActivationPostProcess extends Module<[x: Tensor], Tensor> {
  abstract readonly dtype: ObserverBase['dtype']
  abstract readonly qscheme: QScheme | undefined
  /** The axis of channels; −1 for a whole tensor. */
  abstract readonly axis: number
  abstract readonly quantMin: number | undefined
  abstract readonly quantMax: number | undefined
  /** Whether it only knows its newest batch. */
  abstract readonly isMemoryless: boolean

  /** Scale and zero point as convert() takes them. @throws QPARAMS_INVALID where there are none */
  abstract calculateQParams(): QParams
}

/** An observer as a module: it lies in models and in their state dicts as PyTorch's do. */
export class Observer<T extends ObserverBase = ObserverBase> extends ActivationPostProcess {
  constructor(readonly observer: T) {
    super()
  }

  get dtype(): ObserverBase['dtype'] { return this.observer.dtype }
  get qscheme(): QScheme | undefined { return this.range.qscheme }
  get axis(): number { return (this.observer as { axis?: number }).axis ?? -1 }
  get quantMin(): number | undefined { return this.range.quantMin }
  get quantMax(): number | undefined { return this.range.quantMax }
  get isMemoryless(): boolean { return (this.observer as { averagingConstant?: number }).averagingConstant === 1 }
  private get range(): Partial<QRange> { return this.observer as Partial<QRange> }

  forward(x: Tensor): Tensor {
    if (x.dtype === 'float32') this.observer.forward(valueOf(x))
    else if (this.qscheme) throw new OctavoError('DTYPE_MISMATCH', `${this.observer.constructor.name}: expected a tensor of float32, got ${x.dtype}. Observe the float model.`, { got: x.dtype })
    return x
  }

  calculateQParams(): QParams {
    return this.observer.calculateQParams()
  }

  override get stateVersion(): number {
    return this.qscheme ? 3 : 1
  }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    for (const [name, { data, dims }] of Object.entries(this.observer.stateDict())) destination.set(prefix + name, fromArray(data as Float32Array, dims))
  }

  /** Per-channel ranges take the length that was saved, as in PyTorch. Versions before 3 call them min_vals and max_vals. */
  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    const state: Record<string, Value> = {}
    for (const name of this.extraStateKeys()) {
      const value = source.get(prefix + name) ?? source.get(`${prefix}${name}s`)
      if (value === undefined) report.missing.push(prefix + name)
      else if (!isTensor(value)) report.mismatched.push(`${prefix}${name}: expected a tensor, got ${typeof value}`)
      else state[name] = new Value(value.dtype as 'float32', value.toArray(), value.shape)
    }
    if (Object.keys(state).length !== this.extraStateKeys().length) return
    try {
      this.observer.loadStateDict(state)
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error
      report.mismatched.push(`${prefix.slice(0, -1)}: ${error.message}`)
    }
  }

  override extraStateKeys(): readonly string[] {
    return Object.keys(this.observer.stateDict())
  }

  override extraRepr(): string {
    const { minVal, maxVal } = this.observer as { minVal?: number | Float32Array; maxVal?: number | Float32Array }
    if (minVal === undefined || maxVal === undefined) return this.observer instanceof PlaceholderObserver ? `dtype=torch.${this.dtype}, is_dynamic=${bool(this.observer.isDynamic)}` : ''
    const print = (v: number | Float32Array): string => (typeof v === 'number' ? float(v) : vectorText(v, 'float32'))
    return `min_val=${print(minVal)}, max_val=${print(maxVal)}`
  }

  override toString(): string {
    const extra = this.extraRepr()
    return `${this.observer.constructor.name}(${extra.includes('\n') ? `\n  ${indented(extra)}\n` : extra})`
  }
}

/** The elements of a float32 tensor for observers, row-major. */
export const valueOf = (x: Tensor): Value => new Value('float32', x.contiguous().elements(), x.shape)

/** Whatever a QConfig makes: observers, fake-quantizes, modules of the caller's. */
export type AnyFactory = ObserverFactory<unknown>

/** A module of what `factory` makes. @throws MODULE_INVALID for what neither observes nor is a module */
export function observerOf(factory: AnyFactory): Module<[x: Tensor], Tensor> {
  const made = factory()
  if (made instanceof ObserverBase) return new Observer(made)
  if (made instanceof Module) return made as Module<[x: Tensor], Tensor>
  throw new OctavoError('MODULE_INVALID', `qconfig: expected a factory of observers or modules, it made ${String(made)}.`, {})
}

/** observerOf for what must tell qparams. @throws MODULE_INVALID */
export function postProcessOf(factory: AnyFactory): ActivationPostProcess {
  const made = observerOf(factory)
  if (made instanceof ActivationPostProcess) return made
  throw new OctavoError('MODULE_INVALID', `qconfig: ${String(made)} tells no qparams. Use an observer or a fake-quantize.`, {})
}

/** Whether a scheme has a scale for each channel. */
export const perChannel = (qscheme: QScheme | undefined): boolean => qscheme !== undefined && isPerChannel(qscheme)
