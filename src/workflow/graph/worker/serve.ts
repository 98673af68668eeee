import type { Channel } from '../../../platform/workers.js'
import { saveObserver } from '../../../quantization/state.js'
import type { Batch, ProgressEvent } from '../options.js'
import { quantizeDynamic } from '../quantize-dynamic.js'
import { quantizeStatic } from '../quantize-static.js'
import type { WithoutAbout } from './in-worker.js'
import { isAbout, postError, receiveBatch, receiveError, SUBJECT, type Answer, type Request } from './messages.js'

type Post = Channel['post']
type Start = Request & { type: 'start' }
type BatchMessage = Request & { type: 'batch' }

const running = new Map<number, RemoteJob>()

/** A worker's side: does what a page asks, several jobs at a time if need be. Messages about other things are left alone. */
export function serveQuantize(message: unknown, post: Post): void {
  if (!isAbout(message)) return
  const request = message as Request
  if (request.type === 'start') {
    const job = new RemoteJob(request.job, post)
    running.set(request.job, job)
    void job.run(request).finally(() => running.delete(request.job))
  } else if (request.type === 'batch') running.get(request.job)?.receive(request)
  else running.get(request.job)?.abort()
}

class RemoteJob {
  private readonly controller = new AbortController()
  private readonly waiting = new Map<number, { resolve(batch: Batch | undefined): void; reject(error: Error): void }>()
  private walks = 0

  constructor(private readonly id: number, private readonly post: Post) {}

  async run({ model, data, options }: Start): Promise<void> {
    try {
      const all = { ...options, signal: this.controller.signal, onProgress: (event: ProgressEvent) => this.answer({ type: 'progress', event }) }
      const source = typeof data === 'object' ? data.calibration : data === 'batches' ? () => this.walk() : this.walk()
      const result = await (data === 'none' ? quantizeDynamic(model, all) : quantizeStatic(model, source, all))
      const observers = [...result.observers].map(([name, observer]) => [name, saveObserver(observer), observer.reduceRange] as const)
      this.answer({ type: 'done', model: result.model, report: result.report, observers }, [result.model.buffer as ArrayBuffer])
    } catch (error) {
      this.answer({ type: 'failed', error: postError(error) })
    }
  }

  receive({ walk, batch, error }: BatchMessage): void {
    const waiting = this.waiting.get(walk)
    this.waiting.delete(walk)
    if (error) waiting?.reject(receiveError(error))
    else waiting?.resolve(batch && receiveBatch(batch.value))
  }

  abort(): void {
    this.controller.abort()
  }

  private answer(answer: WithoutAbout<Answer>, transfer: ArrayBuffer[] = []): void {
    this.post({ subject: SUBJECT, job: this.id, ...answer }, transfer)
  }

  private ask(walk: number): Promise<Batch | undefined> {
    const asked = new Promise<Batch | undefined>((resolve, reject) => this.waiting.set(walk, { resolve, reject }))
    asked.catch(() => undefined) // told when its turn comes
    this.answer({ type: 'next', walk })
    return asked
  }

  /** One batch is on its way while the one before it is worked on. */
  private async *walk(): AsyncGenerator<Batch, void, undefined> {
    const walk = this.walks++
    try {
      for (let coming = this.ask(walk); ;) {
        const batch = await coming
        if (batch === undefined) return
        coming = this.ask(walk)
        yield batch
      }
    } finally {
      this.answer({ type: 'leave', walk })
    }
  }
}
