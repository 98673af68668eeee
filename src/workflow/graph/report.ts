import type { EngineName } from '../../quantization/engines/engine.js'
import type { CalibrateMethod } from './options.js'

/** What happened to one layer (a node of the prepared float graph that computes something). */
export interface LayerReport {
  readonly name: string
  readonly op: string
  /** the float value that the layer makes */
  readonly output: string
  readonly quantized: boolean
  /** why it stays float */
  readonly reason?: string
  /** 10·log₁₀(Σ float² ÷ Σ (float − int8)²) of its output over the measured batches, in dB; +Infinity where equal; undefined where not measured */
  readonly sqnr?: number
  /** the same when this layer alone is quantized; undefined where no sensitivity was asked for */
  readonly sqnrAlone?: number
  /** elements of its weight, and whether its scales are per channel */
  readonly weights?: { readonly elements: number; readonly channels: number; readonly scaleMin: number; readonly scaleMax: number }
}

/** One observed value, and what was chosen for it. */
export interface ValueReport {
  readonly name: string
  readonly dtype: 'uint8' | 'int8'
  readonly scale: number
  readonly zeroPoint: number
  /** least and greatest element seen */
  readonly seen: readonly [min: number, max: number]
  /** what the codes reach: (quantMin − zeroPoint)·scale … (quantMax − zeroPoint)·scale */
  readonly chosen: readonly [min: number, max: number]
  /** counts over `range`, at most 128 bins; undefined for observers without one */
  readonly histogram?: { readonly range: readonly [min: number, max: number]; readonly counts: readonly number[] }
}

/** What quantizing did, as data: `--json` prints it, `renderReport` makes a page of it. */
export interface QuantizeReport {
  readonly kind: 'static' | 'dynamic'
  readonly model: string
  readonly engine: EngineName
  readonly calibrateMethod?: CalibrateMethod
  /** batches and samples (first axis of the first input) that were calibrated on */
  readonly batches: number
  readonly samples: number
  readonly bytes: { readonly before: number; readonly after: number }
  /** wall time by phase */
  readonly seconds: Readonly<Record<string, number>>
  readonly layers: readonly LayerReport[]
  readonly values: readonly ValueReport[]
  /** SQNR of each model output in dB over the measured batches, int8 against float */
  readonly outputs: readonly { readonly name: string; readonly sqnr: number }[]
  /** measured batches whose outputs lost most, worst first; `index` counts batches from 0 */
  readonly worst: readonly { readonly index: number; readonly sqnr: number }[]
  /** scores of both models where somebody scored them (the command with a recipe) */
  readonly accuracy?: readonly { readonly set: string; readonly samples: number; readonly float: Readonly<Record<string, number>>; readonly int8: Readonly<Record<string, number>> }[]
  readonly warnings: readonly string[]
}
