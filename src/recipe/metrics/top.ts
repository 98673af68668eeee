import { OctavoError } from '../../errors.js'
import { outputOf } from '../runner.js'
import type { Call, Metric } from './metric.js'

/** The index of the largest value; of equal ones, the first. */
export function argMax(values: ArrayLike<number | bigint>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return best
}

/** How many values stand before `index` when sorted from the largest, equal ones in order of index. */
export function rankOf(values: ArrayLike<number | bigint>, index: number): number {
  let rank = 0
  for (let i = 0; i < values.length; i++) if (values[i]! > values[index]! || (values[i] === values[index] && i < index)) rank++
  return rank
}

/** Share of samples whose label is the largest value of the model's first output (`top1`), and among the five largest (`top5`, for models with more than ten classes). */
export function topMetric(): Metric {
  const answers: number[] = []
  let classes = 0
  let right = 0
  let inFive = 0
  return {
    add({ name, label }, _index, { runner, outputs }: Call) {
      const { data } = outputOf(runner, outputs)
      if (label === undefined || label >= data.length)
        throw new OctavoError('INPUT_MISMATCH', `"${name}" belongs to class ${label ?? '(none)'} and the model's output has ${data.length} values. Check the recipe's labels and the model.`, { sample: name, label })
      classes = data.length
      answers.push(argMax(data))
      const rank = rankOf(data, label)
      if (rank === 0) right++
      if (rank < 5) inFive++
    },
    scores: () => ({ top1: right / answers.length, ...(classes > 10 && { top5: inFive / answers.length }), correct: right }),
    decisions: () => answers,
  }
}
