import { batchNorm } from '../../autograd/quantized/norms.js'
import { fromArray } from '../../autograd/create.js'
import { mismatch } from '../../autograd/shape.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { NormBase, type BatchNormBase } from '../batchnorm.js'
import { FusedModule } from '../intrinsic/fused.js'
import { settings, type Settings } from '../settings.js'
import { outputOf } from './from-float.js'
import { scaleTensor, zeroPointTensor } from './output.js'

interface Options {
  readonly eps?: number
  readonly momentum?: number
}
type Rest = Settings<[eps: number, momentum: number], Options>

/** Normalisation of codes by running statistics, in training and out of it: they are not updated. */
abstract class QuantizedBatchNorm extends NormBase {
  declare scale: Tensor
  declare zeroPoint: Tensor
  protected readonly relu: boolean = false

  constructor(where: string, private readonly axes: number, numFeatures: number, rest: Rest) {
    super(numFeatures, settings<Options>(where, ['eps', 'momentum'], rest), { affine: true, trackRunningStats: true })
    this.registerBuffer('scale', scaleTensor(1))
    this.registerBuffer('zeroPoint', zeroPointTensor(0))
  }

  /** Of an observed float layer, alone or fused with a ReLU. @throws MODULE_INVALID for one without running statistics, or that was not observed */
  static fromFloat<T extends QuantizedBatchNorm>(this: new (numFeatures: number, options: Options) => T, module: BatchNormBase | FusedModule): T {
    const layer = (module instanceof FusedModule ? module.at(0) : module) as BatchNormBase
    if (!layer.runningMean || !layer.runningVar) throw new OctavoError('MODULE_INVALID', 'quantized batch normalisation: expected running statistics, this layer keeps none. Make it with trackRunningStats.', {})
    const made = new this(layer.numFeatures, { eps: layer.eps })
    const { scale, zeroPoint } = outputOf(module)
    made.weight = layer.weight
    made.bias = layer.bias
    made.registerBuffer('runningMean', layer.runningMean)
    made.registerBuffer('runningVar', layer.runningVar)
    made.registerBuffer('scale', fromArray(Float32Array.of(scale)))
    made.registerBuffer('zeroPoint', fromArray(Int32Array.of(zeroPoint)))
    return made
  }

  protected checkInput(input: Tensor): void {
    if (input.ndim !== this.axes + 2) mismatch(`quantized BatchNorm${this.axes}d`, `an input of ${this.axes + 2} axes`, input.shape)
  }

  /** @throws DTYPE_MISMATCH, SHAPE_MISMATCH, QPARAMS_INVALID */
  forward(input: Tensor): Tensor {
    this.checkInput(input)
    const { weight, bias, runningMean, runningVar, eps } = this
    const statistics = { weight: weight ?? undefined, bias: bias ?? undefined, runningMean: runningMean!, runningVar: runningVar!, eps }
    return batchNorm(input, statistics, this.scale.item(), this.zeroPoint.item(), this.relu)
  }
}

/** Batch normalisation of codes [N, C, H, W]. torch.ao.nn.quantized.BatchNorm2d. */
export class BatchNorm2d extends QuantizedBatchNorm {
  static override readonly typeName: string = 'QuantizedBatchNorm2d'
  constructor(numFeatures: number, ...rest: Rest) { super('BatchNorm2d', 2, numFeatures, rest) }
}

/** Batch normalisation of codes [N, C, D, H, W]. torch.ao.nn.quantized.BatchNorm3d. */
export class BatchNorm3d extends QuantizedBatchNorm {
  static override readonly typeName: string = 'QuantizedBatchNorm3d'
  constructor(numFeatures: number, ...rest: Rest) { super('BatchNorm3d', 3, numFeatures, rest) }
}

/** Batch normalisation, negative results zero. torch.ao.nn.intrinsic.quantized.BNReLU2d. */
export class BNReLU2d extends BatchNorm2d {
  static override readonly typeName: string = 'QuantizedBNReLU2d'
  protected override readonly relu = true
}

/** Batch normalisation, negative results zero. torch.ao.nn.intrinsic.quantized.BNReLU3d. */
export class BNReLU3d extends BatchNorm3d {
  static override readonly typeName: string = 'QuantizedBNReLU3d'
  protected override readonly relu = true
}
