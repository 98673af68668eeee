import type { EngineName } from '../../src/quantization/engines/engine.js'
import { recipeBatches } from '../../src/recipe/batches.js'
import type { QuantizeStaticOptions } from '../../src/workflow/graph/options.js'
import { quantizeDynamic } from '../../src/workflow/graph/quantize-dynamic.js'
import { quantizeStatic } from '../../src/workflow/graph/quantize-static.js'
import { CALIBRATED, type Subject } from './scoring.js'

/** Options beyond an engine and an observer. */
type Remedy = Pick<QuantizeStaticOptions, 'biasCorrection' | 'activationReduceRange' | 'nodesToExclude' | 'tolerance'>

/** One way of quantizing a model. */
export interface Variant {
  readonly engine: EngineName
  readonly method?: 'histogram' | 'minmax'
  readonly remedy?: Remedy
}

const ENGINES = ['fbgemm', 'qnnpack'] as const

export const variantsOf = ({ entry }: Subject): readonly Variant[] =>
  entry.kind === 'dynamic' ? ENGINES.map((engine) => ({ engine })) : ENGINES.flatMap((engine) => (['histogram', 'minmax'] as const).map((method) => ({ engine, method })))

const TOLERANCES = [0.1, 0.05, 0.025, 0.0125, 0.006, 0.003, 0.0015] as const

/**
 * What the options offer where the defaults are not good enough, mildest first: a correction that costs nothing when the model runs, the eighth bit where the engine
 * takes seven, a model's own delicate nodes in float,
 * then ever more layers in float. Which one is needed is seen on the scored samples: a row says what it took, not what to expect elsewhere.
 */
export const remediesOf = ({ engine }: Variant, exclude?: readonly RegExp[]): readonly Remedy[] => [
  { biasCorrection: true },
  ...(engine === 'fbgemm' ? [{ activationReduceRange: false }, { activationReduceRange: false, biasCorrection: true }] : []),
  ...(exclude ? [{ nodesToExclude: exclude }, ...(engine === 'fbgemm' ? [{ nodesToExclude: exclude, activationReduceRange: false }] : [])] : []),
  ...TOLERANCES.flatMap((tolerance) => [{ tolerance }, { tolerance, biasCorrection: true }]).map((remedy) => ({ ...remedy, ...(engine === 'fbgemm' && { activationReduceRange: false }) })),
]

export const variantName = ({ engine, method, remedy }: Variant): string => [
  method ? `${engine} ${method}` : engine, ...(remedy?.activationReduceRange === false ? ['8-bit activations'] : []), ...(remedy?.biasCorrection ? ['biasCorrection'] : []),
  ...(remedy?.nodesToExclude ? [`without ${remedy.nodesToExclude.map((n) => (typeof n === 'string' ? n : n.source)).join(' and ')}`] : []),
  ...(remedy?.tolerance === undefined ? [] : [`tolerance ${remedy.tolerance}`]),
].join(', ')

/** A model quantized with nothing but the engine's and the observer's name given, and the options of a remedy: every other has its default. */
export async function quantize({ entry, recipe, files, bytes, float }: Subject, { engine, method, remedy }: Variant): Promise<{ model: Uint8Array; seconds: number; floatLayers: number; layers: number }> {
  const start = performance.now()
  const batches = entry.kind === 'static' ? (await recipeBatches(recipe, files, float, CALIBRATED)).read : undefined
  const { model, report } = batches ? await quantizeStatic(bytes, batches, { engine, calibrateMethod: method, measure: false, ...remedy }) : await quantizeDynamic(bytes, { engine })
  return { model, seconds: (performance.now() - start) / 1000, floatLayers: report.layers.filter((l) => !l.quantized).length, layers: report.layers.length }
}
