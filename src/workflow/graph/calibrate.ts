import { OctavoError } from '../../errors.js'
import type { Graph } from '../../graph/graph.js'
import { aborted } from '../../platform/host.js'
import { kernels } from '../../quantization/kernels.js'
import { UniformObserver, type ObserverBase } from '../../quantization/observer-base.js'
import { isPerTensor } from '../../quantization/qscheme.js'
import type { LoadedTier } from '../../runtime/load.js'
import type { Tensor } from '../../value.js'
import { ObservingSession } from './observing-session.js'
import type { Batch, Batches, ProgressEvent } from './options.js'
import { giveTurn } from './turn.js'

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
  const session = new ObservingSession(graph, [...watch].map(([name, observers]) => ({ name, anyOrder: observers.every(ignoresOrder) })), options.tier)
  let done = 0, samples = 0
  onProgress?.({ phase: 'calibrate', done, total })
  try {
    for await (const batch of readBatches(batches, signal)) {
      observeBatch(session, watch, batch, done++)
      samples += batch[graph.inputs[0]?.name ?? '']?.dims[0] ?? 1
      onProgress?.({ phase: 'calibrate', done, total })
      await giveTurn()
    }
  } finally {
    session.release()
  }
  if (!done) throw new OctavoError('CALIBRATION_INVALID', 'there are no batches to calibrate on. Give at least one: each is an object of tensors by input name.')
  return { batches: done, samples }
}

/** One range for all elements knows neither axes nor order. */
const ignoresOrder = (observer: ObserverBase): boolean => observer instanceof UniformObserver && isPerTensor(observer.qscheme)

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

function observeBatch(session: ObservingSession, watch: Watch, batch: Batch, index: number): void {
  try {
    session.show(batch, (value, name) => observe(value, name, watch.get(name)!))
    for (const name of session.inputNames) if (!watch.has(name)) requireNumbers(batch[name]!, name)
  } catch (error) {
    throw error instanceof OctavoError ? inBatch(error, index) : error
  }
}

/** An input that nobody watches may hold infinities, as masks do; NaN is a mistake that some operators hide. */
function requireNumbers({ dtype, data }: Tensor, name: string): void {
  if (dtype === 'float32' && data.length && Number.isNaN(kernels().minMax(data as Float32Array)[0]))
    throw new OctavoError('CALIBRATION_INVALID', `input "${name}" holds NaN. Leave that sample out, or look at how it was made.`, { value: name })
}

function observe(value: Tensor, name: string, observers: readonly ObserverBase[]): void {
  if (value.dtype !== 'float32') throw new OctavoError('DTYPE_MISMATCH', `value "${name}": expected float32 to observe, got ${value.dtype}. Watch float values only.`, { value: name, dtype: value.dtype })
  const data = value.data as Float32Array
  if (!data.length) return
  kernels().holding(data, () => {
    if (!kernels().minMax(data).every(Number.isFinite))
      throw new OctavoError('CALIBRATION_INVALID', `value "${name}" holds NaN or an infinity. Leave that sample out, or look for the layer that makes it.`, { value: name })
    for (const observer of observers) observer.forward(value)
  })
}

/** The same error, saying which batch it came from. */
const inBatch = ({ code, message, details, cause }: OctavoError, batch: number): OctavoError =>
  new OctavoError(code, `batch ${batch}: ${message.slice(code.length + 2)}`, { ...details, batch }, cause)
