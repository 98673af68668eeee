import { ELU, Hardswish, Hardsigmoid, LeakyReLU, PReLU, ReLU6, Sigmoid, Softmax, Tanh } from '../../nn/activation.js'
import { BatchNorm2d, BatchNorm3d } from '../../nn/batchnorm.js'
import { Sequential } from '../../nn/containers.js'
import * as float from '../../nn/conv.js'
import { ConvTranspose1d, ConvTranspose2d } from '../../nn/conv-transpose.js'
import { Dropout } from '../../nn/dropout.js'
import * as fused from '../../nn/intrinsic/fused.js'
import * as trainedConvBn from '../../nn/intrinsic/qat/conv-bn.js'
import * as trainedConvReLU from '../../nn/intrinsic/qat/conv-relu.js'
import * as trainedLinear from '../../nn/intrinsic/qat/linear.js'
import { Linear } from '../../nn/linear.js'
import type { Module } from '../../nn/module.js'
import { GroupNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm } from '../../nn/normalization.js'
import { defaultFixedQParamsRange0to1FakeQuant, defaultFixedQParamsRangeNeg1to1FakeQuant } from '../../nn/observing/qat-qconfig.js'
import type { AnyFactory } from '../../nn/observing/observer.js'
import * as trained from '../../nn/qat/conv.js'
import { Linear as DynamicTrainedLinear } from '../../nn/qat/dynamic.js'
import { Embedding as TrainedEmbedding, EmbeddingBag as TrainedEmbeddingBag } from '../../nn/qat/embedding.js'
import { Linear as TrainedLinear } from '../../nn/qat/linear.js'
import * as quantizedActivation from '../../nn/quantized/activation.js'
import * as quantizedBn from '../../nn/quantized/batchnorm.js'
import * as quantized from '../../nn/quantized/conv.js'
import * as quantizedTransposed from '../../nn/quantized/conv-transpose.js'
import { Dropout as QuantizedDropout } from '../../nn/quantized/dropout.js'
import { FloatFunctional, QFunctional } from '../../nn/quantized/functional-modules.js'
import * as dynamicCells from '../../nn/quantized/dynamic/cells.js'
import * as dynamic from '../../nn/quantized/dynamic/linear.js'
import * as dynamicRnn from '../../nn/quantized/dynamic/rnn.js'
import { Linear as QuantizedLinear, LinearReLU } from '../../nn/quantized/linear.js'
import * as quantizedNorm from '../../nn/quantized/normalization.js'
import { DeQuantStub, DeQuantize, QuantStub, Quantize } from '../../nn/quantized/quantize.js'
import { Embedding as QuantizedEmbedding, EmbeddingBag as QuantizedEmbeddingBag } from '../../nn/quantized/sparse.js'
import { GRU, GRUCell, LSTM, LSTMCell, RNNCell } from '../../nn/rnn.js'
import { Embedding, EmbeddingBag } from '../../nn/sparse.js'

/** A class of modules, as the key of a table. */
export type ModuleClass = { readonly prototype: Module; readonly name: string; readonly typeName?: string | undefined }
/** What makes a module of an observed one. */
export interface QuantizedClass { fromFloat(module: never): Module }
/** Which class takes the place of which. */
export type ModuleMapping = ReadonlyMap<ModuleClass, QuantizedClass>

/** What convert() swaps. torch's get_default_static_quant_module_mappings. */
export const getDefaultStaticQuantModuleMappings = (): Map<ModuleClass, QuantizedClass> => new Map<ModuleClass, QuantizedClass>([
  [QuantStub, Quantize], [DeQuantStub, DeQuantize], [FloatFunctional, QFunctional], [Linear, QuantizedLinear], [fused.LinearReLU, LinearReLU],
  [float.Conv1d, quantized.Conv1d], [float.Conv2d, quantized.Conv2d], [float.Conv3d, quantized.Conv3d],
  [fused.ConvReLU1d, quantized.ConvReLU1d], [fused.ConvReLU2d, quantized.ConvReLU2d], [fused.ConvReLU3d, quantized.ConvReLU3d],
  [ConvTranspose1d, quantizedTransposed.ConvTranspose1d], [ConvTranspose2d, quantizedTransposed.ConvTranspose2d],
  [BatchNorm2d, quantizedBn.BatchNorm2d], [BatchNorm3d, quantizedBn.BatchNorm3d], [fused.BNReLU2d, quantizedBn.BNReLU2d], [fused.BNReLU3d, quantizedBn.BNReLU3d],
  [LayerNorm, quantizedNorm.LayerNorm], [GroupNorm, quantizedNorm.GroupNorm],
  [InstanceNorm1d, quantizedNorm.InstanceNorm1d], [InstanceNorm2d, quantizedNorm.InstanceNorm2d], [InstanceNorm3d, quantizedNorm.InstanceNorm3d],
  [ELU, quantizedActivation.ELU], [Hardswish, quantizedActivation.Hardswish], [LeakyReLU, quantizedActivation.LeakyReLU], [ReLU6, quantizedActivation.ReLU6], [PReLU, quantizedActivation.PReLU],
  [Dropout, QuantizedDropout], [Embedding, QuantizedEmbedding], [EmbeddingBag, QuantizedEmbeddingBag],
  [trainedConvBn.ConvBn1d, quantized.Conv1d], [trainedConvBn.ConvBn2d, quantized.Conv2d], [trainedConvBn.ConvBn3d, quantized.Conv3d],
  [trainedConvBn.ConvBnReLU1d, quantized.ConvReLU1d], [trainedConvBn.ConvBnReLU2d, quantized.ConvReLU2d], [trainedConvBn.ConvBnReLU3d, quantized.ConvReLU3d],
  [trainedConvReLU.ConvReLU2d, quantized.ConvReLU2d], [trainedConvReLU.ConvReLU3d, quantized.ConvReLU3d],
  [trainedLinear.LinearReLU, LinearReLU], [trainedLinear.LinearBn1d, QuantizedLinear],
  [TrainedLinear, QuantizedLinear], [trained.Conv2d, quantized.Conv2d], [trained.Conv3d, quantized.Conv3d],
])

