import { add, mul, relu } from '../../autograd/ops/elementwise.js'
import { matmul } from '../../autograd/ops/matmul.js'
import { cat } from '../../autograd/ops/movement.js'
import * as quantized from '../../autograd/quantized/elementwise.js'
import { matmul as quantizedMatmul } from '../../autograd/quantized/norms.js'
import type { Tensor } from '../../autograd/tensor.js'
import { OctavoError } from '../../errors.js'
import { Identity } from '../identity.js'
import { Module, nameOf } from '../module.js'
import { float } from '../python.js'
import type { LoadReport, StateDict } from '../state-dict.js'
import { outputOf } from './from-float.js'
import { loadOutput, OUTPUT_KEYS, saveOutput } from './output.js'

/** What a functional's results pass through. */
type PostProcess = Module<[x: Tensor], Tensor>

/** Operations as methods, so that their results can be observed and get qparams: they are called, not the module. */
abstract class Functional extends Module<never, never> {
  /** @throws MODULE_INVALID always */
  forward(): never {
    throw new OctavoError('MODULE_INVALID', `${nameOf(this)} is not called: call one of its operations, as in this.skip.add(x, y).`, {})
  }

  /** x + y. */
  abstract add(x: Tensor, y: Tensor): Tensor
  /** x + y of a number; not observed, since qparams follow from x's. */
  abstract addScalar(x: Tensor, y: number): Tensor
  /** x · y, element by element. */
  abstract mul(x: Tensor, y: Tensor): Tensor
  /** x · y of a number; not observed, since qparams follow from x's. */
  abstract mulScalar(x: Tensor, y: number): Tensor
  /** Tensors one after another along `dim`. */
  abstract cat(tensors: readonly Tensor[], dim?: number): Tensor
  /** max(x + y, 0). */
  abstract addRelu(x: Tensor, y: Tensor): Tensor
  /** The matrix product. */
  abstract matmul(x: Tensor, y: Tensor): Tensor
}

/** The operations on floats; `observe` sees what a quantized one would give qparams of its own. */
abstract class FloatOperations extends Functional {
  protected observe(result: Tensor): Tensor {
    return result
  }

  add(x: Tensor, y: Tensor): Tensor { return this.observe(add(x, y)) }
  addScalar(x: Tensor, y: number): Tensor { return add(x, y) }
  mul(x: Tensor, y: Tensor): Tensor { return this.observe(mul(x, y)) }
  mulScalar(x: Tensor, y: number): Tensor { return mul(x, y) }
  cat(tensors: readonly Tensor[], dim = 0): Tensor { return this.observe(cat(tensors, dim)) }
  addRelu(x: Tensor, y: Tensor): Tensor { return this.observe(relu(add(x, y))) }
  matmul(x: Tensor, y: Tensor): Tensor { return this.observe(matmul(x, y)) }
}

/**
 * Operations between layers, in a model that will be quantized: prepare() has their results observed, convert() makes a QFunctional of it. One for
 * each place, since it has one scale. torch.ao.nn.quantized.FloatFunctional.
 */
export class FloatFunctional extends FloatOperations {
  static override readonly typeName: string = 'FloatFunctional'
  activationPostProcess: PostProcess = new Identity()

  protected override observe(result: Tensor): Tensor {
    return this.activationPostProcess(result)
  }
}

/** The same operations, never observed. torch.ao.nn.quantized.FXFloatFunctional. */
export class FXFloatFunctional extends FloatOperations {
  static override readonly typeName: string = 'FXFloatFunctional'
}

/**
 * The operations on quint8 or qint8 tensors: results have this scale and zero point. Those with a number keep or move their argument's.
 * torch.ao.nn.quantized.QFunctional.
 */
export class QFunctional extends Functional {
  static override readonly typeName: string = 'QFunctional'
  scale = 1
  zeroPoint = 0
  activationPostProcess: PostProcess = new Identity()

  /** Of an observed FloatFunctional. @throws MODULE_INVALID for another module, or one that was not observed */
  static fromFloat(module: FloatFunctional): QFunctional {
    if ((module.constructor as unknown) !== FloatFunctional) throw new OctavoError('MODULE_INVALID', `QFunctional.fromFloat: expected a FloatFunctional, got ${nameOf(module)}.`, {})
    return Object.assign(new QFunctional(), outputOf(module))
  }

  /** @throws DTYPE_MISMATCH, QPARAMS_INVALID, SHAPE_MISMATCH, as all operations here */
  add(x: Tensor, y: Tensor): Tensor { return this.activationPostProcess(quantized.add(x, y, this.scale, this.zeroPoint)) }
  addScalar(x: Tensor, y: number): Tensor { return quantized.addScalar(x, y) }
  mul(x: Tensor, y: Tensor): Tensor { return this.activationPostProcess(quantized.mul(x, y, this.scale, this.zeroPoint)) }
  mulScalar(x: Tensor, y: number): Tensor { return quantized.mulScalar(x, y) }
  cat(tensors: readonly Tensor[], dim = 0): Tensor { return this.activationPostProcess(quantized.cat(tensors, dim, this.scale, this.zeroPoint)) }
  addRelu(x: Tensor, y: Tensor): Tensor { return this.activationPostProcess(quantized.add(x, y, this.scale, this.zeroPoint, true)) }
  matmul(x: Tensor, y: Tensor): Tensor { return quantizedMatmul(x, y, this.scale, this.zeroPoint) }

  override saveToStateDict(destination: StateDict, prefix: string): void {
    saveOutput(this, destination, prefix)
  }

  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    loadOutput(this, source, prefix, report)
  }

  override extraStateKeys(): readonly string[] {
    return OUTPUT_KEYS
  }

  override extraRepr(): string {
    return `scale=${float(this.scale)}, zero_point=${this.zeroPoint}`
  }
}
