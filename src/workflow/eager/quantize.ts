import { deepCopy } from '../../nn/deep-copy.js'
import { Linear } from '../../nn/linear.js'
import type { Module } from '../../nn/module.js'
import { defaultDynamicQConfig } from '../../quantization/qconfig.js'
import { convert } from './convert.js'
import { getDefaultDynamicQuantModuleMappings, UNSUPPORTED_DYNAMIC, type ModuleClass, type ModuleMapping } from './mappings.js'
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

const DEFAULT: readonly ModuleClass[] = [Linear, LSTM, GRU, LSTMCell, GRUCell, RNNCell]

/**
 * A copy of a model with weights in codes; activations stay float32 and are quantized in each product by their own range. torch.ao.quantization.quantize_dynamic.
 *
 * @param spec classes or names of modules; or qconfigs by them
 * @throws OP_UNSUPPORTED for recurrent layers and embeddings, which have no dynamic module here: name the layers to quantize; QPARAMS_INVALID, ENGINE_UNKNOWN
 */
export function quantizeDynamic<M extends Module>(model: M, spec: QConfigSpec | ReadonlySet<string | ModuleClass> = new Set(DEFAULT), { mapping = getDefaultDynamicQuantModuleMappings(), inplace = false }: { readonly mapping?: ModuleMapping; readonly inplace?: boolean } = {}): M {
  const target = inplace ? model : deepCopy(model)
  const configs = spec instanceof Map ? (spec as QConfigSpec) : new Map([...(spec as ReadonlySet<string | ModuleClass>)].map((key) => [key, defaultDynamicQConfig] as const))
  propagateQConfig(target.eval(), configs)
  return convert(target, { mapping, inplace: true, refused: UNSUPPORTED_DYNAMIC })
}
