import { DTYPES, elementCount, type DType } from './dtype.js'
import { OctavoError } from './errors.js'
import type { TensorType, ValueInfo } from './graph/graph.js'
import type { Bound } from './plan/bound.js'
import { defaultLimits, type Limits } from './plan/limits.js'
import type { PlanRunner } from './plan/runner.js'
import { aborted, breathe } from './platform/host.js'
import type { Tier } from './runtime/tiers.js'
import { Tensor, holds } from './value.js'

/** Feeds or results by name. */
export type Tensors = Record<string, Tensor>

/** What a session tells through `onLog`; nothing is ever printed. */
export interface LogEvent {
  readonly level: 'info' | 'warning'
  readonly message: string
}

export interface PlanSessionOptions {
  /** Time every step; read it with `profile()`. */
  readonly profile?: boolean
  /** Most bytes of wasm memory; default 256 MiB plus 64 bytes for every byte of model and feeds. */
  readonly memoryLimit?: number
  /** Most operations a run may do; default 2³³ plus 2¹⁶ for every byte of model and feeds. */
  readonly workLimit?: number
  readonly onLog?: (event: LogEvent) => void
}

export interface RunOptions {
  /** Names of the outputs wanted; all of them by default. */
  readonly fetches?: readonly string[]
  /** Checked between steps; the run then takes short breaks so that an abort can arrive. */
  readonly signal?: AbortSignal
}

/** Name, element type and dims of an input or output as the model declares them: a string or null dim is open. */
export interface ValueMetadata {
  readonly name: string
  readonly dtype: DType
  readonly dims: readonly (number | string | null)[] | null
}

export interface SessionInfo {
  readonly tier: Tier
  readonly tierReason: string
  readonly threads: 1
  /** Plans in the cache, and steps, multiply-accumulates and activation bytes of the one used last. */
  readonly plans: number
  readonly steps: number
  readonly macs: number
  readonly activationBytes: number
  /** Bytes of wasm memory held, and how many of them are in use. */
  readonly memoryBytes: number
  readonly usedBytes: number
}

/** Time of one step over the runs since the profile was last read. */
export interface StepProfile {
  readonly node: string
  readonly op: string
  readonly kernel: string
  readonly macs: number
  readonly runs: number
  readonly ms: number
}

/** A bound plan and how long its steps took. */
export interface CachedPlan<B extends Bound = Bound> {
  readonly bound: B
  readonly times: Float64Array
  runs: number
}

/** What a plan is asked for. */
export interface PlanRequest {
  readonly types: ReadonlyMap<string, TensorType>
  /** Contents of the inputs that decide shapes. */
  readonly known: ReadonlyMap<string, Tensor>
}

/** Plans kept per session; the one unused for longest is freed first. */
const MAX_PLANS = 4
/** With a signal, a run lets the host breathe after this many milliseconds of steps. */
const BREATH_MS = 8

/** Plans ready to run: one instance, one memory, a small cache. Where plans come from is for others to say. */
export abstract class PlanSession<R extends PlanRunner = PlanRunner, C extends CachedPlan = CachedPlan> {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly inputMetadata: readonly ValueMetadata[]
  readonly outputMetadata: readonly ValueMetadata[]

  private runner: R | undefined
  private readonly plans = new Map<string, C>()
  protected latest: C | undefined
  private queue: Promise<unknown> = Promise.resolve()

  /**
   * @param keyInputs inputs whose contents decide shapes
   * @param bytes size of the model, for the default limits
   */
  constructor(protected readonly inputs: readonly ValueInfo[], outputs: readonly ValueInfo[], protected readonly keyInputs: ReadonlySet<string>, runner: (memoryLimit: number) => R, private readonly bytes: number, private readonly options: PlanSessionOptions) {
    this.inputMetadata = inputs.map(metadata)
    this.outputMetadata = outputs.map(metadata)
    this.inputNames = inputs.map((i) => i.name)
    this.outputNames = outputs.map((o) => o.name)
    this.runner = runner(this.limits(0).memory)
    const { tier, reason } = this.runner.tier
    options.onLog?.({ level: 'info', message: `tier ${tier}: ${reason}` })
  }

  /** A plan for a request that the cache does not hold. */
  protected abstract newPlan(request: PlanRequest, workLimit: number): C

