import type { Attribute, Op } from '../../../autograd/dispatch.js'
import type { Kind } from '../../../autograd/kind.js'
import type { Quantizer } from '../../../autograd/quantizer.js'
import type { Recorder } from '../../../autograd/recorder.js'
import { SCALAR_TYPES } from '../../../autograd/scalar-type.js'
import type { Storage } from '../../../autograd/storage.js'
import type { Tensor } from '../../../autograd/tensor.js'
import { OctavoError } from '../../../errors.js'
import { Tensor as Constant } from '../../../value.js'

/** A tensor that follows from the inputs: `name` is its value, channels first whatever the tensor's memory format. */
export interface TracedValue {
  readonly name: string
  readonly kind: Kind
  readonly quantizer: Quantizer | undefined
}

/** A tensor that follows from no input: its elements at the time, in the order of its storage. */
export interface TracedConstant {
  readonly name: string
  readonly kind: Kind
  readonly quantizer: Quantizer | undefined
  readonly constant: Constant
}

export type TracedOperand = TracedValue | TracedConstant

/** An operation as it was called. */
export interface TracedCall {
  /** The module that called it, by name, and the operation: `layer1.0.conv1/conv`. */
  readonly name: string
  readonly op: Op<never>
  readonly attributes: readonly Attribute[]
  readonly operands: readonly (TracedOperand | undefined)[]
  readonly results: readonly TracedValue[]
}

/** Elements of `from`, from `offset` on in the order of its storage, as another tensor over it. */
export interface TracedView {
  readonly from: TracedValue
  readonly offset: number
  readonly to: TracedValue
}

export type TracedStep = TracedCall | TracedView

/** What a storage holds, and the views of it that were seen. */
interface Traced {
  readonly value: TracedValue
  readonly views: Map<string, TracedValue>
}

const refuse = (what: string): never => {
  throw new OctavoError('TRACE_INVALID', `trace: ${what}`, {})
}

/** Writes down what operations computed, while a module runs once. */
export class Recording implements Recorder {
  readonly steps: TracedStep[] = []
  /** Name of the module that runs now. */
  scope = ''
  private readonly traced = new Map<Storage, Traced>()
  private readonly constants = new Map<string, TracedConstant>()
  private readonly taken = new Map<string, number>()

  /** @param names of the storages that a module holds */
  constructor(private readonly names: ReadonlyMap<Storage, string>) {}

  /** An input of the graph. */
  input(tensor: Tensor, name: string): TracedValue {
    return this.add(tensor, this.unique(name))
  }

  operation<A extends readonly Attribute[]>(op: Op<A>, attributes: A, inputs: readonly (Tensor | undefined)[], results: readonly Tensor[]): void {
    const operands = inputs.map((t) => t && this.operand(t))
    if (!operands.some((o) => o && !('constant' in o))) return
    const name = this.unique(`${this.scope}/${op.name.replace('quantized::', '')}`)
    this.steps.push({ name, op: op as unknown as Op<never>, attributes, operands, results: results.map((t, i) => this.add(t, i ? `${name}.${i}` : name)) })
  }

  written(target: Tensor, source: Tensor): void {
    const known = this.traced.get(target.storage)
    const traced = this.traced.has(source.storage)
    if (!known && !traced) return
    if (target.storage.held) refuse('the module writes a value that follows from its inputs into a parameter or buffer (batch statistics in training?). Call model.eval() first.')
    if (target.numel() !== target.storage.array.length) refuse('part of a tensor is written, which a graph cannot say. Put tensors together with cat or where.')
    if (!traced) return void this.traced.delete(target.storage)
    this.traced.set(target.storage, { value: { ...this.operand(source), kind: target.kind, quantizer: target.quantizer }, views: new Map() })
  }

  read(tensor: Tensor): void {
    if (this.traced.has(tensor.storage))
      throw new OctavoError('TRACE_INVALID', `trace${this.scope && ` (${this.scope})`}: the module reads or writes elements that follow from its inputs (item, toArray, elements, fill_, an observer): a graph computes the same whatever the numbers are. Use tensors all the way (where, clamp, …); convert() a prepared model first.`, { module: this.scope })
  }

  random(): void {
    refuse('the module draws random numbers (dropout in training?), which a graph would repeat. Call model.eval() first.')
  }

  /** What a tensor is in the graph. */
  operand(tensor: Tensor): TracedOperand {
    const { storage, kind, quantizer, offset } = tensor
    const known = this.traced.get(storage)
    if (!known) return this.constant(tensor)
    const { value, views } = known
    if (offset === 0 && `${kind.shape}` === `${value.kind.shape}` && kind.format === value.kind.format) return { name: value.name, kind, quantizer }
    const key = `${offset} ${kind.format} ${kind.shape}`
    const seen = views.get(key)
    if (seen) return { name: seen.name, kind, quantizer }
    const to = { name: this.unique(`${value.name}/view`), kind, quantizer }
    views.set(key, to)
    this.steps.push({ from: value, offset, to })
    return to
  }

  /** A copy of what is there now: the graph does not change when the module is trained on. */
  private constant({ storage, kind, quantizer, offset, heldKey }: Tensor): TracedConstant {
    const key = `${heldKey}v${storage.version}`
    const known = storage.held ? this.constants.get(key) : undefined
    if (known) return { ...known, quantizer }
    const { host } = SCALAR_TYPES[kind.dtype]
    const length = kind.dtype === 'quint4x2' ? Math.ceil(kind.numel / 2) : kind.numel
    const constant = new Constant(host, storage.array.slice(offset, offset + length), kind.dtype === 'quint4x2' ? [length] : kind.physical)
    const made = { name: this.unique(this.names.get(storage) ?? `${this.scope}/constant`), kind, quantizer, constant }
    this.constants.set(key, made)
    return made
  }

  private add({ storage, kind, quantizer }: Tensor, name: string): TracedValue {
    const value = { name, kind, quantizer }
    this.traced.set(storage, { value, views: new Map() })
    return value
  }

  private unique(hint: string): string {
    const count = this.taken.get(hint) ?? 0
    this.taken.set(hint, count + 1)
    return count ? this.unique(`${hint}_${count}`) : hint
  }
}
