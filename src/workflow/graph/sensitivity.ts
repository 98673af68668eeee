import type { Source } from '../../platform/source.js'
import { BatchSource } from './batches.js'
import { Forms } from './forms.js'
import { loadModules } from './host.js'
import { measureGraphs } from './measure.js'
import { openFloat } from './open-float.js'
import { OctavoError } from '../../errors.js'
import type { Batches, QuantizeStaticOptions } from './options.js'
import { prepareModel } from './prepare-model.js'
import { Progress } from './progress.js'
import { openRanges } from './ranges.js'
import type { LayerReport, QuantizeReport } from './report.js'
import { settingsOf } from './settings.js'
import { layerReports } from './static-report.js'
import { aloneOf, byLayer } from './tolerance.js'
import { Trials } from './trials.js'

/** Options of sensitivity: those of quantizeStatic that say how a model is quantized. */
export interface SensitivityOptions extends Omit<QuantizeStaticOptions, 'tolerance' | 'measure' | 'biasCorrection'> {
  /** samples (first axis of the first input) that are run, in whole batches, from the first; all are calibrated on [8] */
  readonly samples?: number
}

/** How much each layer's rounding costs. */
export interface Sensitivity extends Pick<QuantizeReport, 'batches' | 'samples' | 'outputs' | 'worst' | 'seconds'> {
  /** in the order of the graph: `sqnr` of the layer's result in the int8 model, `sqnrAlone` of the model's outputs when this layer alone is quantized */
  readonly layers: readonly LayerReport[]
}

/**
 * What quantizing does to each layer, and what each layer does to the outputs: the whole int8 model is measured layer by layer, then every layer that can
 * be quantized is so alone, with the scales of one calibration. Functions that become one table are one layer here: all of them have its figure.
 *
 *     const { layers } = await sensitivity('model.onnx', batches, { samples: 32 })
 *     layers.filter((l) => l.quantized).sort((a, b) => a.sqnrAlone - b.sqnrAlone)[0]   // costs most
 *
 * Figures are in dB, Σ float² ÷ Σ (float − int8)² over the samples; of several outputs that one counts which loses most.
 *
 * @throws as quantizeStatic; OPTION_INVALID a model without float32 outputs
 */
export async function sensitivity(model: Source | Promise<Source>, batches: Batches, options: SensitivityOptions = {}): Promise<Sensitivity> {
  const settings = settingsOf(options), samples = samplesOf(options)
  const { graph } = await openFloat(await model, options)
  const tier = await loadModules(options), progress = new Progress(options), data = BatchSource.from(batches, options.signal)
  const ranges = await openRanges(data, graph, tier, options)
  try {
    progress.begin('prepare', 1)
    const forms = new Forms(prepareModel(graph, ranges.first, tier, options), settings, options, true)
    await progress.end('prepare', 1)
    const observers = forms.observers()
    const seen = await ranges.observe({ ...forms.prepared, groups: forms.groups }, observers)
    await progress.end('calibrate')
    progress.begin('convert', 1)
    forms.observed(observers)
    const converted = forms.without([])
    await progress.end('convert', 1)
    const trials = await Trials.open(forms.prepared.graph, data, { tier, samples, signal: options.signal, onProgress: options.onProgress })
    const measured = await measureGraphs(forms.prepared.graph, converted, forms.prepared.layers.map((l) => l.output), new BatchSource(trials.batches, options.signal), { tier, onProgress: options.onProgress, total: trials.batches.length })
    await progress.end('measure')
    const alone = byLayer(await aloneOf(forms, trials))
    await progress.end('search')
    return { ...seen, seconds: progress.seconds, layers: layerReports(forms.prepared, converted, measured.values, alone), outputs: measured.outputs, worst: measured.worst }
  } finally {
    ranges.close()
  }
}

function samplesOf({ samples = 8 }: SensitivityOptions): number {
  if (Number.isSafeInteger(samples) && samples > 0) return samples
  throw new OctavoError('OPTION_INVALID', `option samples: expected a whole number above 0, got ${String(samples)}.`, { samples })
}
