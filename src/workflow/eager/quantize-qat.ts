import { OctavoError } from '../../errors.js'
import { deepCopy } from '../../nn/deep-copy.js'
import type { Module } from '../../nn/module.js'
import { convert } from './convert.js'
import { getDefaultQatModuleMappings, type ModuleMapping } from './mappings.js'
import { prepare, propagateQConfig } from './prepare.js'

const NONE: ReadonlySet<unknown> = new Set()

/**
 * A copy of a model whose layers round weights and results as quantization will, so that training learns to live with it: layers of `mapping` that have
 * a qconfig become modules of nn.qat and nn.intrinsic.qat, and results pass through fake-quantizes. Train it, then convert it. torch.ao.quantization.prepare_qat.
 *
 * @param mapping which class is trained in the place of which [getDefaultQatModuleMappings()]
 * @throws MODULE_INVALID for a model in eval mode; OPTION_INVALID as propagateQConfig, and for embeddings with another scheme than float qparams by row
 */
export function prepareQat<M extends Module>(model: M, { mapping = getDefaultQatModuleMappings(), inplace = false }: { readonly mapping?: ModuleMapping; readonly inplace?: boolean } = {}): M {
  if (!model.training) throw new OctavoError('MODULE_INVALID', 'prepareQat: expected a model in training mode. Call model.train() first; for a model that is not trained further, use prepare.', {})
  const target = inplace ? model : deepCopy(model)
  propagateQConfig(target)
  convert(target, { mapping, inplace: true, removeQConfig: false, refused: NONE })
  return prepare(target, { inplace: true, observedModules: new Set(mapping.values()) })
}

/**
 * Prepares a model for quantization-aware training, trains it and converts it. torch.ao.quantization.quantize_qat.
 *
 * @param run trains the prepared model, or runs it on examples
 * @throws as prepareQat and convert
 */
export function quantizeQat<M extends Module>(model: M, run: (prepared: M) => void, { inplace = false }: { readonly inplace?: boolean } = {}): M {
  const target = inplace ? model : deepCopy(model)
  prepareQat(target.train(), { inplace: true })
  run(target)
  return convert(target, { inplace: true })
}
