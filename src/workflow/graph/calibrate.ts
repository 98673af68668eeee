import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { aborted, breathe } from '../../platform/host.js'
import { kernels } from '../../quantization/kernels.js'
import type { ObserverBase } from '../../quantization/observer-base.js'
import type { LoadedTier } from '../../runtime/load.js'
import { GraphSession } from '../../session.js'
import type { Batch, Batches, ProgressEvent } from './options.js'

/** Observers by the name of the value that they watch. One observer may watch several values: they share its qparams. */
export type Watch = ReadonlyMap<string, readonly ObserverBase[]>

export interface ObserveOptions {
  /** what runs the float graph */
  readonly tier: LoadedTier
  /** batches to come, where somebody knows */
  readonly total?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
}

/** What was observed: batches, and samples (first axis of the first input). */
export interface Observed {
  readonly batches: number
  readonly samples: number
}

/** The host gets a turn after this many milliseconds of work: a page paints, an abort arrives. */
const TURN_MS = 40

/**
 * Runs a float graph on every batch and shows the values in `watch` to their observers, in the order of the map. Batches are taken one at a time, so
 * that memory does not grow with their number. Observers need the training module (useTrainModule).
 *
 * @param graph as read: nothing quantized in it; only what the watched values need is computed
 * @throws CALIBRATION_INVALID no batches, NaN or infinities in a value, data that cannot be read; INPUT_MISSING, INPUT_MISMATCH and planning's codes, with
 *   the batch; ABORTED
 */
export async function observeGraph(graph: Graph, watch: Watch, batches: Batches, options: ObserveOptions): Promise<Observed> {
  const { signal, total, onProgress } = options
  const outputs = [...watch.keys()].map((name) => ({ name, dtype: 'float32' as const, dims: null }))
  const bytes = [...graph.constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
  const session = new GraphSession({ ...graph, outputs }, options.tier, bytes, {})
  let done = 0, samples = 0, turn = performance.now() + TURN_MS
  onProgress?.({ phase: 'calibrate', done, total })
  try {
    for await (const batch of readBatches(batches, signal)) {
      observeBatch(session, watch, batch, done++)
      samples += batch[graph.inputs[0]?.name ?? '']?.dims[0] ?? 1
      onProgress?.({ phase: 'calibrate', done, total })
      if (performance.now() < turn) continue
      await breathe()
      turn = performance.now() + TURN_MS
    }
  } finally {
    session.release()
  }
  if (!done) throw new OctavoError('CALIBRATION_INVALID', 'there are no batches to calibrate on. Give at least one: each is an object of tensors by input name.')
  return { batches: done, samples }
}

/** The batches, one by one. @throws ABORTED; CALIBRATION_INVALID for what the source throws */
async function* readBatches(batches: Batches, signal?: AbortSignal): AsyncGenerator<Batch> {
  let read = 0
  try {
    if (signal?.aborted) throw aborted(signal)
    for await (const batch of typeof batches === 'function' ? batches() : batches) {
      if (signal?.aborted) throw aborted(signal)
      yield batch
      read++
    }
  } catch (cause) {
    if (cause instanceof OctavoError) throw cause
    throw new OctavoError('CALIBRATION_INVALID', `batch ${read}: reading the calibration data failed (${(cause as Error)?.message ?? String(cause)}). Check what makes the batches.`, { batch: read }, cause)
  }
}

function observeBatch(session: GraphSession, watch: Watch, batch: Batch, index: number): void {
  try {
    const values = session.runSync(batch)
    for (const [name, observers] of watch) {
      requireFinite(values[name]!.data as Float32Array, name)
      for (const observer of observers) observer.forward(values[name]!)
    }
  } catch (error) {
    throw error instanceof OctavoError ? inBatch(error, index) : error
  }
}

function requireFinite(data: Float32Array, name: string): void {
  if (!data.length || kernels().minMax(data).every(Number.isFinite)) return
  throw new OctavoError('CALIBRATION_INVALID', `value "${name}" holds NaN or an infinity. Leave that sample out, or look for the layer that makes it.`, { value: name })
}

/** The same error, saying which batch it came from. */
const inBatch = ({ code, message, details, cause }: OctavoError, batch: number): OctavoError =>
  new OctavoError(code, `batch ${batch}: ${message.slice(code.length + 2)}`, { ...details, batch }, cause)
