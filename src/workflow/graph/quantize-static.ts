import { OctavoError } from '../../errors.js'
import { encodeModel } from '../../formats/onnx/encode.js'
import type { Graph } from '../../graph/graph.js'
import type { Source } from '../../platform/source.js'
import type { UniformObserver } from '../../quantization/observer-base.js'
import { observersFor, qparamsOf, watchOf } from './activation-qparams.js'
import { BatchSource } from './batches.js'
import { observeGraph } from './calibrate.js'
import { bytesOf, cleanGraph, requireFloat } from './clean.js'
import { convertGraph } from './convert.js'
import { loadModules } from './host.js'
import { measureGraphs } from './measure.js'
import { nameOf, openFloat } from './open-float.js'
import type { Batch, Batches, QuantizeStaticOptions } from './options.js'
import { prepareGraph, type PreparedGraph } from './prepare.js'
import { Progress } from './progress.js'
import type { QuantizeReport } from './report.js'
import { rangeObserver, settingsOf } from './settings.js'
import { layerReports, valueReports } from './static-report.js'

/** A quantized model, what was done, and what was observed. */
export interface QuantizeResult {
  /** an ONNX file */
  readonly model: Uint8Array
  readonly report: QuantizeReport
  /** by the name of the first value that they watched: save them with saveObserver, merge them with others */
  readonly observers: ReadonlyMap<string, UniformObserver>
}

/**
 * Quantizes a float ONNX model: observes its activations on batches, chooses scales, and writes it with codes for weights and QuantizeLinear and
 * DequantizeLinear around what works on codes (docs/quantization.md).
 *
 *     const { model, report } = await quantizeStatic('model.onnx', batches, { engine: 'qnnpack' })
 *
 * @param batches feeds of runs by input name, batch by batch; one batch is in memory at a time
 * @throws SOURCE_UNREADABLE and what opening a model throws; ALREADY_QUANTIZED; CALIBRATION_INVALID no batches, NaN or infinities in a value;
 *   INPUT_MISSING, INPUT_MISMATCH a batch that does not fit the model; OPTION_INVALID; ENGINE_UNKNOWN; ABORTED
 */
export async function quantizeStatic(model: Source | Promise<Source>, batches: Batches, options: QuantizeStaticOptions = {}): Promise<QuantizeResult> {
  const source = await model
  const { graph, bytes } = await openFloat(source, options)
  const { converted, report, observers } = await quantizeGraph(graph, batches, options)
  const written = encodeModel(converted)
  return { model: written, report: { ...report, model: nameOf(source, graph), bytes: { before: bytes, after: written.length } }, observers }
}

/** What quantizing a graph gives before it is written; `report` says nothing of files yet. */
export interface QuantizedGraph extends Pick<QuantizeResult, 'report' | 'observers'> {
  /** the float graph, and what was decided about it */
  readonly prepared: PreparedGraph
  readonly converted: Graph
}

/**
 * quantizeStatic from graph to graph. All operators are known to it once a model was opened by quantizeStatic, or after addOperators(moreOperators).
 *
 * @throws as quantizeStatic, but for what reading a file throws
 */
export async function quantizeGraph(graph: Graph, batches: Batches, options: QuantizeStaticOptions = {}): Promise<QuantizedGraph> {
  const settings = settingsOf(options)
  requireBuilt(options)
  requireFloat(graph)
  const progress = new Progress(options)
  const tier = await loadModules(options)
  const data = BatchSource.from(batches, options.signal)
  const walk = await Walk.begin(data)
  try {
    progress.begin('prepare', 1)
    const prepared = prepareGraph(cleanGraph(graph, walk.first, tier), options)
    await progress.end('prepare', 1)
    const observers = observersFor(prepared, settings)
    const { signal, onProgress } = options
    const seen = await observeGraph(prepared.graph, watchOf(prepared, observers), walk, { tier, signal, onProgress, total: data.count })
    await progress.end('calibrate')
    progress.begin('convert', 1)
    const qparams = qparamsOf(prepared, observers, settings)
    const converted = convertGraph(prepared, qparams, settings)
    await progress.end('convert', 1)
    const measured = options.measure ?? data.complete ? await measureGraphs(prepared.graph, converted, prepared.layers.map((l) => l.output), data, { tier, onProgress, total: data.complete ? seen.batches : undefined }) : undefined
    if (measured) await progress.end('measure')
    const { quantMin, quantMax } = rangeObserver(settings)
    const report: QuantizeReport = {
      kind: 'static', model: graph.name, engine: settings.engineName, calibrateMethod: settings.calibrateMethod, ...seen, bytes: { before: bytesOf(graph), after: bytesOf(converted) },
      seconds: progress.seconds, layers: layerReports(prepared, converted, measured?.values), values: valueReports(prepared, observers, qparams, [quantMin, quantMax]),
      outputs: measured?.outputs ?? [], worst: measured?.worst ?? [], warnings: warningsOf(prepared.layers.some((l) => l.quantized), seen.batches, measured?.batches),
    }
    return { prepared, converted, report, observers }
  } finally {
    walk.close()
  }
}

/** Options that name steps which are not here yet. */
function requireBuilt({ equalize, biasCorrection, tolerance }: QuantizeStaticOptions): void {
  const [option] = Object.entries({ equalize, biasCorrection, tolerance }).find(([, value]) => value !== undefined && value !== false) ?? []
  if (option) throw new OctavoError('OPTION_INVALID', `option ${option}: this version does not have it. Leave it out.`, { option })
}

const warningsOf = (any: boolean, batches: number, measured: number | undefined): string[] => [
  ...(any ? [] : ['nothing was quantized: the report says why for each layer']),
  ...(measured === undefined || measured === batches ? [] : [`measured on the first ${measured} of ${batches} batches: the data can be read once only, and that many were kept`]),
]

/** One walk over the batches, of which the first is looked at before the rest is read. */
class Walk implements AsyncIterable<Batch> {
  private constructor(readonly first: Batch, private readonly rest: AsyncIterator<Batch>) {}

  /** @throws CALIBRATION_INVALID no batches */
  static async begin(batches: AsyncIterable<Batch>): Promise<Walk> {
    const rest = batches[Symbol.asyncIterator]()
    const { value, done } = await rest.next()
    if (done) throw new OctavoError('CALIBRATION_INVALID', 'there are no batches to calibrate on. Give at least one: each is an object of tensors by input name.')
    return new Walk(value, rest)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    yield this.first
    for (let next = await this.rest.next(); !next.done; next = await this.rest.next()) yield next.value
  }

  close(): void {
    void this.rest.return?.().catch(() => undefined)
  }
}
