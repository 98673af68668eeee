import { DTYPES, elementCount, type TypedArray } from '../dtype.js'
import { invariant } from '../errors.js'
import { opKey, type Graph, type Node, type TensorType } from '../graph/graph.js'
import { NodeView, type Values } from '../graph/node-view.js'
import type { KernelName, ParamsOf } from '../runtime/abi.js'
import { NULL, type Operand } from '../runtime/operand.js'
import type { Tensor } from '../value.js'
import { LOWER } from './lower/table.js'
import type { Lowering } from './lower/rule.js'
import { placeLives, type Life } from './memory.js'
import type { Pack, Plan, Port, Step, Storage } from './plan.js'

/** Rules that loop over a batch make steps for each image; a small file may declare millions of them, and memory is placed in quadratic time. */
const MAX_STEPS = 2 ** 15

/** Bytes of a value in the arena. */
export const bytesOf = (type: TensorType): number => elementCount(type.dims) * DTYPES[type.dtype].bytes

/**
 * Turns a specialised graph (every type known, every shape concrete) into a plan.
 *
 * @param capabilities bits of Capability: what the tier's instructions mean on this host
 * @throws KERNEL_MISSING when no rule lowers a node, and whatever its rule throws
 */
export function buildPlan(graph: Graph, values: Values, capabilities: number): Plan {
  return new Builder(graph, values, capabilities).build()
}

class Builder {
  readonly storages: Storage[] = []
  readonly steps: Step[] = []
  readonly packs: Pack[] = []
  /** Where each value lies. */
  private readonly places = new Map<string, Operand>()
  /** Reads of a storage that are still to come, per storage; graph outputs count as one for ever. */
  private readonly readsLeft: number[] = []
  private readonly reads = new Map<string, number>()
  private readonly fixed = new Map<TypedArray, Operand>()
  private readonly packed = new Map<string, Operand>()
  private readonly counts = new Map<string, Operand>()

  constructor(readonly graph: Graph, readonly values: Values, readonly capabilities: number) {
    for (const node of graph.nodes) for (const input of node.inputs) this.reads.set(input, (this.reads.get(input) ?? 0) + 1)
    for (const { name } of graph.outputs) this.reads.set(name, (this.reads.get(name) ?? 0) + 1)
  }

  build(): Plan {
    const inputs = this.graph.inputs.map(({ name }) => this.port(name, this.newValue(name)))
    for (const node of this.graph.nodes) this.lower(node)
    const outputs = this.graph.outputs.map(({ name }) => this.port(name, this.placeOf(name)))
    const activationBytes = this.placeActivations(inputs, outputs)
    return { steps: this.steps, packs: this.packs, storages: this.storages, inputs, outputs, activationBytes, macs: this.steps.reduce((sum, s) => sum + s.macs, 0) }
  }

  private port(name: string, at: Operand): Port {
    return { name, type: this.typeOf(name), at, count: this.counts.get(name) }
  }

  typeOf(name: string): TensorType {
    const type = this.values.typeOf(name)
    invariant(type, `value "${name}" reached the planner without a type`)
    return type
  }

  private lower(node: Node): void {
    const view: NodeLowering = new NodeLowering(this, node)
    const outputs = node.outputs.filter(Boolean)
    const empty = outputs.filter((name) => elementCount(this.typeOf(name).dims) === 0)
    if (empty.length < outputs.length) {
      const rule = LOWER[opKey(node)]
      if (!rule) view.fail('KERNEL_MISSING', `no kernel for ${node.inputs.map((n) => (n ? this.typeOf(n).dtype : 'none')).join(', ')}`)
      rule(view)
      this.keepCount(node)
    }
    for (const name of empty) if (!this.places.has(name)) this.newValue(name)
    for (const input of node.inputs) this.release(input)
  }

  /** A bounded value that is only moved keeps the length that its producer writes. */
  private keepCount(node: Node): void {
    const [output] = node.outputs
    const counted = node.inputs.map((name) => this.counts.get(name)).find(Boolean)
    if (output && counted && this.typeOf(output).bound !== undefined) this.counts.set(output, counted)
  }

