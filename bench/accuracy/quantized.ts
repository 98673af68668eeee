import type { EngineName } from '../../src/quantization/engines/engine.js'
import { recipeBatches } from '../../src/recipe/batches.js'
import { quantizeDynamic } from '../../src/workflow/graph/quantize-dynamic.js'
import { quantizeStatic } from '../../src/workflow/graph/quantize-static.js'
import { CALIBRATED, type Subject } from './scoring.js'

/** One way of quantizing a model. */
export interface Variant {
  readonly engine: EngineName
  readonly method?: 'histogram' | 'minmax'
}

const ENGINES = ['fbgemm', 'qnnpack'] as const

export const variantsOf = ({ entry }: Subject): readonly Variant[] =>
  entry.kind === 'dynamic' ? ENGINES.map((engine) => ({ engine })) : ENGINES.flatMap((engine) => (['histogram', 'minmax'] as const).map((method) => ({ engine, method })))

export const variantName = ({ engine, method }: Variant): string => (method ? `${engine} ${method}` : engine)

/** A model quantized with nothing but the engine's and the observer's name given: every other option has its default. */
export async function quantize({ entry, recipe, files, bytes, float }: Subject, { engine, method }: Variant): Promise<{ model: Uint8Array; seconds: number }> {
  const start = performance.now()
  const batches = entry.kind === 'static' ? (await recipeBatches(recipe, files, float, CALIBRATED)).read : undefined
  const { model } = batches ? await quantizeStatic(bytes, batches, { engine, calibrateMethod: method, measure: false }) : await quantizeDynamic(bytes, { engine })
  return { model, seconds: (performance.now() - start) / 1000 }
}
