import { clamp } from '../../autograd/ops/elementwise.js'
import { codesOf } from '../../autograd/quantized/operands.js'
import { intRepr, makePerChannelQuantizedTensor, makePerTensorQuantizedTensor, quantizePerChannel, quantizePerTensor } from '../../autograd/quantized/quantize.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { Module, nameOf } from '../module.js'
import { ActivationPostProcess, perChannel, postProcessOf } from '../observing/observer.js'

/** Codes of a weight by what its qconfig's observer says of it; codes beyond the observer's range are clamped to it. @throws QPARAMS_INVALID, MODULE_INVALID */
export function quantizeWeight(weight: Tensor, observer: ActivationPostProcess): Tensor {
  if (observer.dtype !== 'qint8') throw new OctavoError('QPARAMS_INVALID', `weight observer: expected qint8, got ${observer.dtype}.`, { dtype: observer.dtype })
  const { scale, zeroPoint } = observer.calculateQParams()
  const channels = perChannel(observer.qscheme)
  const codes = channels ? quantizePerChannel(weight, scale, zeroPoint, observer.axis, 'qint8') : quantizePerTensor(weight, scale[0]!, zeroPoint[0]!, 'qint8')
  const [least, most] = codesOf('qint8')
  const { quantMin = least, quantMax = most } = observer
  if (quantMin <= least && quantMax >= most) return codes
  const within = clamp(intRepr(codes), quantMin, quantMax)
  return channels ? makePerChannelQuantizedTensor(within, scale, zeroPoint, observer.axis) : makePerTensorQuantizedTensor(within, scale[0]!, zeroPoint[0]!)
}

/** What quantizes: a float layer, or one that was trained for it, with a fake-quantize for its weight, and maybe a batch normalisation to fold in. */
export interface Weighted extends Module {
  readonly weight: Tensor
  readonly bias?: Tensor | null
  readonly weightFakeQuant?: Module<[x: Tensor], Tensor>
  folded?(): readonly [weight: Tensor, bias: Tensor]
}

/** Weight and bias as they are quantized: with the batch normalisation of a trained layer folded in. */
export const parametersOf = (layer: Weighted): readonly [weight: Tensor, bias: Tensor | null] => layer.folded?.() ?? [layer.weight, layer.bias ?? null]

/** An observer of weights that has seen none. @throws MODULE_INVALID without a qconfig */
export function freshWeightObserver(layer: Module): ActivationPostProcess {
  if (!layer.qconfig) throw new OctavoError('MODULE_INVALID', `${nameOf(layer)}: it has no qconfig, so that nothing says how its weight is quantized. Set model.qconfig and prepare the model.`, {})
  return postProcessOf(layer.qconfig.weight)
}

/** What observes the weight of a layer: what it was trained with, or a new observer of its qconfig. @throws MODULE_INVALID */
export function weightObserverOf(layer: Weighted): ActivationPostProcess {
  const trained = layer.weightFakeQuant
  if (!trained) return freshWeightObserver(layer)
  if (trained instanceof ActivationPostProcess) return trained
  throw new OctavoError('MODULE_INVALID', `${nameOf(layer)}: its weight passed through ${nameOf(trained)}, which tells no qparams. Train with a qconfig whose weight is a fake-quantize.`, {})
}

/** Codes of `weight`, which its observer sees (once more, where it was trained with it). @throws MODULE_INVALID without a qconfig, QPARAMS_INVALID */
export function quantizedWeightOf(layer: Weighted, weight: Tensor = layer.weight, observer: ActivationPostProcess = weightObserverOf(layer)): Tensor {
  observer(weight)
  return quantizeWeight(weight, observer)
}

/** The field of an observed module that holds its observer. */
export const POST_PROCESS = 'activationPostProcess'

/** What observed the result of `module`. @throws MODULE_INVALID where nothing did */
export function activationOf(module: Module): ActivationPostProcess {
  const observer = (module as unknown as Record<string, unknown>)[POST_PROCESS]
  if (observer instanceof ActivationPostProcess) return observer
  throw new OctavoError('MODULE_INVALID', `${nameOf(module)}: nothing observed its result. Call prepare() and run the model on examples before convert().`, {})
}

/** Scale and zero point of the result of `module`. */
export function outputOf(module: Module): { readonly scale: number; readonly zeroPoint: number } {
  const { scale, zeroPoint } = activationOf(module).calculateQParams()
  return { scale: scale[0]!, zeroPoint: zeroPoint[0]! }
}
