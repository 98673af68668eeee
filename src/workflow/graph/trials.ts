import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { aborted, breathe } from '../../platform/host.js'
import type { LoadedTier } from '../../runtime/load.js'
import { Tensor } from '../../value.js'
import { KEEP_BYTES, type BatchSource } from './batches.js'
import { Watched } from './measure.js'
import type { Batch, ProgressEvent } from './options.js'
import { compare, ErrorTotal } from './sqnr.js'

export interface TrialOptions {
  /** what runs the graphs */
  readonly tier: LoadedTier
  /** how many samples (first axis of the first input) are looked at, in whole batches */
  readonly samples: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
}

interface Kept {
  readonly batch: Batch
  readonly samples: number
  readonly outputs: Readonly<Record<string, Tensor>>
}

/** A few batches and what the float graph makes of them, kept to try many quantized forms of it on. */
export class Trials {
  /** Forms tried. */
  done = 0
  /** Trials to come, as far as is known. */
  expected = 0

  private constructor(private readonly kept: readonly Kept[], private readonly names: readonly string[], private readonly options: TrialOptions) {}

  /**
   * Takes the first batches, while they and the float graph's results fit in 64 MiB.
   *
   * @throws OPTION_INVALID the graph has no float32 output; what reading and running batches throws
   */
  static async open(float: Graph, batches: BatchSource, options: TrialOptions): Promise<Trials> {
    const names = float.outputs.filter((o) => o.dtype === 'float32').map((o) => o.name)
    if (!names.length) throw new OctavoError('OPTION_INVALID', `the model has no float32 output whose error could be measured, its outputs are ${float.outputs.map((o) => `${o.name} (${o.dtype})`).join(', ')}. Leave out the option tolerance, and measure a model that ends earlier.`, {})
    const watched = new Watched(float, [], options.tier)
    const kept: Kept[] = []
    let [samples, bytes] = [0, 0]
    try {
      for await (const batch of batches) {
        const outputs = watched.run(batch, kept.length)
        const copy = Object.fromEntries(Object.entries(batch).map(([name, { dtype, data, dims }]) => [name, new Tensor(dtype, data.slice(), dims)]))
        bytes += [...Object.values(copy), ...Object.values(outputs)].reduce((sum, { data }) => sum + data.byteLength, 0)
        if (kept.length && bytes > KEEP_BYTES) break
        const here = batch[float.inputs[0]?.name ?? '']?.dims[0] ?? 1
        kept.push({ batch: copy, outputs, samples: here })
        samples += here
        if (samples >= options.samples) break
      }
    } finally {
      watched.release()
    }
    return new Trials(kept, names, options)
  }

  get batches(): readonly Batch[] {
    return this.kept.map((k) => k.batch)
  }

  /** Says that no trial follows for now. */
  finish(): void {
    this.options.onProgress?.({ phase: 'search', done: this.done, total: this.done })
  }

  /** The SQNR in dB of the output of `graph` that lost most, over so many of the samples. @throws ABORTED, and planning's codes */
  async sqnr(graph: Graph, samples = Infinity): Promise<number> {
    const { tier, signal, onProgress } = this.options
    const sums = new Map(this.names.map((name) => [name, new ErrorTotal()]))
    const watched = new Watched(graph, [], tier)
    try {
      let seen = 0
      for (const [i, { batch, outputs, samples: here }] of this.kept.entries()) {
        if (seen >= samples) break
        seen += here
        const results = watched.run(batch, i)
        for (const [name, sum] of sums) sum.add(compare(outputs[name]!, results[name]!))
        await breathe()
        if (signal?.aborted) throw aborted(signal)
      }
    } finally {
      watched.release()
    }
    onProgress?.({ phase: 'search', done: ++this.done, total: Math.max(this.done, this.expected) })
    return Math.min(...[...sums.values()].map((s) => s.sqnr))
  }
}
