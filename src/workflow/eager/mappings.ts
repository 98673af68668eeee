import { ELU, Hardswish, Hardsigmoid, LeakyReLU, PReLU, ReLU6, Sigmoid, Softmax, Tanh } from '../../nn/activation.js'
import { BatchNorm2d, BatchNorm3d } from '../../nn/batchnorm.js'
import { Sequential } from '../../nn/containers.js'
import * as float from '../../nn/conv.js'
import { ConvTranspose1d, ConvTranspose2d } from '../../nn/conv-transpose.js'
import * as fused from '../../nn/intrinsic/fused.js'
import { Linear } from '../../nn/linear.js'
import type { Module } from '../../nn/module.js'
import { GroupNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm } from '../../nn/normalization.js'
import { defaultFixedQParamsRange0to1FakeQuant, defaultFixedQParamsRangeNeg1to1FakeQuant } from '../../nn/observing/qat-qconfig.js'
import type { AnyFactory } from '../../nn/observing/observer.js'
import * as quantized from '../../nn/quantized/conv.js'
import { FloatFunctional, QFunctional } from '../../nn/quantized/functional-modules.js'
import { DynamicLinear, Linear as QuantizedLinear, LinearReLU } from '../../nn/quantized/linear.js'
import { DeQuantStub, DeQuantize, QuantStub, Quantize } from '../../nn/quantized/quantize.js'
import { GRU, GRUCell, LSTM, LSTMCell, RNNCell } from '../../nn/rnn.js'
import { Embedding, EmbeddingBag } from '../../nn/sparse.js'

/** A class of modules, as the key of a table. */
export type ModuleClass = { readonly prototype: Module; readonly name: string }
/** What makes a module of an observed one. */
export interface QuantizedClass { fromFloat(module: never): Module }
/** Which class takes the place of which. */
export type ModuleMapping = ReadonlyMap<ModuleClass, QuantizedClass>

/** What convert() swaps. torch's get_default_static_quant_module_mappings, as far as these modules are here. */
export const getDefaultStaticQuantModuleMappings = (): Map<ModuleClass, QuantizedClass> => new Map<ModuleClass, QuantizedClass>([
  [QuantStub, Quantize], [DeQuantStub, DeQuantize], [FloatFunctional, QFunctional], [Linear, QuantizedLinear], [fused.LinearReLU, LinearReLU],
  [float.Conv1d, quantized.Conv1d], [float.Conv2d, quantized.Conv2d], [float.Conv3d, quantized.Conv3d],
  [fused.ConvReLU1d, quantized.ConvReLU1d], [fused.ConvReLU2d, quantized.ConvReLU2d], [fused.ConvReLU3d, quantized.ConvReLU3d],
])

/** What quantizeDynamic() swaps. */
export const getDefaultDynamicQuantModuleMappings = (): Map<ModuleClass, QuantizedClass> => new Map<ModuleClass, QuantizedClass>([[Linear, DynamicLinear]])

/** Layers that PyTorch swaps and that have no quantized module here: they are refused, not left in float among codes. */
export const UNSUPPORTED: ReadonlySet<unknown> = new Set<unknown>([
  BatchNorm2d, BatchNorm3d, fused.BNReLU2d, fused.BNReLU3d, ConvTranspose1d, ConvTranspose2d, ELU, Embedding, EmbeddingBag, GroupNorm, Hardswish,
  InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm, LeakyReLU, ReLU6, PReLU, LSTM,
])

/** What PyTorch's dynamic quantization swaps beyond those here. */
export const UNSUPPORTED_DYNAMIC: ReadonlySet<unknown> = new Set<unknown>([fused.LinearReLU, LSTM, GRU, LSTMCell, GRUCell, RNNCell, Embedding, EmbeddingBag])

/** Leaves that prepare() observes. */
export const getDefaultQConfigPropagationList = (): Set<unknown> => new Set<unknown>([...getDefaultStaticQuantModuleMappings().keys(), ...UNSUPPORTED, ...UNSUPPORTED_DYNAMIC, Sequential])

/** Functions of known range, while a model is trained. */
export const SPECIAL_ACTIVATIONS: ReadonlyMap<unknown, AnyFactory> = new Map<unknown, AnyFactory>([
  [Hardsigmoid, defaultFixedQParamsRange0to1FakeQuant], [Sigmoid, defaultFixedQParamsRange0to1FakeQuant], [Softmax, defaultFixedQParamsRange0to1FakeQuant], [Tanh, defaultFixedQParamsRangeNeg1to1FakeQuant],
])