  get info(): SessionInfo {
    const { tier, arena } = this.open()
    const plan = this.latest?.bound.plan
    return {
      tier: tier.tier, tierReason: tier.reason, threads: 1, plans: this.plans.size,
      steps: plan?.steps.length ?? 0, macs: plan?.macs ?? 0, activationBytes: plan?.activationBytes ?? 0,
      memoryBytes: arena.size, usedBytes: arena.used,
    }
  }

  /**
   * Runs the model. Runs of one session take turns; results are copies that stay valid.
   *
   * @throws INPUT_MISSING, INPUT_MISMATCH, OUTPUT_UNKNOWN, SESSION_DISPOSED, ABORTED, and planning's codes for new shapes
   */
  run(feeds: Tensors, options: RunOptions = {}): Promise<Tensors> {
    const turn = this.queue.then(() => this.execute(feeds, options))
    this.queue = turn.catch(() => undefined)
    return turn
  }

  /** As `run`, in one go on this thread. */
  runSync(feeds: Tensors, options: Pick<RunOptions, 'fetches'> = {}): Tensors {
    const cached = this.begin(feeds, options.fetches)
    this.runSteps(cached, 0, cached.bound.length)
    return this.collect(cached, options.fetches)
  }

  private async execute(feeds: Tensors, { fetches, signal }: RunOptions): Promise<Tensors> {
    if (!signal) return this.runSync(feeds, { fetches })
    if (signal.aborted) throw aborted(signal)
    const cached = this.begin(feeds, fetches)
    let pause = performance.now() + BREATH_MS
    for (let i = 0; i < cached.bound.length; i++) {
      this.runSteps(cached, i, i + 1)
      if (performance.now() < pause) continue
      await breathe()
      this.open()
      if (signal.aborted) throw aborted(signal)
      pause = performance.now() + BREATH_MS
    }
    if (signal.aborted) throw aborted(signal)
    return this.collect(cached, fetches)
  }

  /** Milliseconds per step since the last call, in order. Empty unless the option `profile` is set. */
  profile(): StepProfile[] {
    const cached = this.latest
    if (!cached || !this.options.profile) return []
    const { steps } = cached.bound.plan
    const rows = steps.map(({ node, op, kernel, macs }, i) => ({ node, op, kernel, macs, runs: cached.runs, ms: cached.times[i]! }))
    cached.times.fill(0)
    cached.runs = 0
    return rows
  }

  /** Gives memory and plans back. Every later call throws SESSION_DISPOSED; calling it twice is fine. */
  release(): void {
    this.plans.clear()
    this.latest = undefined
    this.runner = undefined
  }

  [Symbol.dispose](): void {
    this.release()
  }

  protected open(): R {
    if (!this.runner) throw new OctavoError('SESSION_DISPOSED', 'this session has been released. Create a new one.')
    return this.runner
  }

  private limits(feedBytes: number): Limits {
    const limits = defaultLimits(this.bytes + feedBytes)
    return { memory: this.options.memoryLimit ?? limits.memory, work: this.options.workLimit ?? limits.work }
  }

  protected begin(feeds: Tensors, fetches?: readonly string[]): C {
    this.open()
    for (const name of fetches ?? [])
      if (!this.outputNames.includes(name)) throw new OctavoError('OUTPUT_UNKNOWN', `fetches: the model has no output "${name}", it has ${list(this.outputNames)}.`, { name })
    if (this.latest && this.fits(this.latest, feeds)) return this.feed(this.latest, feeds)
    for (const name of Object.keys(feeds))
      if (!this.inputNames.includes(name)) throw new OctavoError('INPUT_MISMATCH', `feeds: the model has no input "${name}", it has ${list(this.inputNames)}.`, { name })
    const types = new Map(this.inputs.map((input) => [input.name, checkFeed(input, feeds[input.name])]))
    const feedBytes = this.inputs.reduce((sum, { name }) => sum + feeds[name]!.data.byteLength, 0)
    return this.feed(this.planFor(types, feeds, feedBytes), feeds)
  }

  private feed(cached: C, feeds: Tensors): C {
    const executor = this.open()
    for (const port of cached.bound.plan.inputs) executor.write(cached.bound, port, feeds[port.name]!.data)
    return cached
  }

