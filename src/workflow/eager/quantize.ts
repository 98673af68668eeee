import { deepCopy } from '../../nn/deep-copy.js'
import { Linear } from '../../nn/linear.js'
import type { Module } from '../../nn/module.js'
import { Embedding, EmbeddingBag } from '../../nn/sparse.js'
import { OctavoError } from '../../errors.js'
import { defaultDynamicQConfig, float16DynamicQConfig, floatQParamsWeightOnlyQConfig, floatQParamsWeightOnlyQConfig4Bit, type QConfig } from '../../quantization/qconfig.js'
import { convert } from './convert.js'
import { getDefaultDynamicQuantModuleMappings, type ModuleClass, type ModuleMapping } from './mappings.js'
import { GRU, GRUCell, LSTM, LSTMCell, RNNCell } from '../../nn/rnn.js'
import { prepare, propagateQConfig, type QConfigSpec } from './prepare.js'

/**
 * Prepares a model, runs it on examples and converts it. torch.ao.quantization.quantize.
 *
 * @param run runs the prepared model on examples
 * @throws as prepare and convert
 */
export function quantize<M extends Module>(model: M, run: (prepared: M) => void, { mapping, inplace = false }: { readonly mapping?: ModuleMapping; readonly inplace?: boolean } = {}): M {
  const target = inplace ? model : deepCopy(model)
  prepare(target.eval(), { inplace: true })
  run(target)
  return convert(target, { mapping, inplace: true })
}

export type DynamicTarget = 'qint8' | 'float16' | 'quint8' | 'quint4x2'
/** What to quantize: classes or names of modules, by `dtype`; or qconfigs by them, null for none. */
export type DynamicSpec = QConfigSpec | ReadonlySet<string | ModuleClass> | Readonly<Record<string, QConfig<unknown> | null>>

export interface QuantizeDynamicOptions {
  readonly dtype?: DynamicTarget
  readonly mapping?: ModuleMapping
  /** Changes the model itself. */
  readonly inplace?: boolean
}

const PRODUCTS: readonly ModuleClass[] = [Linear, LSTM, GRU, LSTMCell, GRUCell, RNNCell]
/** What each dtype means, and which classes it is for when nothing is named. */
const TARGETS: Readonly<Record<DynamicTarget, { readonly qconfig: QConfig<unknown>; readonly classes: readonly ModuleClass[] }>> = {
  qint8: { qconfig: defaultDynamicQConfig, classes: PRODUCTS },
  float16: { qconfig: float16DynamicQConfig, classes: PRODUCTS },
  quint8: { qconfig: floatQParamsWeightOnlyQConfig, classes: [Embedding, EmbeddingBag] },
  quint4x2: { qconfig: floatQParamsWeightOnlyQConfig4Bit, classes: [EmbeddingBag] },
}

function qconfigsOf(spec: DynamicSpec | null | undefined, dtype: DynamicTarget): QConfigSpec {
  if (spec instanceof Map) return spec as QConfigSpec
  if (spec && !(spec instanceof Set)) return new Map(Object.entries(spec as Readonly<Record<string, QConfig<unknown> | null>>))
  if (!Object.hasOwn(TARGETS, dtype)) throw new OctavoError('OPTION_INVALID', `quantizeDynamic: expected dtype ${Object.keys(TARGETS).join(', ')}, got ${String(dtype)}. Give a spec with qconfigs for others.`, { dtype })
  const { qconfig, classes } = TARGETS[dtype]
  return new Map([...((spec as ReadonlySet<string | ModuleClass> | undefined) ?? classes)].map((key) => [key, qconfig]))
}

/**
 * A copy of a model with weights in codes or float16; activations stay float32, and are quantized in each int8 product by their own range. Packed for the
 * engine of `backends.quantized.engine`. torch.ao.quantization.quantize_dynamic.
 *
 * @param spec Linear, recurrent layers and cells unless said; a Map or an object of qconfigs makes `dtype` meaningless
 * @param dtype or the rest by name
 * @throws OPTION_INVALID; MODULE_INVALID for recurrent layers without biases; QPARAMS_INVALID, ENGINE_UNKNOWN; OP_UNSUPPORTED for float16 with an engine that lacks it
 */
export function quantizeDynamic<M extends Module>(model: M, spec?: DynamicSpec | null, dtype: DynamicTarget | QuantizeDynamicOptions = {}, mapping?: ModuleMapping, inplace?: boolean): M {
  const options: QuantizeDynamicOptions = typeof dtype === 'string' ? { dtype, mapping, inplace } : dtype
  const configs = qconfigsOf(spec, options.dtype ?? 'qint8')
  const target = options.inplace ? model : deepCopy(model)
  propagateQConfig(target.eval(), configs)
  return convert(target, { mapping: options.mapping ?? getDefaultDynamicQuantModuleMappings(), inplace: true, refused: new Set() })
}
