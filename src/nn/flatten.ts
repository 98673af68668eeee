import type { Tensor } from '../autograd/tensor.js'
import { Module } from './module.js'
import { tuple } from './python.js'
import { settings, type Settings } from './settings.js'

export interface FlattenOptions {
  readonly startDim?: number
  readonly endDim?: number
}

/** Axes from startDim to endDim as one. */
export class Flatten extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Flatten'
  readonly startDim: number
  readonly endDim: number

  constructor(...rest: Settings<[startDim: number, endDim: number], FlattenOptions>) {
    super()
    const { startDim = 1, endDim = -1 } = settings<FlattenOptions>('Flatten', ['startDim', 'endDim'], rest)
    this.startDim = startDim
    this.endDim = endDim
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
