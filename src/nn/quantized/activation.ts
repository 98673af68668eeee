import { randn } from '../../autograd/random.js'
import { elu, hardswish, leakyRelu, prelu, relu6, sigmoid, softmax } from '../../autograd/quantized/activations.js'
import { quantizePerTensor } from '../../autograd/quantized/quantize.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import * as float from '../activation.js'
import { Module } from '../module.js'
import { postProcessOf } from '../observing/observer.js'
import { outputOf } from './from-float.js'
import { scaleTensor, zeroPointTensor } from './output.js'

/**
 * Functions of quint8 or qint8 tensors. Scale and zero point are of the result; fromFloat throws MODULE_INVALID for a module that was not observed,
 * forward DTYPE_MISMATCH and QPARAMS_INVALID.
 */

/** Clamps codes; scale and zero point stay the input's. torch.ao.nn.quantized.ReLU6. */
export class ReLU6 extends float.ReLU {
  static override readonly typeName: string = 'QuantizedReLU6'

  static fromFloat({ inplace }: float.ReLU6): ReLU6 {
    return new ReLU6(inplace)
  }

  protected override compute(input: Tensor): Tensor { return relu6(input) }
}

/** torch.ao.nn.quantized.Hardswish. */
export class Hardswish extends float.Hardswish {
  static override readonly typeName: string = 'QuantizedHardswish'
  declare scale: Tensor
  declare zeroPoint: Tensor

  constructor(scale: number, zeroPoint: number) {
    super()
    this.registerBuffer('scale', scaleTensor(scale))
    this.registerBuffer('zeroPoint', zeroPointTensor(zeroPoint))
  }

  static fromFloat(module: float.Hardswish): Hardswish {
    const { scale, zeroPoint } = outputOf(module)
    return new Hardswish(scale, zeroPoint)
  }

  protected override compute(input: Tensor): Tensor { return hardswish(input, this.scale.item(), this.zeroPoint.item()) }
}

/** torch.ao.nn.quantized.ELU: scale and zero point are in no state dict. */
export class ELU extends float.ELU {
  static override readonly typeName: string = 'QuantizedELU'

  constructor(readonly scale: number, readonly zeroPoint: number, alpha = 1) {
    super(alpha)
  }

  static fromFloat(module: float.ELU): ELU {
    const { scale, zeroPoint } = outputOf(module)
    return new ELU(scale, zeroPoint, module.alpha)
  }

  override forward(input: Tensor): Tensor { return elu(input, this.scale, this.zeroPoint, this.alpha) }
}

/** torch.ao.nn.quantized.LeakyReLU. */
export class LeakyReLU extends float.LeakyReLU {
  static override readonly typeName: string = 'QuantizedLeakyReLU'
  declare scale: Tensor
  declare zeroPoint: Tensor

  constructor(scale: number, zeroPoint: number, negativeSlope = 0.01, inplace = false) {
    super(negativeSlope, inplace)
    this.registerBuffer('scale', scaleTensor(scale))
    this.registerBuffer('zeroPoint', zeroPointTensor(zeroPoint))
  }

  static fromFloat(module: float.LeakyReLU): LeakyReLU {
    const { scale, zeroPoint } = outputOf(module)
    return new LeakyReLU(scale, zeroPoint, module.negativeSlope, module.inplace)
  }

  override forward(input: Tensor): Tensor { return leakyRelu(input, this.scale.item(), this.zeroPoint.item(), this.negativeSlope) }
}

/** torch.ao.nn.quantized.Sigmoid, which no default mapping names: nn.Sigmoid itself takes codes, with the scale 1 / 256. */
export class Sigmoid extends float.Sigmoid {
  static override readonly typeName: string = 'Sigmoid'

  constructor(readonly outputScale: number, readonly outputZeroPoint: number) {
    super()
  }

  static fromFloat(module: float.Sigmoid): Sigmoid {
    const { scale, zeroPoint } = outputOf(module)
    return new Sigmoid(scale, zeroPoint)
  }

  override forward(input: Tensor): Tensor { return sigmoid(input, this.outputScale, this.outputZeroPoint) }
}

/** torch.ao.nn.quantized.Softmax, which no default mapping names: nn.Softmax on codes has no kernel in PyTorch. */
export class Softmax extends float.Softmax {
  static override readonly typeName: string = 'QuantizedSoftmax'

  constructor(dim: number | null = null, readonly scale = 1, readonly zeroPoint = 0) {
    super(dim)
  }

  static fromFloat(module: float.Softmax): Softmax {
    const { scale, zeroPoint } = outputOf(module)
    return new Softmax(module.dim, scale, zeroPoint)
  }

  override forward(input: Tensor): Tensor { return softmax(input, this.dim ?? float.softmaxAxis(input.ndim), this.scale, this.zeroPoint) }
}

/** x where x > 0, weight · x elsewhere. The weight is quint8 and in no state dict. torch.ao.nn.quantized.PReLU. */
export class PReLU extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'QuantizedPReLU'
  weight: Tensor

  constructor(readonly scale: number, readonly zeroPoint: number, readonly numParameters = 1) {
    super()
    this.weight = quantizePerTensor(randn([numParameters]), 1, 0, 'quint8')
  }

  /** @throws MODULE_INVALID without a qconfig or an observed result; QPARAMS_INVALID for a weight observer per channel */
  static fromFloat(module: float.PReLU): PReLU {
    const { scale, zeroPoint } = outputOf(module)
    if (!module.qconfig) throw new OctavoError('MODULE_INVALID', 'PReLU: it has no qconfig, so that nothing says how its weight is quantized. Set model.qconfig and prepare the model.', {})
    const observer = postProcessOf(module.qconfig.weight)
    observer(module.weight)
    if (observer.dtype !== 'quint8') console.warn(`PReLU: its weight becomes quint8 and is observed as ${observer.dtype}. Give the layer a qconfig with a weight observer of quint8, as defaultQuint8WeightQConfig.`)
    const params = observer.calculateQParams()
    if (params.scale.length !== 1) throw new OctavoError('QPARAMS_INVALID', `PReLU: expected one scale for its weight, the observer gives ${params.scale.length}. Give the layer a qconfig with defaultWeightObserver.`, {})
    const made = new PReLU(scale, zeroPoint, module.numParameters)
    made.setWeight(quantizePerTensor(module.weight, params.scale[0]!, params.zeroPoint[0]!, 'quint8'))
    return made
  }

  /** @param weight quint8, per tensor, of one element or one per channel */
  setWeight(weight: Tensor): void {
    this.weight = weight
  }

  /** @throws SHAPE_MISMATCH for slopes that are neither one nor one per channel */
  forward(input: Tensor): Tensor {
    return prelu(input, this.weight, this.scale, this.zeroPoint)
  }
}
