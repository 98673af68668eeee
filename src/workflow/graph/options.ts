import type { EngineName } from '../../quantization/engines/engine.js'
import type { Source } from '../../platform/source.js'
import type { Tier } from '../../runtime/tiers.js'
import type { Tensor } from '../../value.js'

/** One run's feeds by input name: what a model is calibrated on. */
export type Batch = Readonly<Record<string, Tensor>>

/**
 * Calibration data. An array, or a function that starts the data from the beginning, can be read as often as needed; anything else is read
 * once, and what needs a second look (measuring, sensitivity, bias correction) gets the first batches, kept while they fit in 64 MiB.
 */
export type Batches = Iterable<Batch> | AsyncIterable<Batch> | (() => Iterable<Batch> | AsyncIterable<Batch>)

/** How the range of a value is chosen from what was observed. */
export const CALIBRATE_METHODS = ['minmax', 'movingAverage', 'histogram', 'percentile', 'entropy'] as const
export type CalibrateMethod = (typeof CALIBRATE_METHODS)[number]

/** The steps of quantizing, in order; `total` is undefined where nobody knows it beforehand. */
export type Phase = 'prepare' | 'calibrate' | 'convert' | 'measure' | 'search'
export interface ProgressEvent {
  readonly phase: Phase
  readonly done: number
  readonly total: number | undefined
}

/** Which nodes: exact names or patterns. */
export type NodePattern = string | RegExp

/** Where wasm and the model's other files come from. */
export interface HostOptions {
  /** what runs the float model and the observers [best this host runs]; the result does not depend on it */
  readonly tier?: Tier | 'auto'
  /** folder (path or URL) that holds the .wasm files [beside this module] */
  readonly wasmFolder?: string | URL
  /** files that hold the model's large tensors, by the location it names [those beside a model given by path or URL] */
  readonly externalData?: Readonly<Record<string, Source>>
}

/** What both ways of quantizing share. Names are ONNX Runtime's, in camel case; defaults in brackets. */
export interface QuantizeOptions extends HostOptions {
  /** which ranges and schemes: PyTorch's word [fbgemm] */
  readonly engine?: EngineName
  /** weights get a scale for each output channel [true] */
  readonly perChannel?: boolean
  /** weights of seven bits, as ONNX Runtime's option; activations have activationReduceRange [false] */
  readonly reduceRange?: boolean
  /** [int8] */
  readonly weightType?: 'int8' | 'uint8'
  /** op types that are quantized [all that can be] */
  readonly opTypesToQuantize?: readonly string[]
  /** op types that stay float [none] */
  readonly opTypesToExclude?: readonly string[]
  /** nodes that are quantized, no others [all that can be] */
  readonly nodesToQuantize?: readonly NodePattern[]
  /** nodes that stay float [none] */
  readonly nodesToExclude?: readonly NodePattern[]
  readonly signal?: AbortSignal
  readonly onProgress?: (event: ProgressEvent) => void
}

/** Options of quantizeStatic. */
export interface QuantizeStaticOptions extends QuantizeOptions {
  /** [histogram] */
  readonly calibrateMethod?: CalibrateMethod
  /** [uint8] */
  readonly activationType?: 'uint8' | 'int8'
  /** seven bits for activations that a product multiplies [as the engine has it: fbgemm and x86 take seven] */
  readonly activationReduceRange?: boolean
  /** activations' ranges are widened to be symmetric [false] */
  readonly activationSymmetric?: boolean
  /** weights' zero points are 0 [true for int8 weights] */
  readonly weightSymmetric?: boolean
  /** scales of neighbouring layers' channels are evened out before anything is observed (data-free quantization, arXiv 1906.04721) [false] */
  readonly equalize?: boolean
  /** the mean error of each output channel on the calibration set is taken off its bias [false] */
  readonly biasCorrection?: boolean
  /** keep the fewest layers in float that bring the output's relative error under this: 10^(−SQNR/20); 0.1 is 20 dB [all are quantized] */
  readonly tolerance?: number
  /** measure every layer's SQNR and the worst inputs for the report [true where batches can be read again] */
  readonly measure?: boolean
}
