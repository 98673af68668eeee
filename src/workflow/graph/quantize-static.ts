import { encodeModel } from '../../formats/onnx/encode.js'
import type { Graph } from '../../graph/graph.js'
import type { Source } from '../../platform/source.js'
import type { UniformObserver } from '../../quantization/observer-base.js'
import { BatchSource } from './batches.js'
import { meanErrors } from './bias-correction.js'
import { isCalibration, parseCalibration, unusable, type Calibration } from './calibration.js'
import { bytesOf, requireFloat } from './clean.js'
import { sha256 } from './digest.js'
import { Forms } from './forms.js'
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
import { meetTolerance, requireTolerance } from './tolerance.js'
import { codesOf } from './units.js'

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
  requireTolerance(options.tolerance)
  requireFloat(graph)
  const progress = new Progress(options)
  const tier = await loadModules(options)
  const batches = isCalibration(data) ? undefined : BatchSource.from(data, options.signal)
  const ranges = await openRanges(batches ?? (data as Calibration), graph, tier, options)
  try {
    progress.begin('prepare', 1)
    const forms = new Forms(prepareModel(graph, ranges.first, tier, options), settings, options, options.tolerance !== undefined)
    await progress.end('prepare', 1)
    const watching = forms.observers()
    const seen = await ranges.observe({ ...forms.prepared, groups: forms.groups }, watching)
    await progress.end('calibrate')
    const running = { tier, signal: options.signal, onProgress: options.onProgress, total: batches?.complete ? seen.batches : undefined }
    progress.begin('convert', 1)
    forms.observed(watching)
    const rounded = forms.convert(forms.prepared)
    if (batches && options.biasCorrection) forms.correct(await meanErrors(forms.prepared, rounded, batches, running))
    await progress.end('convert', options.biasCorrection ? undefined : 1)
    const mixed = batches && options.tolerance !== undefined ? await meetTolerance(forms, options.tolerance, batches, running) : undefined
    if (mixed) await progress.end('search')
    const { prepared, converted } = mixed ?? { prepared: forms.prepared, converted: options.biasCorrection ? forms.convert(forms.prepared) : rounded }
    const measured = !batches || !(options.measure ?? batches.complete) ? undefined : mixed?.measured ?? await measureGraphs(prepared.graph, converted, prepared.layers.map((l) => l.output), batches, running)
    if (measured && !mixed) await progress.end('measure')
    const codes = codesOf(prepared), observers = new Map([...watching].filter(([name]) => codesOf(forms.prepared).has(name)))
    const report: QuantizeReport = {
      kind: 'static', model: graph.name, engine: settings.engineName, calibrateMethod: settings.calibrateMethod, ...seen, bytes: { before: bytesOf(graph), after: bytesOf(converted) },
      seconds: progress.seconds, layers: layerReports(prepared, converted, measured?.values, mixed?.alone),
      values: valueReports({ groups: forms.groups.filter((g) => g.values.some((name) => codes.has(name))) }, watching, forms.qparams),
      outputs: measured?.outputs ?? [], worst: measured?.worst ?? [],
      warnings: [...warningsOf(prepared.layers.some((l) => l.quantized), seen.batches, measured?.batches), ...(mixed?.warnings ?? [])],
    }
    return { prepared, converted, report, observers }
  } finally {
    ranges.close()
  }
}

const warningsOf = (any: boolean, batches: number, measured: number | undefined): string[] => [
  ...(any ? [] : ['nothing was quantized: the report says why for each layer']),
  ...(measured === undefined || measured === batches ? [] : [`measured on the first ${measured} of ${batches} batches: the data can be read once only, and that many were kept`]),
]

async function requireSameModel(data: Calibration, files: readonly Uint8Array[]): Promise<void> {
  const { model } = parseCalibration(data), got = await sha256(files)
  if (model.sha256 !== got) throw unusable(`the calibration is of another model: of "${model.name}" with SHA-256 ${model.sha256}, this one has ${got}. Calibrate this model.`, { expected: model.sha256, got })
}
