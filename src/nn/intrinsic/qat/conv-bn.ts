import type { Tensor } from '../../../autograd/tensor.js'
import { empty } from '../../../autograd/create.js'
import { ReLU } from '../../activation.js'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormBase } from '../../batchnorm.js'
import { CONV_NAMES, Conv1d, Conv2d, Conv3d, ConvBase, convOptionsOf, type ConvOptions, type ConvPositions } from '../../conv.js'
import { foldBn, runningStatsOf } from '../../fusion.js'
import { calculateFans, uniform_ } from '../../init.js'
import type { Module } from '../../module.js'
import { Parameter } from '../../parameter.js'
import { floatConvOf, type FloatConvClass } from '../../qat/conv.js'
import { qconfigOf, weightFakeQuantOf, withoutQConfig, type FloatClass, type QatOptions, type WeightFakeQuant } from '../../qat/trained.js'
import { settings, type Settings } from '../../settings.js'
import type { LoadReport, StateDict } from '../../state-dict.js'
import * as fused from '../fused.js'
import { resetBn, runningScale, setFrozen, shareBn, trainUnlessFrozen, type WithBn } from './batch-stats.js'

type Size = number | readonly number[]

export interface ConvBnOptions extends ConvOptions, QatOptions {
  readonly eps?: number
  readonly momentum?: number | null
  /** Whether running statistics stand still from the beginning. */
  readonly freezeBn?: boolean
}
/** Settings in order, the rest of them and the qconfig by name. There is no bias unless one is asked for. */
export type ConvBnSettings = Settings<[...ConvPositions, eps: number, momentum: number | null, freezeBn: boolean], ConvBnOptions>
const NAMES = [...CONV_NAMES, 'eps', 'momentum', 'freezeBn'] as const
const BATCH_NORMS = [BatchNorm1d, BatchNorm2d, BatchNorm3d] as const

/** Where entries of version 1 kept what is the normalisation's. */
const OLD_NAMES = { 'bn.weight': 'gamma', 'bn.bias': 'beta', 'bn.running_mean': 'running_mean', 'bn.running_var': 'running_var', 'bn.num_batches_tracked': 'num_batches_tracked' }

interface ConvBnClass<T> {
  new(inChannels: number, outChannels: number, kernelSize: Size, options: ConvBnOptions): T
  readonly floatModule: FloatClass
  readonly typeName: string | undefined
}

/**
 * A convolution and the batch normalisation behind it, whose product is what quantizes: the weight is fake-quantized as it will be when folded, and
 * scaled back for the normalisation to see what the convolution alone would give. torch.ao.nn.intrinsic.qat's ConvBn.
 */
export abstract class ConvBn extends ConvBase implements WithBn {
  static readonly fused: boolean = true
  readonly bn: BatchNormBase
  readonly weightFakeQuant: WeightFakeQuant
  /** Set by freezeBnStats and updateBnStats. */
  freezeBn = false
  /** Convolves twice in training, so that a weight of 0 in the normalisation divides nothing. PyTorch's flag of this name behind an underscore. */
  enableSlowPathForBetterNumericalStability = false

  /** @throws MODULE_INVALID without a qconfig; as ConvBase */
  constructor(axes: 1 | 2 | 3, inChannels: number, outChannels: number, kernelSize: Size, given: readonly unknown[]) {
    const { qconfig, rest } = withoutQConfig<Omit<ConvBnOptions, 'qconfig'>>(given)
    const { eps, momentum, freezeBn = false, bias = false, ...options } = settings<Omit<ConvBnOptions, 'qconfig'>>(`qat.ConvBn${axes}d`, NAMES, rest)
    super(axes, inChannels, outChannels, kernelSize, { ...options, bias: false })
    this.bn = new BATCH_NORMS[axes - 1]!(outChannels, { eps, momentum })
    this.weightFakeQuant = weightFakeQuantOf(this, qconfig)
    if (bias) this.bias = new Parameter(empty([outChannels]))
    this.resetBnParameters()
    setFrozen(this, freezeBn)
  }

  /** Of a float container with a qconfig; it shares parameters and running statistics. @throws MODULE_INVALID */
  static fromFloat<T extends ConvBn>(this: ConvBnClass<T>, module: fused.FusedModule): T {
    const qconfig = qconfigOf(this.typeName, this.floatModule, module)
    const [conv, bn] = [...module.children()] as [ConvBase, BatchNormBase]
    const made = new this(conv.inChannels, conv.outChannels, conv.kernelSize, { ...convOptionsOf(conv), eps: bn.eps, momentum: bn.momentum, qconfig })
    made.weight = conv.weight
    made.bias = conv.bias
    shareBn(made.bn, bn)
    return made
  }

  resetRunningStats(): void {
    this.bn.resetRunningStats()
  }

  /** Draws the normalisation's weight and the convolution's bias anew. */
  resetBnParameters(): void {
    resetBn(this.bn)
    if (!this.bias) return
    const bound = 1 / Math.sqrt(calculateFans(this.weight).fanIn)
    uniform_(this.bias, -bound, bound)
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
    return this.enableSlowPathForBetterNumericalStability ? this.forwardSlow(input) : this.forwardApproximate(input)
  }

  /** By channel, as an operand that broadcasts along axis `axis` of the weight's rank. */
  private along(values: Tensor, axis: 0 | 1): Tensor {
    return values.reshape(this.weight.shape.map((_, i) => (i === axis ? -1 : 1)))
  }

  private scaledWeight(factor: Tensor): Tensor {
    return this.weightFakeQuant(this.weight.mul(this.along(factor, 0)))
  }