/** What prepareQat() swaps. torch's get_default_qat_module_mappings: Conv1d is not trained so unless it is fused with a normalisation. */
export const getDefaultQatModuleMappings = (): Map<ModuleClass, QuantizedClass> => new Map<ModuleClass, QuantizedClass>([
  [float.Conv2d, trained.Conv2d], [float.Conv3d, trained.Conv3d], [Linear, TrainedLinear],
  [fused.ConvBn1d, trainedConvBn.ConvBn1d], [fused.ConvBn2d, trainedConvBn.ConvBn2d], [fused.ConvBn3d, trainedConvBn.ConvBn3d],
  [fused.ConvBnReLU1d, trainedConvBn.ConvBnReLU1d], [fused.ConvBnReLU2d, trainedConvBn.ConvBnReLU2d], [fused.ConvBnReLU3d, trainedConvBn.ConvBnReLU3d],
  [fused.ConvReLU2d, trainedConvReLU.ConvReLU2d], [fused.ConvReLU3d, trainedConvReLU.ConvReLU3d],
  [fused.LinearReLU, trainedLinear.LinearReLU], [fused.LinearBn1d, trainedLinear.LinearBn1d],
])

/** The same with embeddings, whose qconfig is defaultEmbeddingQatQConfig. torch's get_embedding_qat_module_mappings. */
export const getEmbeddingQatModuleMappings = (): Map<ModuleClass, QuantizedClass> => getDefaultQatModuleMappings().set(EmbeddingBag, TrainedEmbeddingBag).set(Embedding, TrainedEmbedding)

/** What quantizeDynamic() swaps. torch's get_default_dynamic_quant_module_mappings. */
export const getDefaultDynamicQuantModuleMappings = (): Map<ModuleClass, QuantizedClass> => new Map<ModuleClass, QuantizedClass>([
  [Linear, dynamic.Linear], [DynamicTrainedLinear, dynamic.Linear], [fused.LinearReLU, dynamic.LinearReLU], [LSTM, dynamicRnn.LSTM], [GRU, dynamicRnn.GRU],
  [LSTMCell, dynamicCells.LSTMCell], [GRUCell, dynamicCells.GRUCell], [RNNCell, dynamicCells.RNNCell], [Embedding, QuantizedEmbedding], [EmbeddingBag, QuantizedEmbeddingBag],
])

/** Layers that PyTorch swaps and that have no quantized module here: they are refused, not left in float among codes. */
export const UNSUPPORTED: ReadonlySet<unknown> = new Set<unknown>([LSTM])

/** Leaves that prepare() observes. */
export const getDefaultQConfigPropagationList = (): Set<unknown> => new Set<unknown>([...getDefaultStaticQuantModuleMappings().keys(), ...getDefaultQatModuleMappings().keys(), ...getDefaultDynamicQuantModuleMappings().keys(), Sequential])

/** Layers whose results the Numeric Suite compares: float ones that are swapped, and what takes their places. */
export const getDefaultCompareOutputModuleList = (): Set<unknown> =>
  new Set<unknown>([...getDefaultQConfigPropagationList(), ...[getDefaultStaticQuantModuleMappings(), getDefaultQatModuleMappings(), getDefaultDynamicQuantModuleMappings()].flatMap((mapping) => [...mapping.values()])])

/** Functions of known range, while a model is trained. */
export const SPECIAL_ACTIVATIONS: ReadonlyMap<unknown, AnyFactory> = new Map<unknown, AnyFactory>([
  [Hardsigmoid, defaultFixedQParamsRange0to1FakeQuant], [Sigmoid, defaultFixedQParamsRange0to1FakeQuant], [Softmax, defaultFixedQParamsRange0to1FakeQuant], [Tanh, defaultFixedQParamsRangeNeg1to1FakeQuant],
])
