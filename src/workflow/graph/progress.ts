import { aborted, breathe } from '../../platform/host.js'
import type { Phase, QuantizeOptions } from './options.js'

/** How long a page may stand still. */
const TURN_MS = 50

/** Tells of steps, times them, and gives the host a turn between two. */
export class Progress {
  readonly seconds: Record<string, number> = {}
  private since = performance.now()
  private turn = this.since

  constructor(private readonly options: Pick<QuantizeOptions, 'signal' | 'onProgress'>) {}

  begin(phase: Phase, total: number): void {
    this.options.onProgress?.({ phase, done: 0, total })
    this.since = performance.now()
  }

  /** Tells how far a phase is, and gives the host a turn now and then. @throws ABORTED */
  async pass(phase: Phase, done: number, total: number): Promise<void> {
    this.options.onProgress?.({ phase, done, total })
    if (performance.now() - this.turn > TURN_MS) {
      await breathe()
      this.turn = performance.now()
    }
    if (this.options.signal?.aborted) throw aborted(this.options.signal)
  }

  async end(phase: Phase, total?: number): Promise<void> {
    this.seconds[phase] = (performance.now() - this.since) / 1000
    if (total !== undefined) this.options.onProgress?.({ phase, done: total, total })
    await breathe()
    this.since = performance.now()
    if (this.options.signal?.aborted) throw aborted(this.options.signal)
  }
}