  private biased(y: Tensor): Tensor {
    return this.bias ? y.add(this.along(this.bias, 1)) : y
  }

  private forwardApproximate(input: Tensor): Tensor {
    const { factor } = runningScale(this.bn)
    const scaled = this.convForward(input, this.scaledWeight(factor), null)
    return this.bn(this.biased(scaled.div(this.along(factor, 1))))
  }

  /** arXiv:1806.08342, section 3.2.2. */
  private forwardSlow(input: Tensor): Tensor {
    return this.bn.training ? this.slowTraining(input) : this.slowFrozen(input)
  }

  private slowTraining(input: Tensor): Tensor {
    const { bn } = this
    const plain = this.convForward(input, this.weight, null)
    bn(this.biased(plain)) // for the running statistics
    const { std, factor } = runningScale(bn)
    const scaled = this.convForward(input, this.scaledWeight(factor), null)
    const axes = this.weight.shape.map((_, i) => i).filter((i) => i !== 1)
    const mean = plain.mean(axes)
    const centred = plain.sub(this.along(mean, 1))
    const batchStd = centred.mul(centred).mean(axes).add(bn.eps).sqrt()
    return scaled.mul(this.along(std.div(batchStd), 1)).add(this.along(this.shift(mean, batchStd), 1))
  }

  private slowFrozen(input: Tensor): Tensor {
    const { std, factor } = runningScale(this.bn)
    const [mean] = runningStatsOf(this.bn)
    const scaled = this.convForward(input, this.scaledWeight(factor), null)
    return scaled.add(this.along(this.shift(this.bias ? mean.sub(this.bias) : mean, std), 1))
  }

  /** What the normalisation adds: bias − weight · mean / std. */
  private shift(mean: Tensor, std: Tensor): Tensor {
    return this.bn.bias!.sub(this.bn.weight!.mul(mean).div(std))
  }

  /** Weight and bias with the normalisation folded in: what convert() quantizes. @throws MODULE_INVALID without running statistics */
  folded(): [weight: Parameter, bias: Parameter] {
    return foldBn(this, this.bn)
  }

  protected foldedInto(type: FloatConvClass): ConvBase {
    const made = floatConvOf(type, this)
    ;[made.weight, made.bias] = this.folded()
    return made
  }

  /** The float convolution with the normalisation folded in. @throws MODULE_INVALID without running statistics */
  abstract toFloat(): Module

  override get stateVersion(): number {
    return 2
  }

  /** Entries of version 1 keep the normalisation's as gamma, beta, running_mean and so on. */
  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    if ((source.metadata.get(prefix.slice(0, -1))?.version ?? 1) < 2)
      for (const [name, old] of Object.entries(OLD_NAMES))
        if (source.has(prefix + old)) {
          source.set(prefix + name, source.get(prefix + old))
          source.delete(prefix + old)
        }
    super.loadFromStateDict(source, prefix, report)
  }
}

export class ConvBn1d extends ConvBn {
  static override readonly typeName: string = 'ConvBn1d'
  static readonly floatModule: FloatClass = fused.ConvBn1d
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvBnSettings) { super(1, inChannels, outChannels, kernelSize, rest) }
  toFloat(): Module { return this.foldedInto(Conv1d) }
}

export class ConvBn2d extends ConvBn {
  static override readonly typeName: string = 'ConvBn2d'
  static readonly floatModule: FloatClass = fused.ConvBn2d
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvBnSettings) { super(2, inChannels, outChannels, kernelSize, rest) }
  toFloat(): Module { return this.foldedInto(Conv2d) }
}

export class ConvBn3d extends ConvBn {
  static override readonly typeName: string = 'ConvBn3d'
  static readonly floatModule: FloatClass = fused.ConvBn3d
  constructor(inChannels: number, outChannels: number, kernelSize: Size, ...rest: ConvBnSettings) { super(3, inChannels, outChannels, kernelSize, rest) }
  toFloat(): Module { return this.foldedInto(Conv3d) }
}

export class ConvBnReLU1d extends ConvBn1d {
  static override readonly typeName: string = 'ConvBnReLU1d'
  static override readonly floatModule: FloatClass = fused.ConvBnReLU1d
  override forward(input: Tensor): Tensor { return super.forward(input).relu() }
  override toFloat(): Module { return new fused.ConvReLU1d(this.foldedInto(Conv1d), new ReLU()).train(this.training) }
}

export class ConvBnReLU2d extends ConvBn2d {
  static override readonly typeName: string = 'ConvBnReLU2d'
  static override readonly floatModule: FloatClass = fused.ConvBnReLU2d
  override forward(input: Tensor): Tensor { return super.forward(input).relu() }
  override toFloat(): Module { return new fused.ConvReLU2d(this.foldedInto(Conv2d), new ReLU()).train(this.training) }
}

export class ConvBnReLU3d extends ConvBn3d {
  static override readonly typeName: string = 'ConvBnReLU3d'
  static override readonly floatModule: FloatClass = fused.ConvBnReLU3d
  override forward(input: Tensor): Tensor { return super.forward(input).relu() }
  override toFloat(): Module { return new fused.ConvReLU3d(this.foldedInto(Conv3d), new ReLU()).train(this.training) }
}

/** For `model.apply(…)`: running statistics of convolutions trained with their normalisation follow the batches. Others are left alone, LinearBn1d too, as in PyTorch. */
export const updateBnStats = (module: Module): void => void (module instanceof ConvBn && module.updateBnStats())
/** For `model.apply(…)`: those running statistics stand still. */
export const freezeBnStats = (module: Module): void => void (module instanceof ConvBn && module.freezeBnStats())
