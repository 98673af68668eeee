import { OctavoError } from '../../../errors.js'
import { aborted, absoluteAddress, readSource } from '../../../platform/host.js'
import type { Source } from '../../../platform/source.js'
import { openWorker, type Channel, type WorkerSource } from '../../../platform/workers.js'
import { loadObserver } from '../../../quantization/state.js'
import { isCalibration, type Calibration } from '../calibration.js'
import type { Batch, Batches, QuantizeOptions, QuantizeStaticOptions } from '../options.js'
import type { QuantizeResult } from '../quantize-static.js'
import { makeObserver, settingsOf } from '../settings.js'
import { isAbout, postBatch, postError, receiveError, SUBJECT, type Answer, type PostedOptions, type PostedSource, type Request } from './messages.js'

/** Where the work is done. */
export interface InWorkerOptions {
  /** the worker's file, a worker that runs already (and is left running), or a function that makes one [quantize-worker.js beside this module, ended afterwards] */
  readonly worker?: WorkerSource
}

/**
 * quantizeStatic in a worker: the thread that calls stays free. Batches are made here and handed over one by one as the worker wants them, one ahead of
 * its work; the result is the same to the byte.
 *
 *     const { model, report } = await quantizeStaticInWorker('model.onnx', batches, { onProgress: ({ done }) => { bar.value = done } })
 *
 * Observers come back with their state; computing with them in the calling thread needs `initObservers` there.
 *
 * @throws as quantizeStatic; SOURCE_UNREADABLE when the worker cannot be started; OPTION_INVALID for options that cannot be posted
 */
export const quantizeStaticInWorker = (model: Source | Promise<Source>, data: Batches | Calibration, options: QuantizeStaticOptions & InWorkerOptions = {}): Promise<QuantizeResult> => inWorker(model, data, options)

/**
 * quantizeDynamic in a worker.
 *
 * @throws as quantizeDynamic; SOURCE_UNREADABLE when the worker cannot be started; OPTION_INVALID for options that cannot be posted
 */
export const quantizeDynamicInWorker = (model: Source | Promise<Source>, options: QuantizeOptions & InWorkerOptions = {}): Promise<QuantizeResult> => inWorker(model, 'none', options)

async function inWorker(model: Source | Promise<Source>, data: Batches | Calibration | 'none', { worker, signal, onProgress, ...rest }: QuantizeStaticOptions & InWorkerOptions): Promise<QuantizeResult> {
  if (signal?.aborted) throw aborted(signal)
  const start = { model: await postedSource(await model, signal), options: await postedOptions(rest, signal) }
  if (signal?.aborted) throw aborted(signal)
  return new Job(data, { signal, onProgress }, (report) => ({ ...rest, engine: report.engine, calibrateMethod: report.calibrateMethod })).run(worker, start)
}

/** What a worker can open: an address means the same to it when it is whole. */
async function postedSource(source: Source, signal: AbortSignal | undefined): Promise<PostedSource> {
  if (typeof source === 'string' || source instanceof URL) return absoluteAddress(source)
  return typeof Blob !== 'undefined' && source instanceof Blob ? source : (await readSource(source, signal)).slice()
}

async function postedOptions({ wasmFolder, externalData, ...options }: Omit<QuantizeStaticOptions, 'signal' | 'onProgress'>, signal: AbortSignal | undefined): Promise<PostedOptions> {
  const files = Object.entries(externalData ?? {}).map(async ([name, file]) => [name, await postedSource(file, signal)] as const)
  return { ...options, ...(wasmFolder !== undefined && { wasmFolder: absoluteAddress(wasmFolder) }), ...(externalData && { externalData: Object.fromEntries(await Promise.all(files)) }) }
}

let jobs = 0

/** One call: answers the worker's questions until it is done. */
class Job {
  private readonly id = Math.random() * 2 ** 32 + jobs++
  private readonly walks = new Map<number, Iterator<Batch> | AsyncIterator<Batch>>()
  private channel: Channel | undefined
  /** What making batches threw: the worker's error about it gets it as its cause. */
  private thrown: unknown
  private settle!: { resolve(result: QuantizeResult): void; reject(error: unknown): void }

  constructor(
    private readonly data: Batches | Calibration | 'none', private readonly options: Pick<QuantizeStaticOptions, 'signal' | 'onProgress'>,
    private readonly scheme: (report: QuantizeResult['report']) => QuantizeStaticOptions,
  ) {}

