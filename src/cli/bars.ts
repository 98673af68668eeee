import type { ProgressEvent } from '../workflow/graph/options.js'
import type { Progress, Terminal } from './terminal.js'

/** One bar at a time, for the phase at hand. */
export class Bars {
  private phase: string | undefined
  private bar: Progress | undefined

  constructor(private readonly terminal: Terminal, private readonly batches: number | undefined) {}

  show({ phase, done, total }: ProgressEvent): void {
    if (phase !== this.phase) {
      this.end()
      this.phase = phase
      this.bar = this.terminal.progress(phase, total ?? (phase === 'calibrate' ? this.batches : undefined))
    }
    this.bar!(done)
  }

  end(): void {
    this.bar?.end()
  }
}
