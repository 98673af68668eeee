import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import type { LoadedTier } from '../../runtime/load.js'
import { GraphSession, type Tensors } from '../../session.js'
import type { Batch, ProgressEvent } from './options.js'
import { compare, ErrorTotal } from './sqnr.js'

/** What a float graph and its quantized form make of the same batches. */
export interface Measured {
  readonly batches: number
  /** SQNR in dB of each value asked for that both graphs have */
  readonly values: ReadonlyMap<string, number>
  /** SQNR in dB of each float32 output */
  readonly outputs: readonly { readonly name: string; readonly sqnr: number }[]
  /** the batches whose outputs lost most, worst first: the SQNR of the output that lost most in it; `index` counts from 0 */
  readonly worst: readonly { readonly index: number; readonly sqnr: number }[]
}

export interface MeasureOptions {
  /** what runs both graphs */
  readonly tier: LoadedTier
  /** batches to come, where somebody knows */
  readonly total?: number
  readonly onProgress?: (event: ProgressEvent) => void
  /** how many of the worst batches are named [10] */
  readonly worst?: number
}

/**
 * Runs both graphs on every batch and compares values of the same name, and the outputs. Sums are float64, in an order that depends on nothing but the
 * batches: every tier gives the same bits. Values are read as outputs: a quantized one is read behind its DequantizeLinear, which leaves every integer
 * operator before and after it as it is. One batch is in memory at a time; what is kept of it are its sums.
 *
 * @param values float32 values to compare; those that one of the graphs does not have are left out
 * @throws INPUT_MISSING, INPUT_MISMATCH and planning's codes with the batch; what `batches` throws
 */
export async function measureGraphs(float: Graph, int8: Graph, values: Iterable<string>, batches: AsyncIterable<Batch>, { tier, total, onProgress, worst = 10 }: MeasureOptions): Promise<Measured> {
  const [mine, theirs] = [made(float), made(int8)]
  const watched = [...new Set(values)].filter((name) => mine.has(name) && theirs.has(name))
  const a = new Watched(float, watched, tier), b = new Watched(int8, watched, tier)
  const comparison = new Comparison(float.outputs.filter((o) => o.dtype === 'float32').map((o) => o.name), watched, worst)
  onProgress?.({ phase: 'measure', done: 0, total })
  try {
    for await (const batch of batches) {
      comparison.add(a.run(batch, comparison.batches), b.run(batch, comparison.batches))
      onProgress?.({ phase: 'measure', done: comparison.batches, total })
    }
  } finally {
    a.release()
    b.release()
  }
  return comparison.result()
}

const made = (graph: Graph): ReadonlySet<string> => new Set(graph.nodes.flatMap((n) => n.outputs))

/** A graph that hands out more of its values than it does by itself. */
export class Watched {
  private readonly session: GraphSession

  constructor(graph: Graph, values: readonly string[], tier: LoadedTier) {
    const own = new Set(graph.outputs.map((o) => o.name))
    const more = values.filter((name) => !own.has(name)).map((name) => ({ name, dtype: 'float32' as const, dims: null }))
    const bytes = [...graph.constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
    this.session = new GraphSession({ ...graph, outputs: [...graph.outputs, ...more] }, tier, bytes)
  }

  /** @throws what a run throws, with the batch */
  run(batch: Batch, index: number): Tensors {
    try {
      return this.session.runSync(batch)
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error
      throw new OctavoError(error.code, `batch ${index}: ${error.message.slice(error.code.length + 2)}`, { ...error.details, batch: index }, error.cause)
    }
  }

  /** Kernels of the plan used last, in order. */
  get kernels(): string[] {
    return this.session.prepared?.plan.steps.map((s) => s.kernel) ?? []
  }

  release(): void {
    this.session.release()
  }
}

/** Sums over batches. */
class Comparison {
  batches = 0
  private readonly values: ReadonlyMap<string, ErrorTotal>
  private readonly outputs: ReadonlyMap<string, ErrorTotal>
  private worst: { index: number; sqnr: number }[] = []

  constructor(outputs: readonly string[], values: readonly string[], private readonly keep: number) {
    this.outputs = new Map(outputs.map((name) => [name, new ErrorTotal()]))
    this.values = new Map(values.map((name) => [name, new ErrorTotal()]))
  }

  add(float: Tensors, int8: Tensors): void {
    for (const [name, sums] of this.values) if (!this.outputs.has(name)) sums.add(compare(float[name]!, int8[name]!))
    let least = Infinity
    for (const [name, sums] of this.outputs) {
      const here = new ErrorTotal()
      here.add(compare(float[name]!, int8[name]!))
      sums.add(here)
      this.values.get(name)?.add(here)
      least = Math.min(least, here.sqnr)
    }
    if (this.outputs.size) this.worst = [...this.worst, { index: this.batches, sqnr: least }].sort((p, q) => p.sqnr - q.sqnr || p.index - q.index).slice(0, this.keep)
    this.batches++
  }

  result(): Measured {
    const ratios = (sums: ReadonlyMap<string, ErrorTotal>): [string, number][] => [...sums].map(([name, { sqnr }]) => [name, sqnr])
    return { batches: this.batches, values: new Map(ratios(this.values)), outputs: ratios(this.outputs).map(([name, sqnr]) => ({ name, sqnr })), worst: this.worst }
  }
}