  /** Whether the plan used last serves these feeds, found without a key: the usual case, and for a small model half of its time. */
  private fits(cached: C, feeds: Tensors): boolean {
    const ports = cached.bound.plan.inputs
    if (this.keyInputs.size || Object.keys(feeds).length !== ports.length) return false
    for (const { name, type } of ports) {
      const feed = feeds[name]
      if (!(feed instanceof Tensor) || feed.dtype !== type.dtype || feed.dims.length !== type.dims.length || !holds(feed.dims, feed.data.length)) return false
      for (let i = 0; i < type.dims.length; i++) if (feed.dims[i] !== type.dims[i]) return false
    }
    return true
  }

  /** The plan for these types, from the cache or new. */
  protected planFor(types: ReadonlyMap<string, TensorType>, feeds: Tensors, feedBytes: number): C {
    const executor = this.open()
    const key = [...types].map(([name, t]) => `${t.dims}${this.keyInputs.has(name) ? `=${feeds[name]!.data}` : ''}`).join(';')
    let cached = this.plans.get(key)
    this.plans.delete(key)
    if (!cached) {
      while (this.plans.size >= MAX_PLANS) this.evict()
      const limits = this.limits(feedBytes)
      executor.arena.limit = Math.max(executor.arena.limit, limits.memory)
      const known = new Map([...this.keyInputs].map((name) => [name, new Tensor(feeds[name]!.dtype, feeds[name]!.data.slice(), types.get(name)!.dims)]))
      cached = this.newPlan({ types, known }, limits.work)
    }
    this.plans.set(key, cached)
    return (this.latest = cached)
  }

  private evict(): void {
    const [key, cached] = this.plans.entries().next().value!
    this.plans.delete(key)
    cached.bound.release()
  }

  private runSteps(cached: C, from: number, to: number): void {
    if (!this.options.profile) return cached.bound.run(from, to)
    for (let i = from; i < to; i++) {
      const start = performance.now()
      cached.bound.run(i, i + 1)
      cached.times[i]! += performance.now() - start
    }
    if (to === cached.bound.length) cached.runs++
  }

  private collect(cached: C, fetches?: readonly string[]): Tensors {
    const executor = this.open()
    const { outputs } = cached.bound.plan
    const ports = fetches ? fetches.map((name) => outputs[this.outputNames.indexOf(name)]!) : outputs
    return Object.fromEntries(ports.map((port) => [port.name, executor.read(cached.bound, port)]))
  }
}

const metadata = ({ name, dtype, dims }: ValueInfo): ValueMetadata => ({ name, dtype, dims })
const list = (names: readonly string[]): string => names.map((n) => `"${n}"`).join(', ') || 'none'

/** The concrete type of one feed, checked against what the model declares. For a scalar one element is taken whatever its dims, as ONNX Runtime does. @throws INPUT_MISSING, INPUT_MISMATCH */
export function checkFeed({ name, dtype, dims }: ValueInfo, feed: Tensor | undefined): TensorType {
  const declared = `${dtype}[${dims?.map((d) => d ?? '?').join(', ') ?? '...'}]`
  if (!feed) throw new OctavoError('INPUT_MISSING', `feeds: input "${name}" (${declared}) is missing.`, { name, expected: declared })
  const got = `${feed.dtype}[${feed.dims?.join(', ')}]`
  const mismatch = (why: string): never => {
    throw new OctavoError('INPUT_MISMATCH', `feeds: input "${name}": expected ${declared}, got ${got}; ${why}.`, { name, expected: declared, got })
  }
  if (feed.dtype !== dtype) mismatch('the element type differs')
  if (!(feed.data instanceof DTYPES[dtype].array) || !Array.isArray(feed.dims) || elementCount(feed.dims) !== feed.data.length) mismatch('it is not a Tensor of that type')
  if (dims?.length === 0 && feed.data.length === 1) return { dtype, dims: [] }
  if (dims && dims.length !== feed.dims.length) mismatch('the rank differs')
  dims?.forEach((d, i) => { if (typeof d === 'number' && d !== feed.dims[i]) mismatch(`axis ${i} differs`) })
  return { dtype, dims: feed.dims }
}
