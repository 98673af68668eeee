import { fromArray } from '../../autograd/create.js'
import { quantizePerTensor } from '../../autograd/quantized/quantize.js'
import type { QuantizedType } from '../../autograd/scalar-type.js'
import type { Tensor } from '../../autograd/tensor.js'
import type { QConfig } from '../../quantization/qconfig.js'
import { Module } from '../module.js'
import { vectorText } from '../python.js'
import { activationOf, outputOf } from './from-float.js'

/** Where float values become codes: observed by prepare(), replaced by Quantize. */
export class QuantStub extends Module<[x: Tensor], Tensor> {
  static override readonly typeName: string = 'QuantStub'

  constructor(qconfig?: QConfig<unknown>) {
    super()
    if (qconfig) this.qconfig = qconfig
  }

  forward(x: Tensor): Tensor {
    return x
  }
}

/** Where codes become float values: replaced by DeQuantize. */
export class DeQuantStub extends Module<[x: Tensor], Tensor> {
  static override readonly typeName: string = 'DeQuantStub'

  constructor(qconfig?: QConfig<unknown>) {
    super()
    if (qconfig) this.qconfig = qconfig
  }

  forward(x: Tensor): Tensor {
    return x
  }
}

/** A module between stubs of its own. */
export class QuantWrapper<M extends Module<[Tensor], Tensor>> extends Module<[x: Tensor], Tensor> {
  static override readonly typeName: string = 'QuantWrapper'
  quant: Module<[x: Tensor], Tensor>
  dequant: Module<[x: Tensor], Tensor>

  constructor(public module: M) {
    super()
    const { qconfig } = module
    this.quant = new QuantStub(qconfig ?? undefined)
    this.dequant = new DeQuantStub(qconfig ?? undefined)
    this.train(module.training)
  }

  forward(x: Tensor): Tensor {
    return this.dequant(this.module(this.quant(x)))
  }
}

/** Float values to codes with a known scale and zero point. torch.ao.nn.quantized.Quantize. */
export class Quantize extends Module<[x: Tensor], Tensor> {
  static override readonly typeName: string = 'Quantize'
  declare scale: Tensor
  declare zeroPoint: Tensor

  constructor(scale: number, zeroPoint: number, readonly dtype: QuantizedType) {
    super()
    this.registerBuffer('scale', fromArray(Float32Array.of(scale)))
    this.registerBuffer('zeroPoint', fromArray(BigInt64Array.of(BigInt(zeroPoint))))
  }

  /** @throws MODULE_INVALID for a stub that was not observed */
  static fromFloat(stub: QuantStub): Quantize {
    const { scale, zeroPoint } = outputOf(stub)
    return new Quantize(scale, zeroPoint, activationOf(stub).dtype as QuantizedType)
  }

  forward(x: Tensor): Tensor {
    return quantizePerTensor(x, this.scale.item(), this.zeroPoint.item(), this.dtype)
  }

  override extraRepr(): string {
    return `scale=${vectorText(this.scale.toArray() as Float32Array, 'float32')}, zero_point=tensor([${this.zeroPoint.item()}]), dtype=torch.${this.dtype}`
  }
}

/** Codes to float values. torch.ao.nn.quantized.DeQuantize. */
export class DeQuantize extends Module<[x: Tensor], Tensor> {
  static override readonly typeName: string = 'DeQuantize'

  static fromFloat(_stub: DeQuantStub): DeQuantize {
    return new DeQuantize()
  }

  forward(x: Tensor): Tensor {
    return x.dequantize()
  }
}
