import { elementCount } from '../../dtype.js'
import { normalize as infer } from '../../graph/infer/normalize.js'
import { normalize as lower } from '../../plan/lower/normalize.js'
import { call, callAll, Op } from '../dispatch.js'
import type { Recipe, Result } from '../recipe.js'
import { mismatch } from '../shape.js'
import type { Tensor } from '../tensor-base.js'
import { ruleSet } from './rule-set.js'

const NORMALIZE = ruleSet(infer, lower)

type Maybe = Tensor | null | undefined

/** Operand `i`, or a constant vector in its place. */
const orConstant = (r: Recipe, i: number, count: number, value: number): string => (r.has(i) ? r.x(i) : r.floats(new Float32Array(count).fill(value)))

/** Operands are x, weight, bias, mean, variance. */
const BATCH_NORM = new Op<[epsilon: number]>('batchNorm', (r, [epsilon]) => {
  const channels = r.shape(0)[1]!
  return [batchNode(r, r.stored(0), r.isLast(0), channels, r.x(3), r.x(4), epsilon)]
}, NORMALIZE)

function batchNode(r: Recipe, x: string, last: boolean, channels: number, mean: string, variance: string, epsilon: number): Result {
  const inputs = [x, orConstant(r, 1, channels, 1), orConstant(r, 2, channels, 0), mean, variance]
  if (!last) return { value: r.node('BatchNormalization', inputs, { epsilon }) }
  return r.lastResult(r.node('BatchNormalization', inputs, { epsilon, channels_last: 1 }), r.shape(0).length)
}

/** Normalises by the batch's own mean and variance; tells both, and what running averages become (operands 3 and 4, where given). */
const BATCH_NORM_TRAINING = new Op<[epsilon: number, momentum: number]>('batchNorm', (r, [epsilon, momentum]) => {
  const shape = r.shape(0)
  const last = r.isLast(0)
  const [channels, rank] = [shape[1]!, shape.length]
  const x = r.stored(0)
  const axes = r.ints(shape.map((_, i) => i).filter((i) => i !== (last ? rank - 1 : 1)))
  const kept = r.node('ReduceMean', [x, axes], { keepdims: 1 })
  const centred = r.node('Sub', [x, kept])
  const variance = r.node('ReduceMean', [r.node('Mul', [centred, centred]), axes], { keepdims: 0 })
  const mean = r.reshape(kept, [channels])
  const y = batchNode(r, x, last, channels, mean, variance, epsilon)
  const count = elementCount(shape) / channels
  const averaged = (i: number, value: string, factor: number): string =>
    r.node('Add', [r.node('Mul', [r.x(i), r.scalar('float32', 1 - momentum)]), r.node('Mul', [value, r.scalar('float32', momentum * factor)])])
  return r.has(3) ? [y, averaged(3, mean, 1), averaged(4, variance, count / (count - 1))] : [y]
}, NORMALIZE)

export interface BatchNormOptions {
  /** Normalise by the batch, and move the running averages. */
  readonly training?: boolean
  readonly momentum?: number
  readonly eps?: number
}

/**
 * (x − mean) / √(variance + eps) · weight + bias per channel. In training mean and variance are the batch's own (biased), and the running ones,
 * where given, move towards it (the variance unbiased).
 *
 * @param x [N, C, …]
 * @throws SHAPE_MISMATCH, also without running statistics outside training
 */
export function batchNorm(x: Tensor, runningMean?: Maybe, runningVar?: Maybe, weight?: Maybe, bias?: Maybe, { training = false, momentum = 0.1, eps = 1e-5 }: BatchNormOptions = {}): Tensor {
  const channels = x.shape[1] ?? mismatch('batchNorm', 'an input with channels', x.shape)
  for (const t of [runningMean, runningVar, weight, bias]) if (t && (t.shape.length !== 1 || t.shape[0] !== channels)) mismatch('batchNorm', `vectors of ${channels}, one element per channel`, t.shape)
  if (!training) {
    if (!runningMean || !runningVar) mismatch('batchNorm', 'running statistics outside training', 'none')
    return call(BATCH_NORM, [x, weight ?? undefined, bias ?? undefined, runningMean, runningVar], [eps])
  }
  if (x.numel() / channels === 1) mismatch('batchNorm', 'more than one value per channel in training', x.shape)
  const [y, mean, variance] = callAll(BATCH_NORM_TRAINING, [x, weight ?? undefined, bias ?? undefined, runningMean ?? undefined, runningVar ?? undefined], [eps, momentum])
  if (mean && variance) {
    runningMean!.copy_(mean)
    runningVar!.copy_(variance)
  }
  return y!
}

const LAYER_NORM = new Op<[axes: number, epsilon: number]>('layerNorm', (r, [axes, epsilon]) => {
  const size = elementCount(r.shape(0).slice(-axes))
  return [r.node('LayerNormalization', [r.x(0), orConstant(r, 1, size, 1), r.x(2)], { axis: -axes, epsilon })]
}, NORMALIZE)

