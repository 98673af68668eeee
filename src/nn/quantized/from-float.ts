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

/** The weight of a float layer, observed by a fresh observer of its qconfig. @throws MODULE_INVALID without a qconfig */
export function quantizedWeightOf(layer: Module & { readonly weight: Tensor }): Tensor {
  if (!layer.qconfig) throw new OctavoError('MODULE_INVALID', `${nameOf(layer)}: it has no qconfig, so that nothing says how its weight is quantized. Set model.qconfig and prepare the model.`, {})
  const observer = postProcessOf(layer.qconfig.weight)
  observer(layer.weight)
  return quantizeWeight(layer.weight, observer)
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
