import { empty } from '../autograd/create.js'
import { linear } from '../autograd/ops/matmul.js'
import type { Tensor } from '../autograd/tensor.js'
import { resetAffine } from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { bool } from './python.js'
import { settings, type Settings } from './settings.js'

export interface LinearOptions { readonly bias?: boolean }

/** x · weightᵀ + bias over the last axis. */
export class Linear extends Module<[input: Tensor], Tensor> {
  static override readonly typeName: string = 'Linear'
  weight: Parameter
  bias: Parameter | null

  constructor(readonly inFeatures: number, readonly outFeatures: number, ...rest: Settings<[bias: boolean], LinearOptions>) {
    super()
    const { bias = true } = settings<LinearOptions>('Linear', ['bias'], rest)
    this.weight = new Parameter(empty([outFeatures, inFeatures]))
    this.bias = bias ? new Parameter(empty([outFeatures])) : null
    this.resetParameters()
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    resetAffine(this.weight, this.bias)
  }

  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias)
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${bool(this.bias !== null)}`
  }
}
