import { OctavoError } from '../../errors.js'
import { outputOf } from '../runner.js'
import type { Metric } from './metric.js'

/** Share of chunks whose probability (the first output) lies on the same side of `threshold` as the reference's, and how many are above it. */
export function agreementMetric(reference: readonly number[], threshold: number): Metric {
  const answers: number[] = []
  let same = 0
  return {
    add(_sample, index, { runner, outputs }) {
      const wanted = reference[index]
      if (wanted === undefined) throw new OctavoError('RECIPE_INVALID', `Recipe field "data.reference": expected a value for each chunk, got ${reference.length} and the sound has more. Use the reference made for this sound.`, { field: 'data.reference', chunk: index })
      const speech = Number(outputOf(runner, outputs).data[0]) >= threshold
      if (speech === wanted >= threshold) same++
      answers.push(Number(speech))
    },
    scores: () => ({ agreement: same / answers.length, speechChunks: answers.reduce((n, a) => n + a, 0), chunks: answers.length }),
    decisions: () => answers,
  }
}