  async run(worker: WorkerSource | undefined, start: { model: PostedSource; options: PostedOptions }): Promise<QuantizeResult> {
    const { signal } = this.options
    const result = new Promise<QuantizeResult>((resolve, reject) => { this.settle = { resolve, reject } })
    result.catch(() => undefined) // it may fail before it is waited for
    const stop = () => {
      this.post({ type: 'abort' })
      this.settle.reject(aborted(signal!))
    }
    try {
      this.channel = await openWorker(worker, { onMessage: (message) => this.receive(message), onFailure: (error) => this.settle.reject(error) })
      signal?.addEventListener('abort', stop, { once: true })
      if (signal?.aborted) throw aborted(signal)
      this.start(start)
      return await result
    } finally {
      signal?.removeEventListener('abort', stop)
      this.channel?.close()
      for (const walk of this.walks.keys()) this.leave(walk)
    }
  }

  private start(what: { model: PostedSource; options: PostedOptions }): void {
    try {
      this.post({ type: 'start', ...what, data: announced(this.data) })
    } catch (cause) {
      throw new OctavoError('OPTION_INVALID', `the options or the calibration cannot be handed to a worker: ${(cause as Error).message}. Leave out what is no plain data.`, {}, cause)
    }
  }

  private post(request: WithoutAbout<Request>, transfer: ArrayBuffer[] = []): void {
    this.channel?.post({ subject: SUBJECT, job: this.id, ...request }, transfer)
  }

  private receive(message: unknown): void {
    if (!isAbout(message) || message.job !== this.id) return
    const answer = message as Answer
    switch (answer.type) {
      case 'next': return void this.next(answer.walk)
      case 'leave': return this.leave(answer.walk)
      case 'progress': return this.tell(answer)
      case 'failed': return this.settle.reject(receiveError(answer.error, this.thrown))
      case 'done': return this.finish(answer)
    }
  }

  private async next(walk: number): Promise<void> {
    try {
      if (!this.walks.has(walk)) this.walks.set(walk, iteratorOf(this.data as Batches))
      const { done, value } = await this.walks.get(walk)!.next()
      if (done) return this.post({ type: 'batch', walk })
      const posted = postBatch(value)
      this.post({ type: 'batch', walk, batch: { value: posted.value } }, posted.transfer)
    } catch (error) {
      this.thrown = error
      this.post({ type: 'batch', walk, error: postError(error) })
    }
  }

  /** A source is told when nobody reads on. */
  private leave(walk: number): void {
    const iterator = this.walks.get(walk)
    this.walks.delete(walk)
    void Promise.resolve(iterator?.return?.()).catch(() => undefined)
  }

  private tell({ event }: Answer & { type: 'progress' }): void {
    try {
      const known = event.total === undefined && event.phase === 'calibrate' && Array.isArray(this.data) ? { ...event, total: this.data.length } : event
      this.options.onProgress?.(known)
    } catch (error) {
      this.post({ type: 'abort' })
      this.settle.reject(error)
    }
  }

  private finish({ model, report, observers }: Answer & { type: 'done' }): void {
    try {
      const make = (multiplied: boolean) => makeObserver(settingsOf(this.scheme(report)), multiplied)
      this.settle.resolve({ model, report, observers: new Map(observers.map(([name, saved, multiplied]) => [name, loadObserver(make(multiplied), saved)])) })
    } catch (error) {
      this.settle.reject(error)
    }
  }
}

/** What the worker is told of the data: batches follow when it asks. */
function announced(data: Batches | Calibration | 'none'): (Request & { type: 'start' })['data'] {
  if (data === 'none') return 'none'
  if (typeof data === 'function' || Array.isArray(data)) return 'batches'
  return isCalibration(data) ? { calibration: data } : 'batches once'
}

/** Omit, for each member of a union by itself. */
export type WithoutAbout<T> = T extends unknown ? Omit<T, 'subject' | 'job'> : never

function iteratorOf(batches: Batches): Iterator<Batch> | AsyncIterator<Batch> {
  const source = typeof batches === 'function' ? batches() : batches
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source || Symbol.iterator in source))
    throw new OctavoError('OPTION_INVALID', `batches: expected an array, an iterable, an async iterable or a function that gives one, got ${String(source)}. Each batch is an object of tensors by input name.`)
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}
