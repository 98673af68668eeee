import type { Tensor } from '../../../autograd/tensor.js'
import type { BatchNormBase } from '../../batchnorm.js'
import { runningStatsOf } from '../../fusion.js'
import { uniform_ } from '../../init.js'
import type { Module } from '../../module.js'

/** A layer with the batch normalisation behind it inside, which may stand still while the rest is trained. */
export interface WithBn extends Module {
  readonly bn: BatchNormBase
  freezeBn: boolean
}

/** √(variance + eps) of the running statistics, and what the normalisation multiplies by: weight / that. @throws MODULE_INVALID without statistics */
export function runningScale(bn: BatchNormBase): { readonly std: Tensor; readonly factor: Tensor } {
  const std = runningStatsOf(bn)[1].add(bn.eps).sqrt()
  return { std, factor: bn.weight!.div(std) }
}

/** First values: statistics of nothing, weights of U(0, 1), biases 0. */
export function resetBn(bn: BatchNormBase): void {
  bn.resetRunningStats()
  uniform_(bn.weight!)
  bn.bias!.fill_(0)
}

/** Takes over the other's parameters and statistics themselves. */
export function shareBn(bn: BatchNormBase, from: BatchNormBase): void {
  const { weight, bias, runningMean, runningVar, numBatchesTracked } = from
  Object.assign(bn, { weight, bias, runningMean, runningVar, numBatchesTracked })
}

/** Lets running statistics follow the batches, or stand still. */
export function setFrozen(module: WithBn, frozen: boolean): void {
  module.freezeBn = frozen
  module.bn.training = !frozen
}

/** Module.train that leaves a frozen normalisation, and all else inside, as it is. */
export function trainUnlessFrozen(module: WithBn, mode: boolean): void {
  module.training = mode
  if (!module.freezeBn) for (const child of module.children()) child.train(mode)
}
