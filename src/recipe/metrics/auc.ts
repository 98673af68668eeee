import { inputOf, outputOf, reals } from '../runner.js'
import type { Metric } from './metric.js'

/**
 * Area under the ROC curve of scores against labels (1: what should score high): the share of pairs, one of each class,
 * in which the 1 scores higher, equal scores counting half. Null when a class is missing.
 */
export function areaUnderCurve(scores: readonly number[], labels: readonly number[]): number | null {
  const high = scores.filter((_, i) => labels[i] === 1)
  const low = scores.filter((_, i) => labels[i] !== 1)
  if (!high.length || !low.length) return null
  const wins = high.reduce((sum, h) => sum + low.reduce((n, l) => n + (h > l ? 1 : h === l ? 0.5 : 0), 0), 0)
  return wins / (high.length * low.length)
}

/** AUC of the reconstruction error of an autoencoder: a record's score is the mean of (window − reconstruction)² over its windows and values, both dequantized. */
export function reconstructionMetric(): Metric {
  const scores: number[] = []
  const labels: number[] = []
  let sum = 0
  let count = 0
  return {
    add(_sample, _index, { runner, feeds, outputs }) {
      const info = inputOf(runner)
      const [window, rebuilt] = [reals(feeds[info.name]!, info.quantization), reals(outputOf(runner, outputs), runner.outputs[0]!.quantization)]
      for (let i = 0; i < window.length; i++) sum += (window[i]! - rebuilt[i]!) ** 2
      count += window.length
    },
    end({ label = 0 }) {
      scores.push(sum / count)
      labels.push(label)
      sum = count = 0
    },
    scores: () => ({ auc: areaUnderCurve(scores, labels) }),
  }
}
