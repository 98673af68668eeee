import { DTYPES, viewOf } from '../dtype.js'
import type { TensorType } from '../graph/graph.js'
import type { Port } from '../plan/plan.js'
import { Tensor as Constant } from '../value.js'
import type { Attribute, Op } from './dispatch.js'
import type { EagerExecutor, EagerPlan } from './eager-executor.js'
import { kindOf, type Kind } from './kind.js'
import type { Quantizer } from './quantizer.js'
import { Recipe, type Result } from './recipe.js'
import { SCALAR_TYPES, scalarTypeOf, storageLength } from './scalar-type.js'
import { Storage } from './storage.js'
import { newTensor, type Tensor } from './tensor-base.js'

type Inputs = readonly (Tensor | undefined)[]

/** Plans kept, and bytes of wasm memory that they may hold with their weights; those unused for longest go first. */
const MAX_CALLS = 2048
const MAX_BYTES = 2 ** 30
/** Calls after which contents that had changed are taken into a plan again. */
const STEADY_CALLS = 3

/** A planned call: where its operands go, where its results lie and what tensors they become. */
interface CachedCall {
  readonly plan: EagerPlan
  readonly feeds: readonly { readonly input: number; readonly port: Port }[]
  readonly results: readonly { readonly port: Port; readonly kind: Kind; readonly quantizer: Quantizer | undefined }[]
  /** Operands that a module holds, with their versions when the plan was made or, where they are fed, last run. */
  readonly held: readonly { readonly input: number; version: number }[]
  /** Whether held operands' contents are in the plan; else they are fed, as while they are trained. */
  readonly baked: boolean
  steady: number
  used: number
}

/** Plans of operations by key. */
export class CallCache {
  private readonly calls = new Map<string, CachedCall>()
  private turn = 0

  constructor(private readonly executor: EagerExecutor) {}

  /** Number of plans held. */
  get size(): number {
    return this.calls.size
  }

  call<A extends readonly Attribute[]>(key: string, op: Op<A>, inputs: Inputs, attributes: A): Tensor[] {
    let call = this.calls.get(key)
    if (call === undefined) call = this.plan(key, op, inputs, attributes, true)
    else if (call.held.length) call = this.renewed(key, call, op, inputs, attributes)
    call.used = ++this.turn
    return this.run(call, inputs)
  }

  /** The call itself while the held operands are as they were; else one that feeds them, and once they rest one that holds them again. */
  private renewed<A extends readonly Attribute[]>(key: string, call: CachedCall, op: Op<A>, inputs: Inputs, attributes: A): CachedCall {
    let changed = false
    for (const held of call.held) {
      const { version } = inputs[held.input]!.storage
      if (held.version === version) continue
      changed = true
      held.version = version
    }
    if (call.baked) return changed ? this.plan(key, op, inputs, attributes, false) : call
    call.steady = changed ? 0 : call.steady + 1
    return call.steady < STEADY_CALLS ? call : this.plan(key, op, inputs, attributes, true)
  }

  private plan<A extends readonly Attribute[]>(key: string, op: Op<A>, inputs: Inputs, attributes: A, baked: boolean): CachedCall {
    const recipe = new Recipe(inputs.map((t) => t && { kind: t.kind, quantizer: t.quantizer, constant: baked && t.storage.held ? constantOf(t) : undefined }))
    const results = op.describe(recipe, attributes).map((r): Result => (typeof r === 'string' ? { value: r } : r))
    const graph = recipe.graph(op.name, distinct(recipe, results))
    const plan = this.executor.planFor(graph, { types: recipe.types, known: new Map() })
    this.drop(key)
    const { inputs: ports, outputs } = plan.plan
    const call: CachedCall = {
      plan, baked, steady: 0, used: 0,
      feeds: ports.map((port) => ({ input: Number(port.name.slice(1)), port })),
      results: graph.outputs.map((_, o) => ({ port: outputs[o]!, kind: resultKind(results[o]!, outputs[o]!.type), quantizer: results[o]!.quantizer })),
      held: inputs.flatMap((t, input) => (t?.storage.held ? [{ input, version: t.storage.version }] : [])),
    }
    this.calls.set(key, call)
    this.makeRoom(call)
    return call
  }

  private run(call: CachedCall, inputs: Inputs): Tensor[] {
    const bound = this.executor.current(call.plan)
    const { arena } = this.executor
    for (let f = 0; f < call.feeds.length; f++) {
      const { input, port } = call.feeds[f]!
      const { storage: { array }, offset, kind } = inputs[input]!
      const size = array.BYTES_PER_ELEMENT
      arena.bytes.set(new Uint8Array(array.buffer, array.byteOffset + offset * size, storageLength(kind.dtype, kind.numel) * size), bound.addressOf(port.at))
    }
    bound.run()
    const tensors: Tensor[] = []
    for (let r = 0; r < call.results.length; r++) {
      const { port, kind, quantizer } = call.results[r]!
      const { host } = SCALAR_TYPES[kind.dtype]
      const length = storageLength(kind.dtype, kind.numel)
      const from = bound.addressOf(port.at)
      tensors.push(newTensor(new Storage(viewOf(host, arena.memory.buffer.slice(from, from + length * DTYPES[host].bytes), 0, length)), kind, quantizer))
    }
    return tensors
  }

  private drop(key: string): void {
    this.calls.get(key)?.plan.bound.release()
    this.calls.delete(key)
  }

  private makeRoom(newest: CachedCall): void {
    while (this.calls.size > 1 && (this.calls.size > MAX_CALLS || this.executor.arena.used > MAX_BYTES)) {
      let oldest: [string, CachedCall] | undefined
      for (const entry of this.calls) if (entry[1] !== newest && (!oldest || entry[1].used < oldest[1].used)) oldest = entry
      this.drop(oldest![0])
    }
  }
}

/** Results that are one value twice, or an operand itself, go through a node of their own, since a graph hands a value out once. */
function distinct(recipe: Recipe, results: readonly Result[]): Result[] {
  const seen = new Set<string>([...recipe.types.keys(), ...recipe.constants.keys()])
  return results.map((result) => {
    const value = seen.has(result.value) ? recipe.node('Identity', [result.value]) : result.value
    seen.add(value)
    return { ...result, value }
  })
}

function resultKind({ shape, dtype, format = 'contiguous' }: Result, type: TensorType): Kind {
  const { dims } = type
  const first = format === 'contiguous' ? dims : [dims[0]!, dims[dims.length - 1]!, ...dims.slice(1, -1)]
  return kindOf(dtype ?? scalarTypeOf(type.dtype), shape ?? first, format)
}

/** A held operand's contents as plans name them: the same object as long as it does not change, so that its packed form is shared. */
function constantOf({ storage, offset, kind }: Tensor): Constant {
  const known = storage.constant
  if (known && known.version === storage.version && known.offset === offset && known.kind === kind.id) return known.tensor
  const { host } = SCALAR_TYPES[kind.dtype]
  const length = storageLength(kind.dtype, kind.numel)
  const data = viewOf(host, storage.array.buffer, storage.array.byteOffset + offset * storage.array.BYTES_PER_ELEMENT, length)
  const tensor = new Constant(host, data, kind.dtype === 'quint4x2' ? [length] : kind.physical)
  storage.constant = { version: storage.version, offset, kind: kind.id, tensor }
  return tensor
}
