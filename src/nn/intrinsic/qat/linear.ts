import { linear } from '../../../autograd/ops/matmul.js'
import type { Tensor } from '../../../autograd/tensor.js'
import { ReLU } from '../../activation.js'
import { BatchNorm1d } from '../../batchnorm.js'
import { foldBn } from '../../fusion.js'
import { Linear as FloatLinear, type LinearOptions } from '../../linear.js'
import type { Module } from '../../module.js'
import type { Parameter } from '../../parameter.js'
import { Linear, floatLinearOf } from '../../qat/linear.js'
import { qconfigOf, weightFakeQuantOf, withoutQConfig, type FloatClass, type QatOptions, type WeightFakeQuant } from '../../qat/trained.js'
import { settings, type Settings } from '../../settings.js'
import * as fused from '../fused.js'
import { resetBn, runningScale, setFrozen, shareBn, trainUnlessFrozen, type WithBn } from './batch-stats.js'

/** qat.Linear, negative results zero. torch.ao.nn.intrinsic.qat.LinearReLU. */
export class LinearReLU extends Linear {
  static override readonly typeName: string = 'LinearReLU'
  static readonly fused: boolean = true
  static override readonly floatModule: FloatClass = fused.LinearReLU
  override forward(input: Tensor): Tensor { return super.forward(input).relu() }
  override toFloat(): Module { return new fused.LinearReLU(floatLinearOf(this), new ReLU()).train(this.training) }
}

export interface LinearBnOptions extends LinearOptions, QatOptions {
  readonly eps?: number
  readonly momentum?: number | null
  /** Whether running statistics stand still from the beginning. */
  readonly freezeBn?: boolean
}

/** A linear layer and the batch normalisation behind it, as ConvBn; inputs are [N, inFeatures]. torch.ao.nn.intrinsic.qat.LinearBn1d. */
export class LinearBn1d extends FloatLinear implements WithBn {
  static override readonly typeName: string = 'LinearBn1d'
  static readonly fused: boolean = true
  readonly bn: BatchNorm1d
  readonly weightFakeQuant: WeightFakeQuant
  freezeBn = false

  /** @throws MODULE_INVALID without a qconfig */
  constructor(inFeatures: number, outFeatures: number, ...given: Settings<[bias: boolean, eps: number, momentum: number | null, freezeBn: boolean], LinearBnOptions>) {
    const { qconfig, rest } = withoutQConfig<Omit<LinearBnOptions, 'qconfig'>>(given)
    const { bias, eps, momentum, freezeBn = false } = settings<Omit<LinearBnOptions, 'qconfig'>>('qat.LinearBn1d', ['bias', 'eps', 'momentum', 'freezeBn'], rest)
    super(inFeatures, outFeatures, { bias })
    this.bn = new BatchNorm1d(outFeatures, { eps, momentum })
    this.weightFakeQuant = weightFakeQuantOf(this, qconfig)
    this.resetBnParameters()
    setFrozen(this, freezeBn)
  }

  /** Of a float container with a qconfig; it shares parameters and running statistics. @throws MODULE_INVALID */
  static fromFloat(module: fused.LinearBn1d): LinearBn1d {
    const qconfig = qconfigOf('LinearBn1d', fused.LinearBn1d, module)
    const [layer, bn] = [...module.children()] as [FloatLinear, BatchNorm1d]
    const made = new LinearBn1d(layer.inFeatures, layer.outFeatures, { bias: layer.bias !== null, eps: bn.eps, momentum: bn.momentum, qconfig })
    made.weight = layer.weight
    made.bias = layer.bias
    shareBn(made.bn, bn)
    return made
  }

  resetRunningStats(): void {
    this.bn.resetRunningStats()
  }

  resetBnParameters(): void {
    resetBn(this.bn)
  }

  /** Running statistics follow the batches. */
  updateBnStats(): this {
    setFrozen(this, false)
    return this
  }

  /** Running statistics stand still, and normalise in training too. */
  freezeBnStats(): this {
    setFrozen(this, true)
    return this
  }

  override train(mode = true): this {
    trainUnlessFrozen(this, mode)
    return this
  }

  /** @throws MODULE_INVALID for a normalisation without running statistics; as the layers */
  override forward(input: Tensor): Tensor {
    const { factor } = runningScale(this.bn)
    const scaled = linear(input, this.weightFakeQuant(this.weight.mul(factor.reshape([-1, 1]))), null)
    const plain = scaled.div(factor.reshape([1, -1]))
    return this.bn(this.bias ? plain.add(this.bias.reshape([1, -1])) : plain)
  }

  /** Weight and bias with the normalisation folded in: what convert() quantizes. @throws MODULE_INVALID without running statistics */
  folded(): [weight: Parameter, bias: Parameter] {
    return foldBn(this, this.bn)
  }

  /** The float layer with the normalisation folded in. @throws MODULE_INVALID without running statistics */
  toFloat(): FloatLinear {
    const made = floatLinearOf(this)
    ;[made.weight, made.bias] = this.folded()
    return made
  }
}
