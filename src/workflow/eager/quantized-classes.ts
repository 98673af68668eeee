import { dropout } from '../../nn/functional/dropout.js'
import * as functional from '../../nn/functional/activation.js'
import { instanceNorm, layerNorm } from '../../nn/functional/normalization.js'
import * as quantizedActivations from '../../autograd/quantized/activations.js'
import * as quantizedNorms from '../../autograd/quantized/norms.js'
import { OctavoError } from '../../errors.js'
import { Embedding as TrainedEmbedding, EmbeddingBag as TrainedEmbeddingBag } from '../../nn/qat/embedding.js'
import { Embedding, EmbeddingBag } from '../../nn/quantized/sparse.js'
import { getDefaultDynamicQuantModuleMappings, getDefaultStaticQuantModuleMappings, type ModuleClass, type ModuleMapping, type QuantizedClass } from './mappings.js'

/** What convert() swaps in a model whose embeddings were trained for it. torch's get_embedding_static_quant_module_mappings. */
export const getEmbeddingStaticQuantModuleMappings = (): Map<ModuleClass, QuantizedClass> =>
  getDefaultStaticQuantModuleMappings().set(TrainedEmbeddingBag, EmbeddingBag).set(TrainedEmbedding, Embedding)

function classFor(where: string, floatClass: ModuleClass, mapping: ModuleMapping, additional: ModuleMapping): QuantizedClass {
  const found = additional.get(floatClass) ?? mapping.get(floatClass)
  if (!found) throw new OctavoError('MODULE_INVALID', `${where}: ${floatClass.name} has no quantized class. Give one in the additional mapping.`, { class: floatClass.name })
  return found
}

/** The class that convert() puts in the place of another. torch's get_static_quant_module_class. @throws MODULE_INVALID where there is none */
export const getStaticQuantModuleClass = (floatClass: ModuleClass, additional: ModuleMapping = new Map()): QuantizedClass =>
  classFor('getStaticQuantModuleClass', floatClass, getDefaultStaticQuantModuleMappings(), additional)

/** The class that quantizeDynamic() puts in the place of another. torch's get_dynamic_quant_module_class. @throws MODULE_INVALID where there is none */
export const getDynamicQuantModuleClass = (floatClass: ModuleClass, additional: ModuleMapping = new Map()): QuantizedClass =>
  classFor('getDynamicQuantModuleClass', floatClass, getDefaultDynamicQuantModuleMappings(), additional)

type AnyFunction = (...args: never[]) => unknown
const same = (input: unknown): unknown => input

/** Functions of torch.nn.functional and what does the same on codes. torch's get_default_float_to_quantized_operator_mappings. */
export const getDefaultFloatToQuantizedOperatorMappings = (): Map<AnyFunction, AnyFunction> => new Map<AnyFunction, AnyFunction>([
  [functional.elu, quantizedActivations.elu], [functional.hardswish, quantizedActivations.hardswish], [functional.leakyRelu, quantizedActivations.leakyRelu],
  [instanceNorm, quantizedNorms.instanceNorm], [layerNorm, quantizedNorms.layerNorm], [dropout, same],
])

/** The function of torch.ops.quantized for one of torch.nn.functional. torch's get_quantized_operator. @throws MODULE_INVALID where there is none */
export function getQuantizedOperator(operator: AnyFunction): AnyFunction {
  const found = getDefaultFloatToQuantizedOperatorMappings().get(operator)
  if (!found) throw new OctavoError('MODULE_INVALID', `getQuantizedOperator: ${operator.name} has no function on codes.`, {})
  return found
}