/** Normalises over the last axes, which are `shape`. @throws SHAPE_MISMATCH */
export function layerNorm(x: Tensor, shape: readonly number[], weight?: Maybe, bias?: Maybe, eps = 1e-5): Tensor {
  if (!shape.length || `${x.shape.slice(-shape.length)}` !== `${shape}`) mismatch('layerNorm', `an input [*, ${shape.join(', ')}]`, x.shape)
  for (const t of [weight, bias]) if (t && `${t.shape}` !== `${shape}`) mismatch('layerNorm', `weight and bias [${shape}]`, t.shape)
  return call(LAYER_NORM, [x, weight ?? undefined, bias ?? undefined], [shape.length, eps])
}

const GROUP_NORM = new Op<[groups: number, epsilon: number]>('groupNorm', (r, [num_groups, epsilon]) => {
  const shape = r.shape(0)
  const channels = shape[1]!
  const x = shape.length > 2 ? r.x(0) : r.x(0, [...shape, 1])
  return [{ value: r.node('GroupNormalization', [x, orConstant(r, 1, channels, 1), orConstant(r, 2, channels, 0)], { num_groups, epsilon }), shape }]
}, NORMALIZE)

/** Normalises groups of channels of each image. @throws SHAPE_MISMATCH */
export function groupNorm(x: Tensor, groups: number, weight?: Maybe, bias?: Maybe, eps = 1e-5): Tensor {
  const channels = x.shape[1] ?? mismatch('groupNorm', 'an input [N, C, …]', x.shape)
  if (!(groups > 0) || channels % groups) mismatch('groupNorm', `a number of groups that divides ${channels} channels`, groups)
  for (const t of [weight, bias]) if (t && `${t.shape}` !== `${channels}`) mismatch('groupNorm', `weight and bias [${channels}]`, t.shape)
  return call(GROUP_NORM, [x, weight ?? undefined, bias ?? undefined], [groups, eps])
}

const INSTANCE_NORM = new Op<[epsilon: number]>('instanceNorm', (r, [epsilon]) => {
  const channels = r.shape(0)[1]!
  const inputs = [orConstant(r, 1, channels, 1), orConstant(r, 2, channels, 0)]
  if (!r.isLast(0)) return [r.node('InstanceNormalization', [r.x(0), ...inputs], { epsilon })]
  return [r.lastResult(r.node('InstanceNormalization', [r.stored(0), ...inputs], { epsilon, channels_last: 1 }), r.shape(0).length)]
}, NORMALIZE)

/** Means over the batch of each image's mean and unbiased variance per channel, folded into running ones (operands 1, 2). */
const INSTANCE_STATISTICS = new Op<[momentum: number]>('instanceStatistics', (r, [momentum]) => {
  const shape = r.shape(0)
  const axes = r.ints(shape.map((_, i) => i).slice(2))
  const x = r.x(0)
  const mean = r.node('ReduceMean', [x, axes], { keepdims: 1 })
  const centred = r.node('Sub', [x, mean])
  const variance = r.node('ReduceMean', [r.node('Mul', [centred, centred]), axes], { keepdims: 1 })
  const count = elementCount(shape.slice(2))
  const batches = r.ints(shape.map((_, i) => i).filter((i) => i !== 1))
  const averaged = (i: number, value: string, factor: number): string => r.node('Add', [
    r.node('Mul', [r.x(i), r.scalar('float32', 1 - momentum)]),
    r.node('Mul', [r.node('ReduceMean', [value, batches], { keepdims: 0 }), r.scalar('float32', momentum * factor)]),
  ])
  return [averaged(1, mean, 1), averaged(2, variance, count / (count - 1))]
})

export interface InstanceNormOptions {
  /** Normalise each image by itself (the default); else by the running statistics. */
  readonly useInputStats?: boolean
  readonly momentum?: number
  readonly eps?: number
}

/** Normalises each channel of each image. @throws SHAPE_MISMATCH */
export function instanceNorm(x: Tensor, runningMean?: Maybe, runningVar?: Maybe, weight?: Maybe, bias?: Maybe, { useInputStats = true, momentum = 0.1, eps = 1e-5 }: InstanceNormOptions = {}): Tensor {
  if (x.shape.length < 3) mismatch('instanceNorm', 'an input [N, C, …] with spatial axes', x.shape)
  if (!useInputStats) return batchNorm(x, runningMean, runningVar, weight, bias, { eps })
  if (elementCount(x.shape.slice(2)) === 1) mismatch('instanceNorm', 'more than one spatial element in training', x.shape)
  if (runningMean && runningVar) {
    const [mean, variance] = callAll(INSTANCE_STATISTICS, [x, runningMean, runningVar], [momentum])
    runningMean.copy_(mean!)
    runningVar.copy_(variance!)
  }
  return call(INSTANCE_NORM, [x, weight ?? undefined, bias ?? undefined], [eps])
}
