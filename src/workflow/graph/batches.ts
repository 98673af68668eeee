import { OctavoError } from '../../errors.js'
import { aborted } from '../../platform/host.js'
import { Tensor } from '../../value.js'
import type { Batch, Batches } from './options.js'
import { giveTurn } from './turn.js'

/** Bytes of batches kept for a second walk when they can be read once only. */
export const KEEP_BYTES = 64 * 2 ** 20

/**
 * Calibration data that can be walked more than once, whatever it was given as. Each walk gives one batch at a time, so memory does not grow with
 * their number; between batches the host gets a turn and the signal is looked at.
 *
 * An array or a function is read from the beginning on every walk. Anything else is read by the first walk alone: copies of the first batches are kept
 * while they fit, and later walks give those (`complete` says whether they are all there were). A walk that is left early counts: what it did not
 * reach is not read later.
 */
export class BatchSource implements AsyncIterable<Batch> {
  /** Batches, where that is known before they are read. */
  readonly count: number | undefined
  private readonly kept: Batch[] = []
  private readonly open: () => Iterable<Batch> | AsyncIterable<Batch>
  private readonly replayed: boolean
  private keptBytes = 0
  private keeping: boolean
  private walked = false
  private left = false

  /** The same source when it is one already: what was kept stays known. */
  static from(batches: Batches, signal?: AbortSignal): BatchSource {
    return batches instanceof BatchSource ? batches : new BatchSource(batches, signal)
  }

  /** @throws OPTION_INVALID when `batches` is nothing that can be walked */
  constructor(batches: Batches, private readonly signal?: AbortSignal, private readonly keepBytes = KEEP_BYTES) {
    if (typeof batches !== 'function' && !isIterable(batches))
      throw new OctavoError('OPTION_INVALID', `batches: expected an array, an iterable, an async iterable or a function that gives one, got ${describe(batches)}. Each batch is an object of tensors by input name.`)
    this.count = Array.isArray(batches) ? batches.length : undefined
    this.replayed = typeof batches === 'function' || Array.isArray(batches)
    this.keeping = !this.replayed
    this.open = typeof batches === 'function' ? batches : () => batches
  }

  /** Whether a walk from now on gives every batch. */
  get complete(): boolean {
    return this.replayed || !this.walked || (this.keeping && !this.left)
  }

  /** The batches from the beginning. @throws CALIBRATION_INVALID no batches, something else among them, a source that throws; ABORTED */
  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    let index = 0
    for await (const batch of this.walked && !this.replayed ? this.kept : this.read()) {
      requireBatch(batch, index++)
      yield batch
      if (this.signal?.aborted) throw aborted(this.signal)
      await giveTurn()
    }
    if (!index) throw this.empty()
    if (this.signal?.aborted) throw aborted(this.signal)
  }

  /** The first `limit` batches. */
  async *first(limit: number): AsyncGenerator<Batch, void, undefined> {
    let left = limit
    for await (const batch of this) {
      yield batch
      if (--left <= 0) return
    }
  }

  /** One pass over the source. It is told to close when the walk ends early, and is not waited for when the signal fires. */
  private async *read(): AsyncGenerator<Batch, void, undefined> {
    const [signal, first] = [this.signal, !this.walked]
    this.walked = true
    const guard = new Guard(signal)
    let iterator: Iterator<Batch> | AsyncIterator<Batch> | undefined
    let [index, ended] = [0, false]
    try {
      if (signal?.aborted) throw aborted(signal)
      iterator = iteratorOf(this.open())
      for (;;) {
        const next = await guard.race(Promise.resolve(iterator.next()))
        if (next.done) {
          ended = true
          return
        }
        if (first && this.keeping) this.keep(next.value, index)
        yield next.value
        index++
      }
    } catch (cause) {
      ended = !signal?.aborted
      if (cause instanceof OctavoError) throw cause
      throw new OctavoError('CALIBRATION_INVALID', `batch ${index}: reading the data failed (${(cause as Error)?.message ?? String(cause)}). Check what makes the batches.`, { batch: index }, cause)
    } finally {
      guard.release()
      if (!ended) {
        this.left = true
        void Promise.resolve(iterator?.return?.()).catch(() => undefined)
      }
    }
  }

  /** A generator may fill the same arrays anew for every batch, so copies are kept. */
  private keep(batch: Batch, index: number): void {
    requireBatch(batch, index)
    const tensors = Object.entries(batch)
    this.keptBytes += tensors.reduce((sum, [, { data }]) => sum + data.byteLength, 0)
    if (this.keptBytes > this.keepBytes) this.keeping = false
    else this.kept.push(Object.fromEntries(tensors.map(([name, { dtype, data, dims }]) => [name, new Tensor(dtype, data.slice(), dims)])))
  }

  private empty(): OctavoError {
    const again = this.walked && !this.replayed && !this.keeping
    const why = again
      ? `the batches can be read once only, and the first is larger than the ${this.keepBytes} bytes that are kept for a second look. Give an array, or a function that starts them from the beginning.`
      : 'there are no batches. Give at least one: each is an object of tensors by input name. A function must start them from the beginning whenever it is called.'
    return new OctavoError('CALIBRATION_INVALID', why)
  }
}

/** Lets a promise go when the signal fires. */
class Guard {
  private readonly fired: Promise<never> | undefined
  private readonly listener: (() => void) | undefined

  constructor(private readonly signal: AbortSignal | undefined) {
    if (!signal) return
    let fail: (error: OctavoError) => void
    this.fired = new Promise<never>((_, reject) => { fail = reject })
    this.fired.catch(() => undefined)
    this.listener = () => fail(aborted(signal))
    signal.addEventListener('abort', this.listener, { once: true })
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return this.fired ? Promise.race([promise, this.fired]) : promise
  }

  release(): void {
    if (this.listener) this.signal?.removeEventListener('abort', this.listener)
  }
}

const isIterable = (value: unknown): boolean => typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)

function iteratorOf(source: Iterable<Batch> | AsyncIterable<Batch>): Iterator<Batch> | AsyncIterator<Batch> {
  if (!isIterable(source)) throw new OctavoError('OPTION_INVALID', `batches: the function must give an array, an iterable or an async iterable, it gave ${describe(source)}.`)
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}

function requireBatch(batch: unknown, index: number): asserts batch is Batch {
  if (typeof batch === 'object' && batch !== null && !(batch instanceof Tensor) && Object.values(batch).every((v) => v instanceof Tensor)) return
  throw new OctavoError('CALIBRATION_INVALID', `batch ${index}: expected an object of tensors by input name, got ${describe(batch)}.`, { batch: index })
}

const describe = (value: unknown): string =>
  value instanceof Tensor ? 'a Tensor' : typeof value === 'object' && value !== null ? `an object with ${Object.keys(value).slice(0, 3).map((k) => `"${k}"`).join(', ') || 'nothing'}` : String(value)
