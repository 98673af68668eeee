import type { Tensor } from '../../autograd/tensor.js'
import { DropoutBase, type DropoutSettings } from '../dropout.js'
import type { Dropout as FloatDropout } from '../dropout.js'

/** Lets codes pass, in training and out of it. torch.ao.nn.quantized.Dropout. */
export class Dropout extends DropoutBase {
  static override readonly typeName: string = 'QuantizedDropout'
  constructor(...rest: DropoutSettings) { super('Dropout', rest) }

  static fromFloat({ p, inplace }: FloatDropout): Dropout {
    return new Dropout(p, inplace)
  }

  protected compute(input: Tensor): Tensor { return input }
}
