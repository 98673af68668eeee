import { zeros } from '../../../autograd/create.js'
import { linearPrepackFp16, type HalfPackedParams } from '../../../autograd/quantized/half-products.js'
import { linearPrepack, type PackedParams } from '../../../autograd/quantized/products.js'
import { makePerTensorQuantizedTensor } from '../../../autograd/quantized/quantize.js'
import type { Tensor } from '../../../autograd/tensor.js'
import { OctavoError } from '../../../errors.js'
import { ScriptObject } from '../../../formats/torch/script-object.js'
import { nameOf, type Module } from '../../module.js'
import { quantizeWeight, freshWeightObserver } from '../from-float.js'
import { isTensor } from '../../state-dict.js'

/** What weights of dynamic modules are held in. */
export type DynamicDType = 'qint8' | 'float16'
/** A weight with its bias as an engine packed it: codes, or values of float16. */
export type DynamicWeight = PackedParams | HalfPackedParams

export const isCoded = (packed: DynamicWeight): packed is PackedParams => packed.weight.quantizer !== undefined
export const dtypeOf = (packed: DynamicWeight): DynamicDType => (isCoded(packed) ? 'qint8' : 'float16')

/** Packs codes, or a float32 weight as float16, for the engine of now. @throws as linearPrepack and linearPrepackFp16 */
export const packDynamic = (weight: Tensor, bias: Tensor | undefined): DynamicWeight => (weight.quantizer ? linearPrepack(weight, bias) : linearPrepackFp16(weight, bias))

/** What a module holds before it is given weights: zeros. @throws OPTION_INVALID for another dtype */
export function emptyWeight(shape: readonly [rows: number, columns: number], dtype: DynamicDType, bias: boolean): DynamicWeight {
  if (dtype !== 'qint8' && dtype !== 'float16') throw new OctavoError('OPTION_INVALID', `dynamic quantization: expected dtype qint8 or float16, got ${String(dtype)}.`, { dtype })
  const weight = dtype === 'float16' ? zeros(shape) : makePerTensorQuantizedTensor(zeros(shape, { dtype: 'int8' }), 1, 0)
  return packDynamic(weight, bias ? zeros([shape[0]]) : undefined)
}

/** Which of the two a layer's qconfig asks for. @throws OPTION_INVALID for another, MODULE_INVALID without a qconfig */
export function dynamicDTypeOf(layer: Module): DynamicDType {
  const { dtype } = freshWeightObserver(layer)
  if (dtype === 'qint8' || dtype === 'float16') return dtype
  throw new OctavoError('OPTION_INVALID', `${nameOf(layer)}: dynamic quantization holds weights in qint8 or float16, and its qconfig asks for ${dtype}. Use defaultDynamicQConfig or float16DynamicQConfig.`, { dtype })
}

/** One weight of a float layer by its qconfig, and its bias. @throws OPTION_INVALID, MODULE_INVALID, QPARAMS_INVALID, and as packDynamic */
export function dynamicWeightOf(layer: Module, weight: Tensor, bias: Tensor | null | undefined): DynamicWeight {
  const observer = freshWeightObserver(layer)
  observer(weight)
  return packDynamic(dynamicDTypeOf(layer) === 'float16' ? weight : quantizeWeight(weight, observer), bias ?? undefined)
}

const LINEAR = '__torch__.torch.classes.quantized.LinearPackedParamsBase'
const CELL = '__torch__.torch.classes.rnn.CellParamsBase'

/** Weight and bias as PyTorch's state dicts have them. */
export const linearScript = ({ weight, bias }: DynamicWeight): ScriptObject => new ScriptObject(LINEAR, Object.freeze([weight, bias ?? null]))

/** What a linearScript is packed from, where `value` is one of a weight [rows, columns]; else what is wrong with it. */
export function linearFrom(value: unknown, [rows, columns]: readonly [number, number]): { readonly weight: Tensor; readonly bias: Tensor | undefined } | string {
  const [weight, bias] = value instanceof ScriptObject && value.className === LINEAR && Array.isArray(value.state) ? (value.state as unknown[]) : []
  if (!isTensor(weight)) return 'expected LinearPackedParamsBase of a weight and a bias'
  if (`${weight.shape}` !== `${[rows, columns]}`) return `expected a weight of [${rows}, ${columns}], got [${weight.shape}]`
  if (weight.dtype !== 'qint8' && weight.dtype !== 'float32') return `expected a weight of qint8, or of float32 for float16, got ${weight.dtype}`
  if (bias === null || bias === undefined) return { weight, bias: undefined }
  if (!isTensor(bias) || bias.dtype !== 'float32' || `${bias.shape}` !== `${rows}`) return `expected a bias of ${rows} float32`
  return { weight, bias }
}

/** The weights of one direction of a layer. */
export interface DynamicCell {
  readonly inputs: DynamicWeight
  readonly hidden: DynamicWeight
  /** Whether activations are quantized to seven bits where the engine asks for it. */
  readonly reduceRange: boolean
}

/** A direction as PyTorch's state dicts have it: kind, biases, doubles, integers, packed weights. */
export function cellScript({ inputs, hidden, reduceRange }: DynamicCell): ScriptObject {
  const packed = [linearScript(inputs), linearScript(hidden)]
  const state = isCoded(inputs) ? ['quantized_dynamic', [inputs.bias ?? null, hidden.bias ?? null], [], [+reduceRange], packed] : ['quantized_fp16', [], [], [], packed]
  return new ScriptObject(CELL, Object.freeze(state))
}

/** The direction that such a script object holds, packed for the engine of now; else what is wrong with it. @throws as packDynamic */
export function cellFrom(value: unknown, shapes: { readonly inputs: readonly [number, number]; readonly hidden: readonly [number, number] }): DynamicCell | string {
  const [kind, , , integers, packed] = value instanceof ScriptObject && value.className === CELL && Array.isArray(value.state) ? (value.state as unknown[]) : []
  if (kind !== 'quantized_dynamic' && kind !== 'quantized_fp16') return `expected CellParamsBase of kind quantized_dynamic or quantized_fp16, got ${typeof kind === 'string' ? kind : typeof value}`
  const pair = Array.isArray(packed) ? (packed as unknown[]) : []
  const inputs = linearFrom(pair[0], shapes.inputs), hidden = linearFrom(pair[1], shapes.hidden)
  if (typeof inputs === 'string') return `weight_ih: ${inputs}`
  if (typeof hidden === 'string') return `weight_hh: ${hidden}`
  if (inputs.weight.dtype !== hidden.weight.dtype) return `weight_ih is ${inputs.weight.dtype} and weight_hh ${hidden.weight.dtype}`
  return { inputs: packDynamic(inputs.weight, inputs.bias), hidden: packDynamic(hidden.weight, hidden.bias), reduceRange: Array.isArray(integers) && Boolean(integers[0]) }
}
