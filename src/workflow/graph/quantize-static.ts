import { OctavoError } from '../../errors.js'
import { encodeModel } from '../../formats/onnx/encode.js'
import type { Graph } from '../../graph/graph.js'
import type { Source } from '../../platform/source.js'
import type { UniformObserver } from '../../quantization/observer-base.js'
import { observersFor, qparamsOf } from './activation-qparams.js'
import { BatchSource } from './batches.js'
import { correctBiases, meanErrors } from './bias-correction.js'
import { isCalibration, parseCalibration, unusable, type Calibration } from './calibration.js'
import { bytesOf, requireFloat } from './clean.js'
import { convertGraph } from './convert.js'
import { sha256 } from './digest.js'
import { loadModules } from './host.js'
import { measureGraphs } from './measure.js'
import { nameOf, openFloat } from './open-float.js'
import type { Batches, QuantizeStaticOptions } from './options.js'
import { prepareModel } from './prepare-model.js'
import type { PreparedGraph } from './prepare.js'
import { Progress } from './progress.js'
import { openRanges, optionsFor } from './ranges.js'
import type { QuantizeReport } from './report.js'
import { settingsOf } from './settings.js'
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
 * @param data feeds of runs by input name, batch by batch, of which one is in memory at a time; or what `calibrate` and `mergeCalibrations` gave
 * @throws SOURCE_UNREADABLE and what opening a model throws; ALREADY_QUANTIZED; CALIBRATION_INVALID no batches, NaN or infinities in a value, a calibration
 *   that is incomplete or of another model;
 *   INPUT_MISSING, INPUT_MISMATCH a batch that does not fit the model; OPTION_INVALID; ENGINE_UNKNOWN; ABORTED
 */
export async function quantizeStatic(model: Source | Promise<Source>, data: Batches | Calibration, options: QuantizeStaticOptions = {}): Promise<QuantizeResult> {
  const source = await model
  const { graph, bytes, files } = await openFloat(source, options)
  if (isCalibration(data)) await requireSameModel(data, files)
  const { converted, report, observers } = await quantizeGraph(graph, data, options)
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
export async function quantizeGraph(graph: Graph, data: Batches | Calibration, given: QuantizeStaticOptions = {}): Promise<QuantizedGraph> {
  const options = optionsFor(data, given)
  const settings = settingsOf(options)
  requireBuilt(options)
  requireFloat(graph)
  const progress = new Progress(options)
  const tier = await loadModules(options)
  const batches = isCalibration(data) ? undefined : BatchSource.from(data, options.signal)
  const ranges = await openRanges(batches ?? (data as Calibration), graph, tier, options)
  try {
    progress.begin('prepare', 1)
    const prepared = prepareModel(graph, ranges.first, tier, options)
    await progress.end('prepare', 1)
    const observers = observersFor(prepared, settings)
    const seen = await ranges.observe(prepared, observers)
    await progress.end('calibrate')
    progress.begin('convert', 1)
    const qparams = qparamsOf(prepared, observers, settings)
    const rounded = convertGraph(prepared, qparams, settings)
    const total = batches?.complete ? seen.batches : undefined
    const converted = batches && options.biasCorrection
      ? convertGraph(correctBiases(prepared, await meanErrors(prepared, rounded, batches, { tier, onProgress: options.onProgress, total })), qparams, settings) : rounded
    await progress.end('convert', options.biasCorrection ? undefined : 1)
    const measured = batches && (options.measure ?? batches.complete)
      ? await measureGraphs(prepared.graph, converted, prepared.layers.map((l) => l.output), batches, { tier, onProgress: options.onProgress, total }) : undefined
    if (measured) await progress.end('measure')
    const report: QuantizeReport = {
      kind: 'static', model: graph.name, engine: settings.engineName, calibrateMethod: settings.calibrateMethod, ...seen, bytes: { before: bytesOf(graph), after: bytesOf(converted) },
      seconds: progress.seconds, layers: layerReports(prepared, converted, measured?.values), values: valueReports(prepared, observers, qparams),
      outputs: measured?.outputs ?? [], worst: measured?.worst ?? [], warnings: warningsOf(prepared.layers.some((l) => l.quantized), seen.batches, measured?.batches),
    }
    return { prepared, converted, report, observers }
  } finally {
    ranges.close()
  }
}

/** Options that name steps which are not here yet. @throws OPTION_INVALID */
export function requireBuilt({ tolerance }: QuantizeStaticOptions): void {
  if (tolerance !== undefined) throw new OctavoError('OPTION_INVALID', 'option tolerance: this version does not have it. Leave it out.', { option: 'tolerance' })
}

const warningsOf = (any: boolean, batches: number, measured: number | undefined): string[] => [
  ...(any ? [] : ['nothing was quantized: the report says why for each layer']),
  ...(measured === undefined || measured === batches ? [] : [`measured on the first ${measured} of ${batches} batches: the data can be read once only, and that many were kept`]),
]

async function requireSameModel(data: Calibration, files: readonly Uint8Array[]): Promise<void> {
  const { model } = parseCalibration(data), got = await sha256(files)
  if (model.sha256 !== got) throw unusable(`the calibration is of another model: of "${model.name}" with SHA-256 ${model.sha256}, this one has ${got}. Calibrate this model.`, { expected: model.sha256, got })
}
