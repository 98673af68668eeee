import type { Tensor } from '../autograd/tensor.js'
import { Module } from './module.js'
import { tuple } from './python.js'

/** Axes from startDim to endDim as one. */
export class Flatten extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Flatten'

  constructor(readonly startDim = 1, readonly endDim = -1) {
    super()
  }

  forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim)
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`
  }
}

/** One axis as several. */
export class Unflatten extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Unflatten'

  constructor(readonly dim: number, readonly unflattenedSize: readonly number[]) {
    super()
  }

  forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, this.unflattenedSize)
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${tuple(this.unflattenedSize)}`
  }
}
