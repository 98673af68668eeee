import { ones, zeros } from '../autograd/create.js'
import { batchNorm } from '../autograd/ops/normalize.js'
import { mismatch } from '../autograd/shape.js'
import type { Tensor } from '../autograd/tensor.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { bool, float } from './python.js'
import { settings, type Settings } from './settings.js'
import type { LoadReport, StateDict } from './state-dict.js'

export interface NormOptions {
  readonly eps?: number
  /** Share of the newest batch in the running statistics; null averages over all batches alike. */
  readonly momentum?: number | null
  /** Whether there are weight and bias. */
  readonly affine?: boolean
  readonly trackRunningStats?: boolean
  /** Whether there is a bias beside the weight. */
  readonly bias?: boolean
}
export type NormSettings = Settings<[eps: number, momentum: number | null, affine: boolean, trackRunningStats: boolean], NormOptions>
export const NORM_NAMES = ['eps', 'momentum', 'affine', 'trackRunningStats', 'bias'] as const

/** What normalisations by running statistics share. */
export abstract class NormBase extends Module<[input: Tensor], Tensor> {
  readonly eps: number
  readonly momentum: number | null
  readonly affine: boolean
  readonly trackRunningStats: boolean
  weight: Parameter | null
  bias: Parameter | null
  declare runningMean: Tensor | null
  declare runningVar: Tensor | null
  declare numBatchesTracked: Tensor | null

  constructor(readonly numFeatures: number, options: NormOptions, fallback: Required<Pick<NormOptions, 'affine' | 'trackRunningStats'>>) {
    super()
    const { eps = 1e-5, momentum = 0.1, affine = fallback.affine, trackRunningStats = fallback.trackRunningStats, bias = true } = options
    this.eps = eps
    this.momentum = momentum
    this.affine = affine
    this.trackRunningStats = trackRunningStats
    this.weight = affine ? new Parameter(ones([numFeatures])) : null
    this.bias = affine && bias ? new Parameter(zeros([numFeatures])) : null
    this.registerBuffer('runningMean', trackRunningStats ? zeros([numFeatures]) : null)
    this.registerBuffer('runningVar', trackRunningStats ? ones([numFeatures]) : null)
    this.registerBuffer('numBatchesTracked', trackRunningStats ? zeros([], { dtype: 'int64' }) : null)
  }

  resetRunningStats(): void {
    this.runningMean?.fill_(0)
    this.runningVar?.fill_(1)
    this.numBatchesTracked?.fill_(0)
  }

  resetParameters(): void {
    this.resetRunningStats()
    this.weight?.fill_(1)
    this.bias?.fill_(0)
  }

  /** @throws SHAPE_MISMATCH */
  protected abstract checkInput(input: Tensor): void

  override get stateVersion(): number {
    return 2
  }

  /** Entries of version 1 do not count batches. */
  override loadFromStateDict(source: StateDict, prefix: string, report: LoadReport): void {
    const key = `${prefix}num_batches_tracked`
    const version = source.metadata.get(prefix.slice(0, -1))?.version
    const old = this.numBatchesTracked && (version === undefined || version < 2) && !source.has(key)
    if (!old) return super.loadFromStateDict(source, prefix, report)
    const missing = report.missing.length
    super.loadFromStateDict(source, prefix, report)
    const at = report.missing.indexOf(key, missing)
    if (at >= 0) report.missing.splice(at, 1)
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this
    return `${numFeatures}, eps=${float(eps)}, momentum=${momentum === null ? 'None' : float(momentum)}, affine=${bool(affine)}, bias=${bool(this.bias !== null)}, track_running_stats=${bool(trackRunningStats)}`
  }
}

/** What BatchNorm1d and BatchNorm2d do. */
export abstract class BatchNormBase extends NormBase {
  constructor(where: string, numFeatures: number, rest: NormSettings) {
    super(numFeatures, settings<NormOptions>(where, NORM_NAMES, rest), { affine: true, trackRunningStats: true })
  }

  forward(input: Tensor): Tensor {
    this.checkInput(input)
    const { runningMean, runningVar, weight, bias, eps } = this
    const training = this.training || (!runningMean && !runningVar)
    const tracked = !this.training || this.trackRunningStats
    return batchNorm(input, tracked ? runningMean : null, tracked ? runningVar : null, weight, bias, { training, momentum: this.averagingFactor(), eps })
  }

  /** The share of this batch. In training it is counted. */
  private averagingFactor(): number {
    const counter = this.training && this.trackRunningStats ? this.numBatchesTracked : null
    if (!counter) return this.momentum ?? 0
    counter.add_(1)
    return this.momentum ?? 1 / counter.item()
  }
}

/** Batch normalisation of [N, C] or [N, C, L]. */
export class BatchNorm1d extends BatchNormBase {
  static override readonly typeName: string = 'BatchNorm1d'
  constructor(numFeatures: number, ...rest: NormSettings) {
    super('BatchNorm1d', numFeatures, rest)
  }

  protected checkInput(input: Tensor): void {
    if (input.ndim !== 2 && input.ndim !== 3) mismatch('BatchNorm1d', 'an input of 2 or 3 axes', input.shape)
  }
}

/** Batch normalisation of [N, C, H, W]. */
export class BatchNorm2d extends BatchNormBase {
  static override readonly typeName: string = 'BatchNorm2d'
  constructor(numFeatures: number, ...rest: NormSettings) {
    super('BatchNorm2d', numFeatures, rest)
  }

  protected checkInput(input: Tensor): void {
    if (input.ndim !== 4) mismatch('BatchNorm2d', 'an input of 4 axes', input.shape)
  }
}

/** Batch normalisation of [N, C, D, H, W]. */
export class BatchNorm3d extends BatchNormBase {
  static override readonly typeName: string = 'BatchNorm3d'
  constructor(numFeatures: number, ...rest: NormSettings) {
    super('BatchNorm3d', numFeatures, rest)
  }

  protected checkInput(input: Tensor): void {
    if (input.ndim !== 5) mismatch('BatchNorm3d', 'an input of 5 axes', input.shape)
  }
}
