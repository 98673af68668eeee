import { Tensor } from '../autograd/tensor.js'

/** A tensor that a module learns. As a field of a module it is one of its parameters. It shares the storage of the tensor it is made from. */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(data.storage, data.kind, data.quantizer, data.offset)
    this.storage.held = true
    if (requiresGrad) this.requiresGrad_()
  }
}