  private release(input: string): void {
    const place = input && this.places.get(input)
    if (place && place !== NULL) this.readsLeft[place.storage]!--
  }

  newStorage(storage: Storage): Operand {
    this.storages.push(storage)
    this.readsLeft.push(0)
    return { storage: this.storages.length - 1, offset: 0 }
  }

  /** Gives value `name` the place `at`, whose storage will be read as often as the value is. */
  place(name: string, at: Operand): Operand {
    this.places.set(name, at)
    this.readsLeft[at.storage]! += this.reads.get(name) ?? 0
    return at
  }

  newValue(name: string): Operand {
    return this.place(name, this.newStorage({ kind: 'activation', bytes: Math.max(1, bytesOf(this.typeOf(name))), offset: 0 }))
  }

  placed(name: string): Operand | undefined {
    return this.places.get(name)
  }

  placeOf(name: string): Operand {
    const place = this.places.get(name)
    if (place) return place
    const tensor = this.values.constantOf(name)
    invariant(tensor, `value "${name}" is read before it is written`)
    return this.place(name, this.constant(tensor))
  }

  constant(tensor: Tensor): Operand {
    return this.fix(tensor.data, tensor)
  }

  fix(data: TypedArray, tensor?: Tensor): Operand {
    let place = this.fixed.get(data)
    if (!place) this.fixed.set(data, (place = this.newStorage({ kind: 'fixed', bytes: Math.max(1, data.byteLength), data, tensor })))
    return place
  }

  /** Whether value `name` is alone in its activation storage and this node, which reads it `times` times, is the last to do so. */
  lastReader(name: string, times: number): boolean {
    const place = this.places.get(name)
    if (!place || place.offset !== 0) return false
    const storage = this.storages[place.storage]!
    return storage.kind === 'activation' && storage.bytes === bytesOf(this.typeOf(name)) && this.readsLeft[place.storage] === times
  }

  countOf(name: string): Operand {
    let place = this.counts.get(name)
    if (!place) this.counts.set(name, (place = this.newStorage({ kind: 'activation', bytes: 4, offset: 0 })))
    return place
  }

  pack(key: string, bytes: number, sources: readonly Tensor[], build: (target: Operand) => { steps: Step[]; temporary: number[] }): Operand {
    const full = `${key}|${sources.map((s) => this.idOf(s)).join(',')}`
    let target = this.packed.get(full)
    if (target) return target
    target = this.newStorage({ kind: 'packed', bytes, pack: undefined as never })
    const { steps, temporary } = build(target)
    const pack: Pack = { key, sources, storage: target.storage, temporary, steps }
    this.storages[target.storage] = { kind: 'packed', bytes, pack }
    this.packs.push(pack)
    this.packed.set(full, target)
    return target
  }

  private readonly ids = new Map<Tensor, number>()
  private idOf(tensor: Tensor): number {
    let id = this.ids.get(tensor)
    if (id === undefined) this.ids.set(tensor, (id = this.ids.size))
    return id
  }

  private placeActivations(inputs: readonly Port[], outputs: readonly Port[]): number {
    const lives = new Map<number, Life & { storage: Storage }>()
    const touch = (operand: Operand, at: number): void => {
      const storage = operand === NULL ? undefined : this.storages[operand.storage]
      if (storage?.kind !== 'activation') return
      const life = lives.get(operand.storage)
      if (life) (life as { last: number }).last = at
      else lives.set(operand.storage, { bytes: storage.bytes, first: at, last: at, offset: 0, storage })
    }
    for (const port of inputs) touch(port.at, -1)
    this.steps.forEach((step, i) => operandsOf(step).forEach((operand) => touch(operand, i)))
    for (const port of outputs) {
      touch(port.at, this.steps.length)
      if (port.count) touch(port.count, this.steps.length)
    }
    const size = placeLives([...lives.values()])
    for (const life of lives.values()) (life.storage as { offset: number }).offset = life.offset
    return Math.max(size, this.placeTemporaries())
  }

  /** Packs run before any activation exists, so each uses the activation block from its start. */
  private placeTemporaries(): number {
    const sizes = this.packs.map((pack) => {
      const lives = pack.temporary.map((index) => ({ bytes: this.storages[index]!.bytes, first: 0, last: 0, offset: 0, storage: this.storages[index]! }))
      const size = placeLives(lives)
      for (const life of lives) (life.storage as { offset?: number }).offset = life.offset
      return size
    })
    return Math.max(0, ...sizes)
  }
}

/** Every operand in a step's parameters. */
export const operandsOf = (step: Step): Operand[] =>
  Object.values(step.params as unknown as Record<string, number | Operand>).filter((v): v is Operand => typeof v === 'object')

class NodeLowering extends NodeView implements Lowering {
  /** Set while a pack is being described: steps and temporaries go to it. */
  private prologue: { steps: Step[]; temporary: number[] } | undefined

  constructor(private readonly builder: Builder, node: Node) {
    super(node, builder.values)
  }

  get capabilities(): number {
    return this.builder.capabilities
  }

  private outputName(o: number): string {
    return this.node.outputs[o] || this.fail('GRAPH_INVALID', `output ${o} is required but has no name. Re-export the model`)
  }

  output(o = 0): TensorType {
    return this.builder.typeOf(this.outputName(o))
  }

  in(i: number): Operand {
    const name = this.node.inputs[i]
    if (!name) return this.fail('GRAPH_INVALID', `input ${i} is required but absent. Re-export the model`)
    const tensor = this.constant(i)
    if (!this.prologue || !tensor) return this.builder.placeOf(name)
    const staged = this.builder.newStorage({ kind: 'staged', bytes: Math.max(1, tensor.data.byteLength), data: tensor.data })
    this.prologue.temporary.push(staged.storage)
    return staged
  }

  out(o = 0): Operand {
    const name = this.outputName(o)
    return this.builder.placed(name) ?? this.builder.newValue(name)
  }

  count(o: number): Operand {
    return this.builder.countOf(this.outputName(o))
  }

  emit<K extends KernelName>(kernel: K, params: ParamsOf<K>, macs = 0): void {
    if (this.builder.steps.length >= MAX_STEPS) this.fail('WORK_EXCESSIVE', `it would bring the plan to more than ${MAX_STEPS} steps. Use a smaller batch`)
    const step: Step<K> = { kernel, params, node: this.node.name, op: this.node.op, macs }
    ;(this.prologue?.steps ?? this.builder.steps).push(step as unknown as Step)
  }

  scratch(bytes: number): Operand {
    const operand = this.builder.newStorage({ kind: 'activation', bytes: Math.max(1, bytes), offset: 0 })
    this.prologue?.temporary.push(operand.storage)
    return operand
  }

  table(data: TypedArray): Operand {
    return this.builder.fix(data)
  }

  pack(key: string, bytes: number, sources: readonly number[], fill: (target: Operand) => void): Operand {
    const tensors = sources.map((i) => this.constant(i))
    if (!tensors.every((t): t is Tensor => t !== undefined)) {
      const target = this.scratch(bytes)
      fill(target)
      return target
    }
    return this.builder.pack(key, bytes, tensors, (target) => {
      const prologue = (this.prologue = { steps: [] as Step[], temporary: [] as number[] })
      fill(target)
      this.prologue = undefined
      return prologue
    })
  }

  alias(o: number, i: number): void {
    this.builder.place(this.outputName(o), this.in(i))
  }

  mayOverwrite(o: number, i: number): void {
    const [output, input] = [this.outputName(o), this.node.inputs[i]!]
    const times = this.node.inputs.filter((n) => n === input).length
    if (this.builder.placed(output) || !this.builder.lastReader(input, times) || bytesOf(this.output(o)) !== bytesOf(this.input(i))) return
    this.builder.place(output, this.builder.placeOf(input))
  }
}
